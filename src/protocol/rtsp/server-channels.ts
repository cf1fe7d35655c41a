/** The interleaved channels of one session on the server's side (RFC 2326, 10.12): who asked for which, and what is free. */
import type { PortPair } from './transport-header.ts';

const CHANNELS = 256;

/** Gives out pairs of channels. */
export class ServerChannels {
  readonly #used = new Set<number>();

  /**
   * A pair that nobody has: the one asked for, else the lowest even one and its neighbour. Not taken yet.
   * @param asked `undefined` where the client leaves the choice to us, or asks for nonsense
   * @returns `undefined` when all are taken
   */
  offer(asked: PortPair | undefined): PortPair | undefined {
    if (asked !== undefined && this.#isFree(asked)) return asked;
    for (let rtp = 0; rtp < CHANNELS; rtp += 2) {
      const pair = { rtp, rtcp: rtp + 1 };
      if (this.#isFree(pair)) return pair;
    }
    return undefined;
  }

  take({ rtp, rtcp }: PortPair): void {
    this.#used.add(rtp).add(rtcp);
  }

  #isFree({ rtp, rtcp }: PortPair): boolean {
    return !this.#used.has(rtp) && !this.#used.has(rtcp);
  }
}
