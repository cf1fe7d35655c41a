/**
 * RTP and RTCP packets in a byte stream: each behind its length in 2 bytes (RFC 4571, 2). Left out on purpose: that protocol's
 * framing has no way to find back when a length is wrong; here the source number of the packets so far is looked for. Some
 * devices write RTSP's framing instead (`$`, a channel, the length; RFC 2326, 10.12), which is known by its first bytes.
 */
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { isRtcpPacketType } from './packet-kind.ts';

/** What was not as it should be. */
export interface RtpStreamFramerCounters {
  /** Times that no packet stood where one had to, and one was found further on. */
  resyncs: number;
  /** Bytes that were passed over. */
  skippedBytes: number;
}

interface Framing {
  /** Bytes before the packet. */
  readonly headerLength: number;
  /** Where in them the length stands. */
  readonly lengthAt: number;
  /** The first byte, where it is always the same. */
  readonly sign: number | undefined;
}

const RFC_4571: Framing = { headerLength: 2, lengthAt: 0, sign: undefined };
const INTERLEAVED: Framing = { headerLength: 4, lengthAt: 2, sign: 0x24 };

const RTP_VERSION = 2;
const RTP_HEADER_BYTES = 12;
const SSRC_OFFSET = 8;
/** A device that is out of step for longer is better asked to connect anew. */
const MAX_SKIPPED_BYTES = 1 << 20;

/** Takes the packets of one connection apart. */
export class RtpStreamFramer {
  readonly counters: RtpStreamFramerCounters = { resyncs: 0, skippedBytes: 0 };
  readonly #queue = new ChunkQueue();
  /** `undefined` before the first packet. */
  #framing: Framing | undefined;
  /** Of the last RTP packet. */
  #ssrc: number | undefined;
  /** Bytes passed over since the last packet. */
  #skipped = 0;

  /** @param chunk must not change afterwards */
  receive(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /**
   * @returns the next packet, RTP or RTCP, as a view where it lies in one chunk; `undefined` until more bytes are there
   * @throws {ProtocolError} `ERR_RTP_FRAMING` when there are no packets in the stream, or none any more
   */
  next(): Uint8Array | undefined {
    for (;;) {
      this.#framing ??= this.#recognize();
      const framing = this.#framing;
      if (framing === undefined || this.#queue.length < framing.headerLength) return undefined;
      const isSigned = framing.sign === undefined || this.#queue.byteAt(0) === framing.sign;
      const length = this.#u16(framing.lengthAt);
      if (isSigned && length === 0) {
        this.#queue.skip(framing.headerLength); // RFC 4571 allows packets of nothing
        continue;
      }
      if (this.#queue.length <= framing.headerLength) return undefined;
      if (isSigned && this.#isVersion2(framing.headerLength)) return this.#take(framing, length);
      if (!this.#findBack(framing)) return undefined;
    }
  }

  #take(framing: Framing, length: number): Uint8Array | undefined {
    const queue = this.#queue;
    if (queue.length < framing.headerLength + length) return undefined;
    queue.skip(framing.headerLength);
    const packet = queue.take(length)!;
    this.#skipped = 0;
    if (packet.length >= RTP_HEADER_BYTES && !isRtcpPacketType(packet[1]!))
      this.#ssrc = u32(packet, SSRC_OFFSET);
    return packet;
  }

  /** Tells by the version of the first packet which framing it is. */
  #recognize(): Framing | undefined {
    const { length } = this.#queue;
    if (length <= RFC_4571.headerLength) return undefined;
    if (this.#u16(0) === 0 || this.#isVersion2(RFC_4571.headerLength)) return RFC_4571;
    if (this.#queue.byteAt(0) !== INTERLEAVED.sign) throw broken('no RTP packets', this.#queue);
    if (length <= INTERLEAVED.headerLength) return undefined;
    if (this.#isVersion2(INTERLEAVED.headerLength)) return INTERLEAVED;
    throw broken('no RTP packets', this.#queue);
  }

  /** Looks for the next packet of the same source. @returns false when it is not there yet */
  #findBack(framing: Framing): boolean {
    if (this.#ssrc === undefined) throw broken('no RTP packets', this.#queue);
    if (this.#skipped === 0) this.counters.resyncs += 1;
    const needed = framing.headerLength + RTP_HEADER_BYTES;
    let isFound = false;
    let at = 1;
    while (!isFound && this.#queue.length - at >= needed) {
      isFound = this.#isPacketAt(at, framing);
      if (!isFound) at += 1;
    }
    this.#skip(at);
    return isFound;
  }

  #isPacketAt(at: number, { headerLength, lengthAt, sign }: Framing): boolean {
    const packet = at + headerLength;
    return (
      this.#isVersion2(packet) &&
      (sign === undefined || this.#queue.byteAt(at) === sign) &&
      this.#u16(at + lengthAt) >= RTP_HEADER_BYTES &&
      this.#u16(packet + SSRC_OFFSET) * 0x1_0000 + this.#u16(packet + SSRC_OFFSET + 2) === this.#ssrc
    );
  }

  #skip(length: number): void {
    this.#queue.skip(length);
    this.#skipped += length;
    this.counters.skippedBytes += length;
    if (this.#skipped > MAX_SKIPPED_BYTES) throw broken('no RTP packets any more', this.#queue);
  }

  #isVersion2(at: number): boolean {
    return this.#queue.byteAt(at) >>> 6 === RTP_VERSION;
  }

  #u16(at: number): number {
    return (this.#queue.byteAt(at) << 8) | this.#queue.byteAt(at + 1);
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function broken(text: string, queue: ChunkQueue): ProtocolError {
  const firstByte = queue.length === 0 ? -1 : queue.byteAt(0);
  return new ProtocolError('ERR_RTP_FRAMING', `${text} in the stream`, {
    firstByte,
    available: queue.length,
  });
}
