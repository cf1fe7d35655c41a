/** A network that loses, doubles and delays packets, by a seed: the same ones in every run. */

/** Shares of all packets, 0 to 1; together at most 1. */
export interface ImpairmentRates {
  readonly loss?: number;
  readonly duplication?: number;
  readonly delay?: number;
}

/** What was done so far. */
export interface ImpairmentCounts {
  passed: number;
  lost: number;
  /** Delivered twice, one right behind the other. */
  duplicated: number;
  /** Delivered behind packets that were sent later. */
  delayed: number;
}

interface Held<Packet> {
  readonly packet: Packet;
  overtakersLeft: number;
  isOvertaken: boolean;
}

/** The way of one sequence of packets through such a network. Each packet has one fate. */
export class Impairment<Packet> {
  readonly counts: ImpairmentCounts = { passed: 0, lost: 0, duplicated: 0, delayed: 0 };
  readonly #rates: Required<ImpairmentRates>;
  readonly #maxDelay: number;
  readonly #random: () => number;
  #held: Held<Packet>[] = [];

  /** @param maxDelay a delayed packet is overtaken by 1 to so many */
  constructor(seed: number, rates: ImpairmentRates, maxDelay = 4) {
    this.#random = randomNumbers(seed);
    this.#rates = { loss: 0, duplication: 0, delay: 0, ...rates };
    this.#maxDelay = maxDelay;
  }

  /** Sends one packet. @returns what arrives now, in order */
  send(packet: Packet): Packet[] {
    const { loss, duplication, delay } = this.#rates;
    const fate = this.#random();
    if (fate < loss) {
      this.counts.lost += 1;
      return [];
    }
    if (fate < loss + duplication) {
      this.counts.duplicated += 1;
      return [packet, packet, ...this.#overtake()];
    }
    if (fate < loss + duplication + delay) {
      const overtakersLeft = 1 + Math.floor(this.#random() * this.#maxDelay);
      this.#held.push({ packet, overtakersLeft, isOvertaken: false });
      return [];
    }
    return this.pass(packet);
  }

  /** Sends one that nothing happens to. @returns what arrives now, in order */
  pass(packet: Packet): Packet[] {
    this.counts.passed += 1;
    return [packet, ...this.#overtake()];
  }

  /** What is still under way. */
  flush(): Packet[] {
    const held = this.#held;
    this.#held = [];
    return held.map(({ packet }) => packet);
  }

  #overtake(): Packet[] {
    for (const held of this.#held) {
      if (!held.isOvertaken) this.counts.delayed += 1;
      held.isOvertaken = true;
      held.overtakersLeft -= 1;
    }
    const arrived = this.#held.filter(({ overtakersLeft }) => overtakersLeft === 0);
    this.#held = this.#held.filter(({ overtakersLeft }) => overtakersLeft > 0);
    return arrived.map(({ packet }) => packet);
  }
}

/** Numbers from 0 to below 1, by a linear congruential generator modulo 2^32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
