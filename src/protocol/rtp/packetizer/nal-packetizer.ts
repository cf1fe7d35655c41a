/** What the payload formats of H.264 (RFC 6184) and H.265 (RFC 7798) have in common. */
import { joinLengthPrefixed } from '../../../codec/nal/length-prefixed.ts';
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/** Where the two differ. NAL unit headers are numbers here: 8 bits in H.264, 16 in H.265. */
export interface NalPayloadFormat {
  /** Bytes of a NAL unit header, and of the header of an aggregation packet. */
  readonly nalHeaderBytes: 1 | 2;
  /** Bytes in front of a fragment; a fragment has no NAL unit header. */
  readonly fragmentHeaderBytes: 2 | 3;
  /** Told the first byte of a NAL unit: false for delimiters and for types whose numbers the payload format took. */
  isSendable(firstByte: number): boolean;
  isParameterSet(firstByte: number): boolean;
  /** @param nalAt where the fragmented NAL unit begins in `data` */
  writeFragmentHeader(
    target: Uint8Array,
    at: number,
    data: Uint8Array,
    nalAt: number,
    isFirst: boolean,
    isLast: boolean,
  ): void;
  /** The header of an aggregation packet of units with these headers; either may be such a header itself. */
  aggregationHeader(a: number, b: number): number;
}

/** How NAL units become payloads. */
export interface NalPacketizerOptions {
  /** Limit of one payload. */
  readonly maxPayloadBytes: number;
  /** Whether small units that follow each other share a packet, which some receivers cannot read. */
  readonly aggregates: boolean;
}

/** Lengths of units, in frames and in front of the parameter sets. */
const LENGTH_BYTES = 4;
/** Lengths inside an aggregation packet. */
const AGGREGATED_LENGTH_BYTES = 2;

/** Single NAL unit packets, fragmentation units and, where wished, aggregation packets. */
export class NalPacketizer implements Packetizer {
  readonly #format: NalPayloadFormat;
  readonly #options: NalPacketizerOptions;
  /** The track's parameter sets in the layout of a frame. */
  readonly #parameterSets: Uint8Array;
  readonly #parameterSetCount: number;
  /** Parameter sets in the frame at hand. */
  #ownSetCount = 0;

  /** @param parameterSets NAL units, in the order in which decoders want them */
  constructor(format: NalPayloadFormat, parameterSets: readonly Uint8Array[], options: NalPacketizerOptions) {
    this.#format = format;
    this.#options = options;
    this.#parameterSets = joinLengthPrefixed(parameterSets);
    this.#parameterSetCount = parameterSets.length;
  }

  packetize(data: Uint8Array, isKey: boolean, target: PayloadTarget): boolean {
    const last = this.#survey(data);
    if (last === undefined) return false;
    if (isKey && this.#ownSetCount < this.#parameterSetCount) {
      this.#writeUnits(this.#parameterSets, undefined, target);
    }
    this.#writeUnits(data, last, target);
    return true;
  }

  /**
   * Checks the lengths and counts parameter sets.
   * @returns where the last unit to be sent begins (with its length); `undefined` when there is none or a length reaches
   *   past the end
   */
  #survey(data: Uint8Array): number | undefined {
    let last: number | undefined;
    let at = 0;
    this.#ownSetCount = 0;
    while (at < data.length) {
      if (at + LENGTH_BYTES > data.length) return undefined;
      if (this.#isSendable(data, at)) {
        last = at;
        if (this.#format.isParameterSet(data[at + LENGTH_BYTES]!)) this.#ownSetCount += 1;
      }
      at += LENGTH_BYTES + readLength(data, at);
    }
    return at === data.length ? last : undefined;
  }

  /** @param last the unit that ends the access unit; `undefined` when more units follow behind `data` */
  #writeUnits(data: Uint8Array, last: number | undefined, target: PayloadTarget): void {
    let at = 0;
    while (at < data.length) {
      const aggregated = this.#options.aggregates ? this.#writeAggregate(data, at, last, target) : at;
      if (aggregated > at) {
        at = aggregated;
        continue;
      }
      if (this.#isSendable(data, at)) this.#writeUnit(data, at, at === last, target);
      at += LENGTH_BYTES + readLength(data, at);
    }
  }

  #writeUnit(data: Uint8Array, at: number, marker: boolean, target: PayloadTarget): void {
    const length = readLength(data, at);
    const start = at + LENGTH_BYTES;
    if (length > this.#options.maxPayloadBytes) {
      this.#writeFragments(data, start, start + length, marker, target);
      return;
    }
    const to = target.beginPayload(length, marker);
    target.bytes.set(data.subarray(start, start + length), to);
  }

  /** A unit above the limit gives two fragments at least, since a fragment header is longer than the one it replaces. */
  #writeFragments(
    data: Uint8Array,
    start: number,
    end: number,
    marker: boolean,
    target: PayloadTarget,
  ): void {
    const { nalHeaderBytes, fragmentHeaderBytes } = this.#format;
    const room = this.#options.maxPayloadBytes - fragmentHeaderBytes;
    const first = start + nalHeaderBytes;
    for (let from = first; from < end; from += room) {
      const to = Math.min(from + room, end);
      const isLast = to === end;
      const at = target.beginPayload(fragmentHeaderBytes + to - from, marker && isLast);
      this.#format.writeFragmentHeader(target.bytes, at, data, start, from === first, isLast);
      target.bytes.set(data.subarray(from, to), at + fragmentHeaderBytes);
    }
  }

  /**
   * Writes one packet of as many units from `start` on as fit.
   * @returns where the next unit begins; `start`, and nothing is written, when fewer than two fit
   */
  #writeAggregate(data: Uint8Array, start: number, last: number | undefined, target: PayloadTarget): number {
    const { nalHeaderBytes } = this.#format;
    let payloadBytes: number = nalHeaderBytes;
    let count = 0;
    let header = 0;
    let end = start;
    while (end < data.length) {
      const length = readLength(data, end);
      if (this.#isSendable(data, end)) {
        if (payloadBytes + AGGREGATED_LENGTH_BYTES + length > this.#options.maxPayloadBytes) break;
        const unitHeader = this.#headerOf(data, end + LENGTH_BYTES);
        header = this.#format.aggregationHeader(count === 0 ? unitHeader : header, unitHeader);
        payloadBytes += AGGREGATED_LENGTH_BYTES + length;
        count += 1;
      }
      end += LENGTH_BYTES + length;
    }
    if (count < 2) return start;
    let at = target.beginPayload(payloadBytes, last !== undefined && last < end);
    if (nalHeaderBytes === 2) target.bytes[at] = header >>> 8;
    target.bytes[at + nalHeaderBytes - 1] = header;
    at += nalHeaderBytes;
    for (let from = start; from < end; from += LENGTH_BYTES + readLength(data, from)) {
      if (this.#isSendable(data, from)) at = copyUnit(data, from, target.bytes, at);
    }
    return end;
  }

  #headerOf(data: Uint8Array, nalAt: number): number {
    return this.#format.nalHeaderBytes === 1 ? data[nalAt]! : (data[nalAt]! << 8) | data[nalAt + 1]!;
  }

  /** @param at where the unit begins, with its length. A unit that is shorter than its header is none. */
  #isSendable(data: Uint8Array, at: number): boolean {
    const isComplete = readLength(data, at) >= this.#format.nalHeaderBytes;
    return isComplete && this.#format.isSendable(data[at + LENGTH_BYTES] ?? 0);
  }
}

/** Copies a unit from behind 4 bytes of length to behind 2. @returns where the next one goes */
function copyUnit(data: Uint8Array, from: number, target: Uint8Array, at: number): number {
  const length = readLength(data, from);
  target[at] = length >>> 8;
  target[at + 1] = length;
  const start = from + LENGTH_BYTES;
  target.set(data.subarray(start, start + length), at + AGGREGATED_LENGTH_BYTES);
  return at + AGGREGATED_LENGTH_BYTES + length;
}

function readLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
