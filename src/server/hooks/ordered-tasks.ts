/** What a task must not overtake, nor be overtaken by: tasks with one of these keys, or every other task. */
export type OrderKeys = readonly string[] | 'everything';

/**
 * What a task does; its promise must not reject.
 * @param letPass to be called when it will take longer: until its end, those that keep their place among all need not wait
 * for it, nor for what waits for it. Those that share a key do.
 */
export type OrderedWork = (letPass: () => void) => Promise<void>;

interface Task {
  readonly keys: OrderKeys;
  readonly run: OrderedWork;
  /** Tasks before this one that are to be waited for. */
  waitsFor: number;
  /** Those of them that share a key; none any more once this one runs. */
  formers: readonly Task[];
  /** Those that share a key, and those behind one that keeps its place among all: they wait for its end. */
  readonly followers: Task[];
  /** Those that keep their place among all, and wait for this one. */
  barriers: Task[];
  takesLonger: boolean;
}

/** Runs tasks side by side, but those that share a key one after the other, in the order in which they were added. */
export class OrderedTasks {
  readonly #unfinished = new Set<Task>();
  /** The last one that was added, by key. */
  readonly #newest = new Map<string, Task>();
  /** The last one added that keeps its place among all; nothing behind it has begun while it is here. */
  #barrier: Task | undefined;
  #emptied: (() => void)[] = [];

  /** Tasks that run, or wait. */
  get size(): number {
    return this.#unfinished.size;
  }

  /** @param run is called at once, or when all that must precede it is done */
  add(keys: OrderKeys, run: OrderedWork): void {
    const common = { keys, run, waitsFor: 0, followers: [], barriers: [], takesLonger: false };
    const task: Task = { ...common, formers: keys === 'everything' ? [] : this.#newestOf(keys) };
    if (keys === 'everything') this.#waitForAll(task);
    else this.#waitForFormers(task, keys);
    this.#unfinished.add(task);
    if (task.waitsFor === 0) this.#start(task);
  }

  /** Resolves when nothing is left to do. */
  async whenEmpty(): Promise<void> {
    if (this.#unfinished.size > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #newestOf(keys: readonly string[]): Task[] {
    const newest = keys.map((key) => this.#newest.get(key)).filter((task) => task !== undefined);
    return [...new Set(newest)];
  }

  /** For all but those that take longer, and those that are held up by them. */
  #waitForAll(task: Task): void {
    const heldUp = new Set<Task>();
    for (const earlier of this.#unfinished) {
      if (earlier.takesLonger || earlier.formers.some((former) => heldUp.has(former))) {
        heldUp.add(earlier);
      } else {
        earlier.barriers.push(task);
        task.waitsFor += 1;
      }
    }
    this.#barrier = task;
  }

  #waitForFormers(task: Task, keys: readonly string[]): void {
    const barriers = this.#barrier === undefined ? [] : [this.#barrier];
    for (const former of [...task.formers, ...barriers]) {
      former.followers.push(task);
      task.waitsFor += 1;
    }
    for (const key of keys) this.#newest.set(key, task);
  }

  #start(task: Task): void {
    task.formers = [];
    const letPass = (): void => {
      if (task.keys === 'everything' || task.takesLonger) return;
      task.takesLonger = true;
      this.#passBarriers(task, new Set());
    };
    void task.run(letPass).finally(() => this.#finished(task));
  }

  /** What waits for `task` will take as long: whoever waited for that would wait for `task` after all. */
  #passBarriers(task: Task, seen: Set<Task>): void {
    if (seen.has(task)) return;
    seen.add(task);
    const { barriers } = task;
    task.barriers = [];
    this.#oneLess(barriers);
    for (const follower of task.followers) this.#passBarriers(follower, seen);
  }

  #finished(task: Task): void {
    this.#unfinished.delete(task);
    if (this.#barrier === task) this.#barrier = undefined;
    for (const key of task.keys === 'everything' ? [] : task.keys) {
      if (this.#newest.get(key) === task) this.#newest.delete(key);
    }
    this.#oneLess(task.barriers);
    this.#oneLess(task.followers);
    if (this.#unfinished.size > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }

  /** One of those that `tasks` wait for is out of their way. */
  #oneLess(tasks: readonly Task[]): void {
    for (const task of tasks) {
      task.waitsFor -= 1;
      if (task.waitsFor === 0) this.#start(task);
    }
  }
}
