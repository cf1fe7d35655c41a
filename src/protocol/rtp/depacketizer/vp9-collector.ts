/**
 * VP9 frames and superframes out of payloads (RFC 9628). The frames of several spatial layers become one superframe, with
 * an index behind them (VP9 Bitstream & Decoding Process Specification, annex B).
 */
import type { Vp9Config } from '../../../codec/codec-config.ts';
import { parseVp9KeyFrameHeader } from '../../../codec/vp9/frame-header.ts';
import { vp9ConfigFromFrame, withVp9FrameSize } from '../../../codec/vp9/vp9-config.ts';
import {
  MAX_ACCESS_UNIT_BYTES,
  MAX_ACCESS_UNIT_PIECES,
  PacketPosition,
  type CollectedPicture,
  type PictureCollector,
} from './picture-collector.ts';
import { PieceList } from './piece-list.ts';
import { parseVp9PayloadDescriptor } from './vp9-payload-descriptor.ts';

/** The start of a frame that tells whether it is a key frame takes 11 bytes at most. */
const FRAME_START_BYTES = 16;
/** `frames_in_superframe_minus_1` has 3 bits. */
const MAX_SUPERFRAME_FRAMES = 8;
const SUPERFRAME_MARKER = 0xc0;

/** See the head of this file. */
export class Vp9Collector implements PictureCollector {
  #config: Vp9Config | undefined;
  readonly #pieces: PieceList = new PieceList();
  /** Where the frames of the picture begin. */
  #frameStarts: number[] = [];
  #isInsideFrame = false;

  constructor(config: Vp9Config | undefined) {
    this.#config = config;
  }

  get config(): Vp9Config | undefined {
    return this.#config;
  }

  get hasPicture(): boolean {
    return this.#pieces.count > 0;
  }

  /** Every packet tells its place. */
  get hasPictureStart(): boolean {
    return true;
  }

  get isInsideFragment(): boolean {
    return this.#isInsideFrame;
  }

  get isKey(): boolean {
    const { first } = this.#pieces;
    if (first === undefined) return false;
    const start = first.length < FRAME_START_BYTES ? this.#pieces.join() : first;
    return parseVp9KeyFrameHeader(start) !== undefined;
  }

  get canResume(): boolean {
    return this.isKey;
  }

  positionOf(payload: Uint8Array): PacketPosition {
    if (payload.length === 0) return PacketPosition.nowhere;
    const descriptor = parseVp9PayloadDescriptor(payload);
    if (descriptor === undefined) return PacketPosition.anywhere;
    if (!descriptor.startsFrame) return PacketPosition.inside;
    return descriptor.spatialId === 0 ? PacketPosition.unitStart : PacketPosition.anywhere;
  }

  collect(payload: Uint8Array): boolean {
    const descriptor = parseVp9PayloadDescriptor(payload);
    if (descriptor === undefined) return false;
    if (descriptor.startsFrame) {
      this.#frameStarts.push(this.#pieces.byteLength);
      this.#isInsideFrame = true;
    } else if (!this.#isInsideFrame) {
      return false;
    }
    this.#pieces.add(payload.subarray(descriptor.length));
    if (descriptor.endsFrame) this.#isInsideFrame = false;
    const isWithinLimits =
      this.#pieces.byteLength <= MAX_ACCESS_UNIT_BYTES &&
      this.#pieces.count <= MAX_ACCESS_UNIT_PIECES &&
      this.#frameStarts.length <= MAX_SUPERFRAME_FRAMES;
    if (!isWithinLimits) this.discard();
    return isWithinLimits;
  }

  /** Nothing of a frame can be shown without the rest. */
  skipHole(): void {
    this.discard();
  }

  /** The end flag is not insisted on. */
  finish(): boolean {
    return true;
  }

  take(): CollectedPicture {
    const { isKey } = this;
    const data = this.#frameStarts.length > 1 ? this.#joinSuperframe() : this.#pieces.join();
    if (isKey) {
      this.#config =
        this.#config === undefined ? vp9ConfigFromFrame(data) : withVp9FrameSize(this.#config, data);
    }
    this.discard();
    return { data, isKey };
  }

  discard(): void {
    this.#pieces.clear();
    this.#frameStarts = [];
    this.#isInsideFrame = false;
  }

  /**
   * Behind the frames: marker 110, bytes of a size minus 1 in 2 bits, frames minus 1 in 3 bits; the size of each frame, little
   * endian; the first byte again.
   */
  #joinSuperframe(): Uint8Array {
    const { byteLength } = this.#pieces;
    const starts = this.#frameStarts;
    const sizes = starts.map((start, index) => (starts[index + 1] ?? byteLength) - start);
    const sizeBytes = Math.ceil((32 - Math.clz32(Math.max(...sizes))) / 8);
    const data = this.#pieces.join(2 + sizeBytes * sizes.length);
    const marker = SUPERFRAME_MARKER | ((sizeBytes - 1) << 3) | (sizes.length - 1);
    let at = byteLength;
    data[at] = marker;
    at += 1;
    for (const size of sizes) {
      for (let byte = 0; byte < sizeBytes; byte += 1) data[at + byte] = size >>> (8 * byte);
      at += sizeBytes;
    }
    data[at] = marker;
    return data;
  }
}
