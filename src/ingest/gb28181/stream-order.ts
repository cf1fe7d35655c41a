import type { OrderedPacket, ReorderCounters } from '../../protocol/rtp/reorder-buffer.ts';
import { MAX_SEQUENCE_DROPOUT, sequenceDistance } from '../../protocol/rtp/sequence-number.ts';
import type { ReceivedPacket } from '../rtsp/rtp-receiver.ts';

/**
 * Packets that came over TCP: all of them, in order. Their numbers tell only what the sender itself left out; there are devices
 * that do not count at all.
 */
export class StreamOrder {
  readonly #counters = { received: 0, lost: 0, resyncs: 0 };
  #last: number | undefined;

  get counters(): ReorderCounters {
    return { ...this.#counters, duplicated: 0, late: 0, reordered: 0, stray: 0 };
  }

  receive(packet: ReceivedPacket): OrderedPacket<ReceivedPacket>[] {
    const steps = this.#last === undefined ? 1 : sequenceDistance(this.#last, packet.sequenceNumber);
    this.#last = packet.sequenceNumber;
    this.#counters.received += 1;
    if (steps >= -1 && steps <= 1) return [{ packet, lostBefore: 0 }];
    const isGap = steps > 0 && steps < MAX_SEQUENCE_DROPOUT;
    if (isGap) this.#counters.lost += steps - 1;
    else this.#counters.resyncs += 1;
    return [{ packet, lostBefore: isGap ? steps - 1 : 1 }];
  }
}
