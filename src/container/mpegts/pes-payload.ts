/** What stands in the payload of PES packets, per codec: bytes that are written once, straight to where they stay. */
import { MAX_ADTS_PAYLOAD_LENGTH, ADTS_HEADER_LENGTH, writeAdtsHeader } from '../../codec/aac/adts.ts';
import type { AdtsParameters } from '../../codec/aac/adts.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import { opusControlHeaderLength, writeOpusControlHeader } from './opus-control-header.ts';
import { MAX_PES_PACKET_LENGTH } from './pes-header.ts';
import { TICKS_PER_MS } from './timestamp.ts';

/** Bytes ready to be written behind a PES header. */
export interface PesPayload {
  readonly length: number;
  /** Writes exactly `length` bytes. */
  write(target: Uint8Array, at: number): void;
}

/** Audio PES packets must say their length; leaves room for the header fields. */
const MAX_AUDIO_PAYLOAD_LENGTH = MAX_PES_PACKET_LENGTH - 16;

/** One MPEG audio frame or one Opus packet. */
export class PacketPayload implements PesPayload {
  readonly kind = 'packet';
  length = 0;
  readonly #isOpus: boolean;
  #data: Uint8Array = new Uint8Array(0);

  constructor(isOpus: boolean) {
    this.#isOpus = isOpus;
  }

  /** @returns false when `frame` is too long for a PES packet */
  load(frame: MediaFrame): boolean {
    this.#data = frame.data;
    this.length = frame.data.length + (this.#isOpus ? opusControlHeaderLength(frame.data.length) : 0);
    return this.length <= MAX_AUDIO_PAYLOAD_LENGTH;
  }

  write(target: Uint8Array, at: number): void {
    const start = this.#isOpus ? at + writeOpusControlHeader(target, at, this.#data.length) : at;
    target.set(this.#data, start);
  }
}

/**
 * A batch lasts as long as lal's: some players round every PTS to milliseconds and crackle when each frame has its own.
 */
export const MAX_BATCH_TICKS: number = 150 * TICKS_PER_MS;
/** A frame this far from where the one before ends starts a new batch: only the first has its time written. */
const BATCH_TOLERANCE_TICKS = 5 * TICKS_PER_MS;

/** AAC access units that share one PES packet, each behind its ADTS header. Holds views of the frames, no copies. */
export class AdtsBatch implements PesPayload {
  readonly kind = 'batch';
  length = 0;
  /** Presentation time of the first frame. */
  firstTicks = 0;
  readonly #parameters: AdtsParameters;
  readonly #frameTicks: number;
  #frames: MediaFrame[] = [];

  /** @param samplesPerFrame at the sampling frequency of `parameters` */
  constructor(parameters: AdtsParameters, samplesPerFrame: number) {
    this.#parameters = parameters;
    this.#frameTicks = (samplesPerFrame * 1000 * TICKS_PER_MS) / parameters.samplingFrequency;
  }

  /** The first frame; `undefined` when the batch is empty. */
  get first(): MediaFrame | undefined {
    return this.#frames[0];
  }

  /** Whether a frame of `dataLength` bytes at `ticks` can join what is there. */
  accepts(dataLength: number, ticks: number): boolean {
    if (this.#frames.length === 0) return true;
    if (ticks - this.firstTicks > MAX_BATCH_TICKS) return false;
    if (this.length + ADTS_HEADER_LENGTH + dataLength > MAX_AUDIO_PAYLOAD_LENGTH) return false;
    const expected = this.firstTicks + this.#frames.length * this.#frameTicks;
    return Math.abs(ticks - expected) <= BATCH_TOLERANCE_TICKS;
  }

  /** @returns false when `frame` is too long for ADTS */
  add(frame: MediaFrame, ticks: number): boolean {
    if (frame.data.length > MAX_ADTS_PAYLOAD_LENGTH) return false;
    if (this.#frames.length === 0) this.firstTicks = ticks;
    this.#frames.push(frame);
    this.length += ADTS_HEADER_LENGTH + frame.data.length;
    return true;
  }

  write(target: Uint8Array, at: number): void {
    let end = at;
    for (const { data } of this.#frames) {
      writeAdtsHeader(target, end, this.#parameters, data.length);
      target.set(data, end + ADTS_HEADER_LENGTH);
      end += ADTS_HEADER_LENGTH + data.length;
    }
  }

  clear(): void {
    this.#frames = [];
    this.length = 0;
  }
}
