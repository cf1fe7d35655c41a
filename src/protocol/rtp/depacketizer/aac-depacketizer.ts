/**
 * AAC as an MPEG-4 elementary stream in RTP (RFC 3640): modes AAC-hbr, AAC-lbr and whatever lengths the SDP gives, several
 * access units a packet, access units over several packets (3.2.3.1), interleaving (3.2.3.2).
 */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import { ADTS_HEADER_LENGTH, audioSpecificConfigOfAdts, parseAdtsHeader } from '../../../codec/aac/adts.ts';
import { parseAudioSpecificConfig } from '../../../codec/aac/audio-specific-config.ts';
import type { AacConfig } from '../../../codec/codec-config.ts';
import { readAuHeaders, type AuHeaderFormat } from './au-headers.ts';
import { AudioDepacketizer, MAX_AUDIO_UNIT_BYTES } from './audio-depacketizer.ts';
import { PieceList } from './piece-list.ts';

/** What the SDP says about the stream. */
export interface AacDepacketizerOptions {
  readonly headerFormat: AuHeaderFormat;
  /** Ticks of the RTP clock in a second. */
  readonly clockRate: number;
  /** Ticks of one access unit (`constantduration`); `undefined`: what the config says. */
  readonly constantDuration: number | undefined;
}

/** Samples of an access unit where the config does not tell. */
const DEFAULT_SAMPLES = 1024;
/** Units that wait for others which were sent behind them. A second of AAC is about 47. */
const MAX_WAITING_UNITS = 256;

interface Fragment {
  readonly timestamp: number;
  /** Bytes of the whole access unit. */
  readonly size: number;
  readonly pieces: PieceList;
  isDamaged: boolean;
}

interface WaitingUnit {
  readonly timestamp: number;
  readonly data: Uint8Array;
}

/** See the head of this file. Units are views of their packets, unless they came in several. */
export class AacDepacketizer extends AudioDepacketizer {
  readonly #options: AacDepacketizerOptions;
  #config: AacConfig | undefined;
  #unitTicks: number;
  #fragment: Fragment | undefined;
  /** The last packet of whole units, and when the unit behind it begins. */
  #lastTimestamp: number | undefined;
  #nextTimestamp = 0;
  /** Units of a sender that interleaves, by their timestamps. */
  #waiting: WaitingUnit[] = [];
  #interleaves = false;

  constructor(options: AacDepacketizerOptions, config: AacConfig | undefined) {
    super();
    this.#options = options;
    this.#config = config;
    this.#unitTicks = options.constantDuration ?? aacUnitTicks(config, options.clockRate);
  }

  override get config(): AacConfig | undefined {
    return this.#config;
  }

  protected override lose(): void {
    if (this.#fragment !== undefined) this.#fragment.isDamaged = true;
  }

  protected override read(payload: Uint8Array, timestamp: number, marker: boolean): void {
    const headers = readAuHeaders(payload, this.#options.headerFormat);
    if (headers === undefined) {
      this.counters.ignoredPackets += 1;
      return;
    }
    const { sizes, places, dataAt } = headers;
    const data = payload.subarray(dataAt);
    if (sizes.length === 1 && sizes[0]! > data.length) {
      this.#readFragment(data, sizes[0]!, timestamp, marker);
      return;
    }
    this.#giveUpFragment();
    this.#readUnits(data, sizes, places, timestamp);
  }

  protected override end(): void {
    this.#giveUpFragment();
    this.#release(Infinity);
  }

  #readUnits(data: Uint8Array, sizes: readonly number[], places: readonly number[], timestamp: number): void {
    if (places.at(-1)! >= places.length) this.#interleaves = true;
    // Some senders give several packets the timestamp of the first of them.
    const goesOn = timestamp === this.#lastTimestamp && !this.#interleaves;
    const start = goesOn ? this.#nextTimestamp : timestamp;
    this.#lastTimestamp = timestamp;
    this.#nextTimestamp = start + sizes.length * this.#unitTicks;
    let at = 0;
    for (let index = 0; index < sizes.length; index += 1) {
      const end = at + sizes[index]!;
      if (end > data.length) {
        this.damaged();
        break;
      }
      this.#unit(Math.round(start + places[index]! * this.#unitTicks), data.subarray(at, end));
      at = end;
    }
    // The first units of packets are in order, so nothing before this one is still to come.
    if (this.#interleaves) this.#release(timestamp);
  }

  /** Each fragment has an AU header with the size of the whole; the last packet has the marker. */
  #readFragment(data: Uint8Array, size: number, timestamp: number, marker: boolean): void {
    if (this.#fragment?.timestamp !== timestamp) {
      this.#giveUpFragment();
      this.#fragment = { timestamp, size, pieces: new PieceList(), isDamaged: size > MAX_AUDIO_UNIT_BYTES };
    }
    const fragment = this.#fragment;
    fragment.pieces.add(data);
    if (fragment.pieces.byteLength > fragment.size || size !== fragment.size) fragment.isDamaged = true;
    if (fragment.isDamaged) fragment.pieces.clear();
    const isWhole = !fragment.isDamaged && fragment.pieces.byteLength === fragment.size;
    if (isWhole) {
      this.#fragment = undefined;
      this.#unit(timestamp, fragment.pieces.join());
      if (this.#interleaves) this.#release(timestamp);
    } else if (marker) {
      this.#giveUpFragment();
    }
  }

  #giveUpFragment(): void {
    if (this.#fragment !== undefined) this.damaged();
    this.#fragment = undefined;
  }

  #unit(timestamp: number, bytes: Uint8Array): void {
    const data = this.#withoutAdtsHeader(bytes);
    if (!this.#interleaves) {
      this.complete(timestamp, data);
      return;
    }
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.timestamp > timestamp) at -= 1;
    this.#waiting.splice(at, 0, { timestamp, data });
    if (this.#waiting.length > MAX_WAITING_UNITS) this.#release(this.#waiting[0]!.timestamp);
  }

  #release(upToTimestamp: number): void {
    let count = 0;
    for (const { timestamp, data } of this.#waiting) {
      if (timestamp > upToTimestamp) break;
      this.complete(timestamp, data);
      count += 1;
    }
    this.#waiting.splice(0, count);
  }

  /**
   * Some devices leave the ADTS header on their access units. A raw access unit can't look like one: its first element would
   * be the one that ends it.
   */
  #withoutAdtsHeader(unit: Uint8Array): Uint8Array {
    const mayHaveOne = unit.length > ADTS_HEADER_LENGTH && unit[0] === 0xff && (unit[1]! & 0xf6) === 0xf0;
    if (!mayHaveOne) return unit;
    try {
      const header = parseAdtsHeader(unit)!;
      if (header.frameLength !== unit.length) return unit;
      if (this.#config === undefined) {
        this.#config = aacConfigFromAudioSpecificConfig(audioSpecificConfigOfAdts(header));
        this.#unitTicks =
          this.#options.constantDuration ?? aacUnitTicks(this.#config, this.#options.clockRate);
      }
      return unit.subarray(header.headerLength);
    } catch (error) {
      if (error instanceof ProtocolError) return unit;
      throw error;
    }
  }
}

/** Ticks of one access unit; with SBR the clock may be that of the decoder's output. */
export function aacUnitTicks(config: AacConfig | undefined, clockRate: number): number {
  if (config === undefined || config.sampleRate === 0) return DEFAULT_SAMPLES;
  const { samplesPerFrame } = parseAudioSpecificConfig(config.description);
  return (samplesPerFrame * clockRate) / config.sampleRate;
}
