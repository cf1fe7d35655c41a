/**
 * AV1 temporal units out of payloads (RTP Payload Format For AV1 of the Alliance for Open Media, version 1.0, 4). OBUs come
 * without size fields and get them back. The dependency descriptor, a header extension, is left out.
 */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { av1ConfigFromTemporalUnit, withAv1SequenceHeader } from '../../../codec/av1/av1-config.ts';
import { Av1ObuType, leb128At, serializeLeb128 } from '../../../codec/av1/obu.ts';
import type { Av1Config } from '../../../codec/codec-config.ts';
import {
  MAX_ACCESS_UNIT_BYTES,
  MAX_ACCESS_UNIT_PIECES,
  PacketPosition,
  type CollectedPicture,
  type PictureCollector,
} from './picture-collector.ts';
import { PieceList } from './piece-list.ts';

/** Aggregation header (4.4): Z 1, Y 1, W 2, N 1, reserved 3. */
const CONTINUES_OBU = 0x80;
const OBU_CONTINUES = 0x40;
const NEW_SEQUENCE = 0x08;

/** OBU header: forbidden 1, type 4, extension 1, has_size 1, reserved 1. */
const FORBIDDEN_BIT = 0x80;
const EXTENSION_FLAG = 0x04;
const HAS_SIZE_FLAG = 0x02;

/** A frame header's first bits: show_existing_frame 1, frame_type 2, show_frame 1; here those of a key frame that is shown. */
const FRAME_START_BITS = 0xf0;
const SHOWN_KEY_FRAME = 0x10;

/** See the head of this file. */
export class Av1Collector implements PictureCollector {
  #config: Av1Config | undefined;
  readonly #temporalUnit: PieceList = new PieceList();
  /** The OBU that goes on in the next packet; empty without one. */
  readonly #obu: PieceList = new PieceList();
  #hasPicture = false;
  #hasSequenceHeader = false;
  #startsWithKeyFrame = false;

  constructor(config: Av1Config | undefined) {
    this.#config = config;
  }

  get config(): Av1Config | undefined {
    return this.#config;
  }

  get hasPicture(): boolean {
    return this.#hasPicture;
  }

  /** Every packet tells its place. */
  get hasPictureStart(): boolean {
    return true;
  }

  get isInsideFragment(): boolean {
    return this.#obu.count > 0;
  }

  /** AV1 specification, 7.6.2: a random access point has a sequence header and a key frame that is shown. */
  get isKey(): boolean {
    return this.#hasSequenceHeader && this.#startsWithKeyFrame;
  }

  get canResume(): boolean {
    return this.isKey;
  }

  positionOf(payload: Uint8Array): PacketPosition {
    if (payload.length < 2) return PacketPosition.nowhere;
    if ((payload[0]! & CONTINUES_OBU) !== 0) return PacketPosition.inside;
    return (payload[0]! & NEW_SEQUENCE) === 0 ? PacketPosition.anywhere : PacketPosition.unitStart;
  }

  collect(payload: Uint8Array): boolean {
    let isSound = false;
    try {
      isSound = this.#collect(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    return this.#isWithinLimits() && isSound;
  }

  skipHole(): void {
    this.#obu.clear();
  }

  finish(): boolean {
    return !this.isInsideFragment;
  }

  take(): CollectedPicture {
    const data = this.#temporalUnit.join();
    if (this.#hasSequenceHeader) {
      this.#config =
        this.#config === undefined
          ? av1ConfigFromTemporalUnit(data)
          : withAv1SequenceHeader(this.#config, data);
    }
    const { isKey } = this;
    this.discard();
    return { data, isKey };
  }

  discard(): void {
    this.#clear();
    this.#hasPicture = false;
    this.#hasSequenceHeader = false;
    this.#startsWithKeyFrame = false;
  }

  #isWithinLimits(): boolean {
    const isWithin =
      this.#temporalUnit.byteLength + this.#obu.byteLength <= MAX_ACCESS_UNIT_BYTES &&
      this.#temporalUnit.count + this.#obu.count <= MAX_ACCESS_UNIT_PIECES;
    if (!isWithin) this.#clear();
    return isWithin;
  }

  #clear(): void {
    this.#temporalUnit.clear();
    this.#obu.clear();
  }

  #collect(payload: Uint8Array): boolean {
    const aggregationHeader = payload[0]!;
    const elementCount = (aggregationHeader >>> 4) & 0x03;
    let isSound = true;
    let at = 1;
    for (let element = 1; at < payload.length; element += 1) {
      let length = payload.length - at;
      // Each element has its length in front, but the last of a known number has none.
      if (element !== elementCount) {
        const size = leb128At(payload, at);
        at += size.byteLength;
        if (size.value > payload.length - at) return false;
        length = size.value;
      }
      const goesOn = element === 1 && (aggregationHeader & CONTINUES_OBU) !== 0;
      const bytes = payload.subarray(at, at + length);
      at += length;
      const isCut = at === payload.length && (aggregationHeader & OBU_CONTINUES) !== 0;
      if (!this.#addElement(bytes, goesOn, isCut)) isSound = false;
    }
    return isSound;
  }

  /** @param goesOn it continues the OBU of the packet before. @param isCut the next packet continues it */
  #addElement(bytes: Uint8Array, goesOn: boolean, isCut: boolean): boolean {
    const isExpected = goesOn === this.isInsideFragment;
    if (!isExpected) this.#obu.clear();
    if (goesOn && !isExpected) return false; // its beginning is missing
    this.#obu.add(bytes);
    if (isCut || this.#obu.count === 0) return isExpected;
    const isSound = this.#addObu();
    this.#obu.clear();
    return isExpected && isSound;
  }

  #addObu(): boolean {
    const bytes = this.#obu.count === 1 ? this.#obu.first! : this.#obu.join();
    const header = bytes[0]!;
    const headerBytes = (header & EXTENSION_FLAG) === 0 ? 1 : 2;
    if ((header & FORBIDDEN_BIT) !== 0 || bytes.length < headerBytes) return false;
    let payloadAt = headerBytes;
    if ((header & HAS_SIZE_FLAG) !== 0) {
      const size = leb128At(bytes, headerBytes);
      payloadAt += size.byteLength;
      if (size.value !== bytes.length - payloadAt) return false;
    }
    const type = (header >>> 3) & 0x0f;
    if (type === Av1ObuType.temporalDelimiter) return true;
    if ((header & HAS_SIZE_FLAG) === 0) {
      this.#addHeaderWithSize(bytes, headerBytes);
      this.#temporalUnit.add(bytes.subarray(headerBytes));
    } else {
      this.#temporalUnit.add(bytes);
    }
    this.#note(type, bytes[payloadAt] ?? 0);
    return true;
  }

  #addHeaderWithSize(bytes: Uint8Array, headerBytes: number): void {
    const size = serializeLeb128(bytes.length - headerBytes);
    const header = new Uint8Array(headerBytes + size.length);
    header.set(bytes.subarray(0, headerBytes));
    header[0]! |= HAS_SIZE_FLAG;
    header.set(size, headerBytes);
    this.#temporalUnit.add(header);
  }

  #note(type: number, firstPayloadByte: number): void {
    if (type === Av1ObuType.sequenceHeader) {
      this.#hasSequenceHeader = true;
    } else if (type === Av1ObuType.frame || type === Av1ObuType.frameHeader) {
      const isKeyFrame = (firstPayloadByte & FRAME_START_BITS) === SHOWN_KEY_FRAME;
      if (!this.#hasPicture) this.#startsWithKeyFrame = isKeyFrame;
      this.#hasPicture = true;
    } else if (type === Av1ObuType.tileGroup) {
      this.#hasPicture = true;
    }
  }
}
