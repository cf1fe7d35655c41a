import type { AudioConfig } from '../../../codec/codec-config.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import {
  NO_UNITS,
  type Depacketizer,
  type DepacketizerCounters,
  type RtpAccessUnit,
} from './depacketizer.ts';

/**
 * Longest audio access unit that is put together. AAC has at most 6144 bits a channel, 48 channels at the very most; RFC
 * 3640 says lengths in 13 bits.
 */
export const MAX_AUDIO_UNIT_BYTES = 65_535;

/**
 * What the audio payload formats share. A loss costs no more than the units it hits: the ones behind it are handed out,
 * the first of them with `afterLoss`.
 */
export abstract class AudioDepacketizer implements Depacketizer {
  readonly counters: DepacketizerCounters = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };
  #complete: RtpAccessUnit[] = [];
  #isAfterLoss = false;

  abstract readonly config: AudioConfig | undefined;

  get isOpaque(): boolean {
    return false;
  }

  receive(packet: RtpPacket, timestamp: number, lostBefore: number): readonly RtpAccessUnit[] {
    if (lostBefore > 0) {
      this.#isAfterLoss = true;
      this.lose();
    }
    if (packet.payload.length === 0) this.counters.ignoredPackets += 1;
    else this.read(packet.payload, timestamp, packet.marker);
    return this.#takeComplete();
  }

  flush(): readonly RtpAccessUnit[] {
    this.end();
    return this.#takeComplete();
  }

  /** Packets are missing here. */
  protected abstract lose(): void;
  /** @param payload not empty */
  protected abstract read(payload: Uint8Array, timestamp: number, marker: boolean): void;
  /** No more packets come. */
  protected abstract end(): void;

  /** Hands out one unit. @param data of no bytes is no unit */
  protected complete(timestamp: number, data: Uint8Array): void {
    if (data.length === 0) return;
    const { config } = this;
    this.#complete.push({ timestamp, data, isKey: true, config, afterLoss: this.#isAfterLoss });
    this.#isAfterLoss = false;
  }

  /** Counts a unit of which a part came, but that can't be handed out. */
  protected damaged(): void {
    this.counters.damagedUnits += 1;
    this.#isAfterLoss = true;
  }

  #takeComplete(): readonly RtpAccessUnit[] {
    if (this.#complete.length === 0) return NO_UNITS;
    const units = this.#complete;
    this.#complete = [];
    return units;
  }
}
