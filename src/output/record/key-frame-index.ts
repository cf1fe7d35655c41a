/** Where a player may seek to. */
export interface IndexEntry {
  readonly timeMs: number;
  /** Bytes from the start of the file. */
  readonly position: number;
}

/**
 * The key frames of a file, as many as there is room for: when it is full every second one is given up, and from then
 * on only every second, fourth … is taken. So a file of any length has an index of bounded size that spans all of it.
 */
export class KeyFrameIndex {
  readonly #capacity: number;
  #entries: IndexEntry[] = [];
  /** One key frame in so many is kept. */
  #stride = 1;
  #seen = 0;

  /** @param capacity even */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get entries(): readonly IndexEntry[] {
    return this.#entries;
  }

  /** Times that go back (FLV's clock wraps after 49 days) cannot be searched, and are left out. */
  add(entry: IndexEntry): void {
    if (entry.timeMs < (this.#entries.at(-1)?.timeMs ?? 0)) return;
    if (this.#seen % this.#stride === 0) this.#entries.push(entry);
    this.#seen += 1;
    if (this.#entries.length < this.#capacity) return;
    this.#entries = this.#entries.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }
}
