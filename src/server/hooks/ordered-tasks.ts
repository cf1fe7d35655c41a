/** What a task must not overtake, nor be overtaken by: tasks with one of these keys, or every other task. */
export type OrderKeys = readonly string[] | 'everything';

interface Task {
  readonly keys: OrderKeys;
  readonly run: () => Promise<void>;
  /** Tasks before this one that are not done. */
  waitsFor: number;
  readonly followers: Task[];
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

  /** @param run is called at once, or when all that must precede it is done; its promise must not reject */
  add(keys: OrderKeys, run: () => Promise<void>): void {
    const task: Task = { keys, run, waitsFor: 0, followers: [] };
    for (const former of this.#predecessorsOf(keys)) {
      former.followers.push(task);
      task.waitsFor += 1;
    }
    this.#unfinished.add(task);
    if (keys === 'everything') this.#barrier = task;
    else for (const key of keys) this.#newest.set(key, task);
    if (task.waitsFor === 0) this.#start(task);
  }

  /** Resolves when nothing is left to do. */
  async whenEmpty(): Promise<void> {
    if (this.#unfinished.size > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #predecessorsOf(keys: OrderKeys): ReadonlySet<Task> {
    if (keys === 'everything') return new Set(this.#unfinished);
    const found = new Set<Task>();
    if (this.#barrier !== undefined) found.add(this.#barrier);
    for (const key of keys) {
      const task = this.#newest.get(key);
      if (task !== undefined) found.add(task);
    }
    return found;
  }

  #start(task: Task): void {
    void task.run().finally(() => this.#finished(task));
  }

  #finished(task: Task): void {
    this.#unfinished.delete(task);
    if (this.#barrier === task) this.#barrier = undefined;
    for (const key of task.keys === 'everything' ? [] : task.keys) {
      if (this.#newest.get(key) === task) this.#newest.delete(key);
    }
    for (const follower of task.followers) {
      follower.waitsFor -= 1;
      if (follower.waitsFor === 0) this.#start(follower);
    }
    if (this.#unfinished.size > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
