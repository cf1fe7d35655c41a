/**
 * MPEG audio in RTP: payload type MPA of RFC 2250 (3.5). A packet holds whole frames, or a part of one. Layer III becomes
 * frames; layers I and II are left to whoever carries the packets as they are, because no output but RTP takes them.
 */
import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import type { Mp3Config } from '../../../codec/codec-config.ts';
import { mp3ConfigFromFrame } from '../../../codec/mp3/mp3-config.ts';
import { parseMpegAudioHeader, type MpegAudioHeader } from '../../../codec/mp3/mpeg-audio-header.ts';
import { AudioDepacketizer } from './audio-depacketizer.ts';
import { PieceList } from './piece-list.ts';

/** MBZ 16, Frag_offset 16. */
const HEADER_BYTES = 4;
/** Of a frame in free format, which does not tell: it ends where the next one begins. */
const UNKNOWN_LENGTH = 0;

interface PartialFrame {
  readonly timestamp: number;
  /** Bytes of the whole frame, or `UNKNOWN_LENGTH`. */
  readonly length: number;
  readonly pieces: PieceList;
}

/** See the head of this file. Units are views of their packets, unless they came in several. */
export class MpegAudioDepacketizer extends AudioDepacketizer {
  readonly #clockRate: number;
  #config: Mp3Config | undefined;
  #isOpaque = false;
  #frame: PartialFrame | undefined;
  /** The timestamp of a frame that was counted as damaged; more of its parts may come. */
  #damagedTimestamp: number | undefined;

  constructor(clockRate: number) {
    super();
    this.#clockRate = clockRate;
  }

  /** Known with the first frame; another object when a frame has another rate or other channels. */
  override get config(): Mp3Config | undefined {
    return this.#config;
  }

  override get isOpaque(): boolean {
    return this.#isOpaque;
  }

  protected override lose(): void {
    if (this.#frame !== undefined) this.#giveUp(this.#frame.timestamp);
  }

  protected override read(payload: Uint8Array, timestamp: number): void {
    if (this.#isOpaque) return;
    // Some senders leave the header out. A frame begins with ones, the header with zeros.
    const headerBytes = startsWithSyncword(payload) ? 0 : HEADER_BYTES;
    if (payload.length <= headerBytes) {
      this.counters.ignoredPackets += 1;
      return;
    }
    const offset = headerBytes === 0 ? 0 : (payload[2]! << 8) | payload[3]!;
    const data = payload.subarray(headerBytes);
    if (offset === 0) {
      this.#endFrame();
      this.#readFrames(data, timestamp);
    } else {
      this.#readPart(data, offset, timestamp);
    }
  }

  protected override end(): void {
    this.#endFrame();
  }

  #readFrames(data: Uint8Array, timestamp: number): void {
    let at = 0;
    let time = timestamp;
    while (at < data.length) {
      const header = headerAt(data, at);
      if (header === undefined) {
        if (at === 0) this.#giveUp(timestamp); // behind a frame it is padding
        return;
      }
      if (header.layer !== 3) {
        this.#isOpaque = true;
        return;
      }
      const { frameLength } = header;
      const end = at + frameLength;
      if (frameLength === UNKNOWN_LENGTH || end > data.length) {
        this.#frame = { timestamp: Math.round(time), length: frameLength, pieces: new PieceList() };
        this.#frame.pieces.add(data.subarray(at));
        return;
      }
      this.#completeFrame(Math.round(time), data.subarray(at, end), header);
      time += (header.samplesPerFrame * this.#clockRate) / header.sampleRate;
      at = end;
    }
  }

  #readPart(data: Uint8Array, offset: number, timestamp: number): void {
    const frame = this.#frame;
    if (frame === undefined || offset !== frame.pieces.byteLength) {
      this.#giveUp(frame?.timestamp ?? timestamp);
      return;
    }
    frame.pieces.add(data);
    if (frame.length === UNKNOWN_LENGTH || frame.pieces.byteLength < frame.length) return;
    if (frame.pieces.byteLength === frame.length) this.#endFrame();
    else this.#giveUp(frame.timestamp);
  }

  /** The frame that came in parts ends here, complete or not. */
  #endFrame(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    const isWhole = frame.length === UNKNOWN_LENGTH || frame.pieces.byteLength === frame.length;
    if (!isWhole) {
      this.#giveUp(frame.timestamp);
      return;
    }
    this.#frame = undefined;
    const data = frame.pieces.join();
    this.#completeFrame(frame.timestamp, data, headerAt(data, 0)!);
  }

  #completeFrame(timestamp: number, data: Uint8Array, header: MpegAudioHeader): void {
    const { sampleRate, channels } = header;
    const isKnown = this.#config?.sampleRate === sampleRate && this.#config.channels === channels;
    if (!isKnown) this.#config = mp3ConfigFromFrame(data);
    this.complete(timestamp, data);
  }

  #giveUp(timestamp: number): void {
    this.#frame = undefined;
    if (timestamp === this.#damagedTimestamp) return;
    this.#damagedTimestamp = timestamp;
    this.damaged();
  }
}

function startsWithSyncword(payload: Uint8Array): boolean {
  return payload[0] === 0xff && (payload[1]! & 0xe0) === 0xe0;
}

function headerAt(data: Uint8Array, at: number): MpegAudioHeader | undefined {
  return undefinedIfMalformed(() => parseMpegAudioHeader(data.subarray(at)));
}
