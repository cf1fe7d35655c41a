/**
 * Access units out of RTP packets, and their times by the sender reports. Shares nothing with src/, so that a mistake there
 * is not repeated here. Sources: RFC 3550 (RTP, sender reports), RFC 6184 (H.264), RFC 7798 (H.265), RFC 3640 (AAC), RFC 7587
 * (Opus), RFC 3551 (G.711), RFC 2250 (MPEG audio).
 */
import type { AccessUnit } from './flv-file.ts';
import { digest, essentialNalUnits } from './nal-units.ts';

/** What a description says about one track. */
export interface RtpTrack {
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly clockRate: number;
}

/** One pair of a sender report. */
export interface ReportedTime {
  readonly ntpMs: number;
  readonly timestamp: number;
}

interface CollectedUnit {
  readonly codec: string;
  readonly timestamp: number;
  readonly content: readonly Buffer[];
  readonly isKey: boolean;
}

/** The packets of one track, taken apart. Fails when one is missing, or out of order. */
export class RtpUnits {
  readonly track: RtpTrack;
  readonly reports: ReportedTime[] = [];
  /** The first packet of all. */
  first: { readonly sequenceNumber: number; readonly timestamp: number } | undefined;
  hasGoodbye = false;
  readonly #units: CollectedUnit[] = [];
  #pieces: Buffer[] = [];
  /** Of the picture whose pieces come. */
  #pictureOrder: number | undefined;
  #timestamp: number | undefined;
  #sequenceNumber: number | undefined;
  #fragment: Buffer[] = [];
  /** Where the next units are put into the order in which they came; shared by the tracks of a session. */
  readonly #order: { next: number };
  readonly #arrival: number[] = [];

  constructor(track: RtpTrack, order: { next: number }) {
    this.track = track;
    this.#order = order;
  }

  get count(): number {
    return this.#units.length;
  }

  /** @param packet with its header */
  receive(packet: Buffer): void {
    const sequenceNumber = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    this.first ??= { sequenceNumber, timestamp };
    if (this.#sequenceNumber !== undefined && sequenceNumber !== ((this.#sequenceNumber + 1) & 0xffff)) {
      throw new Error(`${this.track.codec}: packet ${sequenceNumber} after ${this.#sequenceNumber}`);
    }
    this.#sequenceNumber = sequenceNumber;
    const payload = packet.subarray(12 + 4 * (packet[0]! & 15));
    const hasMarker = (packet[1]! & 0x80) !== 0;
    switch (this.track.codec) {
      case 'h264':
      case 'h265':
        this.#receiveNalUnits(payload, timestamp);
        break;
      case 'aac':
        this.#receiveAac(payload, timestamp, hasMarker);
        break;
      case 'mpeg-audio':
        this.#receiveMpegAudio(payload, timestamp);
        break;
      default:
        this.#add(timestamp, [payload], true);
    }
  }

  /** @param packet compound */
  receiveReports(packet: Buffer): void {
    for (let at = 0; at + 4 <= packet.length; at += 4 + 4 * packet.readUInt16BE(at + 2)) {
      const type = packet[at + 1]!;
      if (type === 203) this.hasGoodbye = true;
      if (type !== 200) continue;
      const ntpMs = packet.readUInt32BE(at + 8) * 1000 + (packet.readUInt32BE(at + 12) * 1000) / 2 ** 32;
      this.reports.push({ ntpMs, timestamp: packet.readUInt32BE(at + 16) });
    }
  }

  /** By the first report, on the sender's clock. Decoding times are not sent. */
  units(): { readonly unit: AccessUnit; readonly order: number }[] {
    this.#finishPicture();
    const { kind } = this.track;
    return this.#units.map(({ codec, timestamp, content, isKey }, index) => {
      const unit = { kind, codec, dtsMs: NaN, ptsMs: this.timeMs(timestamp), isKey, ...digest(content) };
      return { unit, order: this.#arrival[index]! };
    });
  }

  timeMs(timestamp: number): number {
    const [report] = this.reports;
    if (report === undefined) throw new Error(`${this.track.codec}: no sender report`);
    return report.ntpMs + (ticksBetween(report.timestamp, timestamp) * 1000) / this.track.clockRate;
  }

  #add(
    timestamp: number,
    content: readonly Buffer[],
    isKey: boolean,
    codec = this.track.codec,
    order = this.#order.next++,
  ): void {
    this.#units.push({ codec, timestamp, content, isKey });
    this.#arrival.push(order);
  }

  #receiveNalUnits(payload: Buffer, timestamp: number): void {
    if (timestamp !== this.#timestamp) this.#finishPicture();
    this.#timestamp = timestamp;
    this.#pictureOrder ??= this.#order.next++;
    const isH264 = this.track.codec === 'h264';
    const type = isH264 ? payload[0]! & 31 : (payload[0]! >> 1) & 63;
    const headerLength = isH264 ? 1 : 2;
    if (type === (isH264 ? 24 : 48)) {
      for (let at = headerLength; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
        this.#pieces.push(payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)));
      }
    } else if (type === (isH264 ? 28 : 49)) {
      this.#receiveFragment(payload, headerLength, isH264);
    } else {
      this.#pieces.push(payload);
    }
  }

  #receiveFragment(payload: Buffer, headerLength: number, isH264: boolean): void {
    const fragmentHeader = payload[headerLength]!;
    if ((fragmentHeader & 0x80) !== 0) {
      const header = isH264
        ? Buffer.from([(payload[0]! & 0xe0) | (fragmentHeader & 31)])
        : Buffer.from([(payload[0]! & 0x81) | ((fragmentHeader & 63) << 1), payload[1]!]);
      this.#fragment = [header];
    }
    this.#fragment.push(payload.subarray(headerLength + 1));
    if ((fragmentHeader & 0x40) !== 0) this.#pieces.push(Buffer.concat(this.#fragment));
  }

  #finishPicture(): void {
    if (this.#pieces.length === 0) return;
    const { codec } = this.track;
    const isKey = this.#pieces.some((nalUnit) =>
      codec === 'h264'
        ? (nalUnit[0]! & 31) === 5
        : [16, 17, 18, 19, 20, 21].includes((nalUnit[0]! >> 1) & 63),
    );
    this.#add(this.#timestamp!, essentialNalUnits(codec, this.#pieces), isKey, codec, this.#pictureOrder);
    this.#pieces = [];
    this.#pictureOrder = undefined;
  }

  /** AAC-hbr: sizes of 13 bits, indices of 3. */
  #receiveAac(payload: Buffer, timestamp: number, hasMarker: boolean): void {
    const count = payload.readUInt16BE(0) / 16;
    let at = 2 + 2 * count;
    for (let index = 0; index < count; index += 1) {
      const length = payload.readUInt16BE(2 + 2 * index) >> 3;
      const data = payload.subarray(at, at + length);
      at += length;
      if (count === 1) {
        this.#fragment.push(data);
        if (!hasMarker) return;
        this.#add(timestamp, [Buffer.concat(this.#fragment)], true);
        this.#fragment = [];
      } else {
        this.#add((timestamp + 1024 * index) >>> 0, [data], true);
      }
    }
  }

  /** Whole frames, or a part of one. */
  #receiveMpegAudio(payload: Buffer, timestamp: number): void {
    if (payload.readUInt16BE(2) > 0) this.#fragment.push(payload.subarray(4));
    else this.#fragment = [payload.subarray(4)];
    const frames = Buffer.concat(this.#fragment);
    for (let at = 0, count = 0; at < frames.length; count += 1) {
      const { codec, length, sampleRate } = mpegAudioFrame(frames.subarray(at));
      if (at + length > frames.length) return;
      const ticks = Math.round((count * mpegAudioSamples * this.track.clockRate) / sampleRate);
      this.#add((timestamp + ticks) >>> 0, [frames.subarray(at, at + length)], true, codec);
      at += length;
    }
  }
}

/** ISO/IEC 11172-3, 2.4.2.3: kbit/s by index, of layers II and III. */
const mpegBitRates = {
  mp2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  mp3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
};
const mpegSampleRates = [44_100, 48_000, 32_000];
const mpegAudioSamples = 1152;

/** Of MPEG-1, layers II and III. */
function mpegAudioFrame(bytes: Buffer): { codec: 'mp2' | 'mp3'; length: number; sampleRate: number } {
  if (bytes.readUInt16BE(0) >> 4 !== 0xfff) throw new Error(`no MPEG audio: ${bytes.toString('hex', 0, 8)}`);
  const codec = ((bytes[1]! >> 1) & 3) === 2 ? 'mp2' : 'mp3';
  const bitRate = mpegBitRates[codec][bytes[2]! >> 4]! * 1000;
  const sampleRate = mpegSampleRates[(bytes[2]! >> 2) & 3]!;
  const padding = (bytes[2]! >> 1) & 1;
  return { codec, length: Math.floor(((mpegAudioSamples / 8) * bitRate) / sampleRate) + padding, sampleRate };
}

/** Signed: timestamps wrap at 2^32. */
function ticksBetween(from: number, to: number): number {
  return (to - from) | 0;
}
