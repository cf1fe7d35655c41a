/** What a device by GB/T 28181 sends, and who takes it, for tests of transports. */
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import type { Gb28181Way } from '../server/gb28181/receiver-request.ts';
import {
  newTransportCounters,
  type Gb28181MediaHandler,
  type Gb28181Transport,
} from '../session/gb28181/media-transport.ts';
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

/** A way to a device, which the test is. */
export class FakeTransport implements Gb28181Transport {
  readonly counters = newTransportCounters();
  readonly sent: Uint8Array[] = [];
  readonly port: number;
  readonly keepsOrder: boolean;
  readonly way: Gb28181Way;
  readonly handler: Gb28181MediaHandler;
  ticks = 0;
  isClosed = false;

  constructor(way: Gb28181Way, handler: Gb28181MediaHandler, freePort: number) {
    this.way = way;
    this.handler = handler;
    this.keepsOrder = way.transport !== 'udp';
    this.port = way.transport === 'tcp-active' ? 0 : way.port === 0 ? freePort : way.port;
  }

  sendRtcp(packet: Uint8Array): void {
    this.sent.push(packet);
  }

  tick(): void {
    this.ticks += 1;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Where receivers of a test open their ways. */
export class FakeGb28181Network {
  readonly opened: FakeTransport[] = [];
  /** What the system says to the next one; `undefined` in its place: no port is free. */
  failures: (Error | undefined)[] = [];
  #held: Promise<void> | undefined;

  open = async (way: Gb28181Way, handler: Gb28181MediaHandler): Promise<Gb28181Transport | undefined> => {
    await this.#held;
    if (this.failures.length > 0) {
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      return undefined;
    }
    const transport = new FakeTransport(way, handler, 30_000 + 2 * this.opened.length);
    this.opened.push(transport);
    return transport;
  };

  /** Lets nothing be opened for now. @returns lets it */
  hold(): () => void {
    let release = (): void => {};
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }
}
