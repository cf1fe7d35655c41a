/** What a task must not overtake, nor be overtaken by: tasks with one of these keys, or every other task. */
export type OrderKeys = readonly string[] | 'everything';

/**
 * What a task does; its promise must not reject.
 * @param letPass to be called when it will take longer: those that keep their place among all need not wait for it then.
 * Those that share a key do.
 */
export type OrderedWork = (letPass: () => void) => Promise<void>;

interface Task {
  readonly keys: OrderKeys;
  readonly run: OrderedWork;
  /** Tasks before this one that are to be waited for. */
  waitsFor: number;
  /** Those that share a key, and those behind one that keeps its place among all: they wait for its end. */
  readonly followers: Task[];
  /** Those that keep their place among all; `undefined` once they may pass. */
  barriers: Task[] | undefined;
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
    const task: Task = { keys, run, waitsFor: 0, followers: [], barriers: [] };
    if (keys === 'everything') this.#addBarrier(task);
    else this.#addKeyed(task, keys);
    this.#unfinished.add(task);
    if (task.waitsFor === 0) this.#start(task);
  }

  /** Resolves when nothing is left to do. */
  async whenEmpty(): Promise<void> {
    if (this.#unfinished.size > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #addBarrier(task: Task): void {
    for (const { barriers } of this.#unfinished) {
      if (barriers === undefined) continue;
      barriers.push(task);
      task.waitsFor += 1;
    }
    this.#barrier = task;
  }

  #addKeyed(task: Task, keys: readonly string[]): void {
    const formers = new Set([this.#barrier, ...keys.map((key) => this.#newest.get(key))]);
    for (const former of formers) {
      if (former === undefined) continue;
      former.followers.push(task);
      task.waitsFor += 1;
    }
    for (const key of keys) this.#newest.set(key, task);
  }

  #start(task: Task): void {
    const letPass = (): void => {
      if (task.keys !== 'everything') this.#passBarriers(task);
    };
    void task.run(letPass).finally(() => this.#finished(task));
  }

  #passBarriers(task: Task): void {
    const { barriers = [] } = task;
    task.barriers = undefined;
    this.#oneLess(barriers);
  }

  #finished(task: Task): void {
    this.#unfinished.delete(task);
    if (this.#barrier === task) this.#barrier = undefined;
    for (const key of task.keys === 'everything' ? [] : task.keys) {
      if (this.#newest.get(key) === task) this.#newest.delete(key);
    }
    this.#passBarriers(task);
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
