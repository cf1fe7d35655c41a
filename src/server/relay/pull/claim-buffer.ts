/** What a paused connection may still bring: one chunk. Over UDP there may be more, which is lost then. */
const MAX_HELD_BYTES = 4 << 20;

/** Media that comes while the stream is being asked for; afterwards it passes through. */
export class ClaimBuffer<Item> {
  readonly #sizeOf: (item: Item) => number;
  #held: Item[] = [];
  #bytes = 0;
  #take: ((item: Item) => void) | undefined;

  constructor(sizeOf: (item: Item) => number) {
    this.#sizeOf = sizeOf;
  }

  push(item: Item): void {
    if (this.#take !== undefined) {
      this.#take(item);
      return;
    }
    this.#bytes += this.#sizeOf(item);
    if (this.#bytes <= MAX_HELD_BYTES) this.#held.push(item);
  }

  /** Hands over what is held, and from now on everything at once. */
  open(take: (item: Item) => void): void {
    this.#take = take;
    const held = this.#held;
    this.#held = [];
    for (const item of held) take(item);
  }
}
