/** What a device by GB/T 28181 sends, and who takes it, for tests of transports. */
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import type { Gb28181MediaHandler } from '../session/gb28181/media-transport.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../protocol/rtp/rtp-packet.ts';
import { concatBytes } from './ps-kit.ts';

/** Writes down what transports hand out; packets of payload type 0 are nobody's. */
export class MediaNotes implements Gb28181MediaHandler {
  readonly heard: string[] = [];

  receiveRtp(packet: Uint8Array): boolean {
    if ((packet[1]! & 0x7f) === 0) return false;
    this.heard.push(`rtp ${packet[3]}`);
    return true;
  }

  receiveRtcp(): void {
    this.heard.push('rtcp');
  }

  connectionChanged(): void {
    this.heard.push('changed');
  }
}

/** One RTP packet without payload. @param payloadType 0: `MediaNotes` does not take it */
export function rtpOf(sequenceNumber: number, payloadType = 96): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER_BYTES);
  writeRtpHeader(bytes, 0, { payloadType, marker: false, sequenceNumber, timestamp: 0, ssrc: 7 });
  return bytes;
}

/** A packet behind its length, as over TCP. */
export function framedRtp(packet: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(packet.length >>> 8, packet.length), packet);
}

/** A TCP port to which only tests connect. */
export class FakeTcpServer extends EventEmitter {
  isClosed = false;

  get server(): Server {
    return this as unknown as Server;
  }

  address(): { port: number } {
    return { port: 6000 };
  }

  close(): void {
    this.isClosed = true;
  }
}
