import { expect } from 'vitest';
import type { Packetizer, PayloadTarget } from '../protocol/rtp/packetizer/packetizer.ts';

/** One payload as a packetizer wrote it. */
export interface CollectedPayload {
  readonly payload: Uint8Array;
  readonly marker: boolean;
  readonly ticksLater: number;
}

/** Bytes around each payload that must stay as they are. */
const MARGIN = 3;

/** A target with another block for each payload, so that a block kept from before shows. */
class PayloadCollector implements PayloadTarget {
  bytes: Uint8Array = new Uint8Array(0);
  readonly #filling: number;
  readonly #blocks: { block: Uint8Array; marker: boolean; ticksLater: number }[] = [];

  constructor(filling: number) {
    this.#filling = filling;
  }

  beginPayload(length: number, marker: boolean, ticksLater = 0): number {
    expect(length).toBeGreaterThan(0);
    this.bytes = new Uint8Array(length + 2 * MARGIN).fill(this.#filling);
    this.#blocks.push({ block: this.bytes, marker, ticksLater });
    return MARGIN;
  }

  /** The payloads, after a look at the bytes around them. */
  collected(): CollectedPayload[] {
    const margin = new Uint8Array(MARGIN).fill(this.#filling);
    return this.#blocks.map(({ block, marker, ticksLater }) => {
      expect(block.subarray(0, MARGIN)).toEqual(margin);
      expect(block.subarray(-MARGIN)).toEqual(margin);
      return { payload: block.subarray(MARGIN, -MARGIN), marker, ticksLater };
    });
  }
}

/**
 * The payloads of one frame; none when the packetizer refuses it. Runs two packetizers over two fillings: a byte that
 * differs was not written. The frame must not change.
 */
export function payloadsOf(
  create: () => Packetizer | undefined,
  data: Uint8Array,
  isKey = true,
): CollectedPayload[] {
  const [first, second] = [0x00, 0xff].map((filling) => {
    const before = data.slice();
    const target = new PayloadCollector(filling);
    const isWritten = create()!.packetize(data, isKey, target);
    const collected = target.collected();
    expect(isWritten).toBe(collected.length > 0);
    expect(data).toEqual(before);
    return collected;
  });
  expect(second).toEqual(first);
  return first!;
}
