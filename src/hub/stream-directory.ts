/** The right to publish one stream. */
export interface StreamClaim {
  readonly key: string;
  /** Higher for each later claim of any key: what an old owner does late cannot touch its successor. */
  readonly epoch: number;
  /** Gives the stream back. A second call does nothing. */
  release(): void;
}

/**
 * Who publishes what, over all processes that serve together. Media never travels through it.
 * One process needs no more than `LocalStreamDirectory`.
 */
export interface StreamDirectory {
  /** Takes the stream, or says `undefined` when it is taken. */
  claim(key: string): Promise<StreamClaim | undefined>;
}

/** The directory of a single process. */
export class LocalStreamDirectory implements StreamDirectory {
  readonly #claims = new Map<string, StreamClaim>();
  #epoch = 0;

  async claim(key: string): Promise<StreamClaim | undefined> {
    if (this.#claims.has(key)) return undefined;
    this.#epoch += 1;
    const claim: StreamClaim = {
      key,
      epoch: this.#epoch,
      release: () => {
        if (this.#claims.get(key) === claim) this.#claims.delete(key);
      },
    };
    this.#claims.set(key, claim);
    return claim;
  }
}
