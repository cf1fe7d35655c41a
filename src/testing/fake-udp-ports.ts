import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { UdpPorts, UdpPortPair } from '../session/net/udp-port-pool.ts';

/** A UDP socket that sends nowhere and receives what the test says. */
export class FakeUdpSocket extends EventEmitter {
  readonly sent: { readonly packet: Uint8Array; readonly port: number; readonly address: string }[] = [];
  queuedBytes = 0;

  /** In both of Node's forms: a whole packet, or a part of some bytes. */
  send(bytes: Uint8Array, ...where: [number, string] | [number, number, number, string]): void {
    if (where.length === 2) {
      this.sent.push({ packet: bytes, port: where[0], address: where[1] });
      return;
    }
    const [offset, length, port, address] = where;
    this.sent.push({ packet: bytes.subarray(offset, offset + length), port, address });
  }

  getSendQueueSize(): number {
    return this.queuedBytes;
  }

  arrive(packet: Uint8Array, address: string, port: number): void {
    this.emit('message', packet, { address, port });
  }
}

/** A pair of UDP ports as a test sees it. */
export interface FakeUdpPair {
  readonly port: number;
  readonly host: string;
  readonly use: 'publish' | 'play';
  readonly rtp: FakeUdpSocket;
  readonly rtcp: FakeUdpSocket;
  isClosed: boolean;
  /** The same as sessions see it. */
  readonly pair: UdpPortPair;
}

/** A pair that belongs to nobody yet. */
export function fakeUdpPair(port = 5000, host = '192.0.2.9', use: 'publish' | 'play' = 'play'): FakeUdpPair {
  const rtp = new FakeUdpSocket();
  const rtcp = new FakeUdpSocket();
  const fake: FakeUdpPair = {
    port,
    host,
    use,
    rtp,
    rtcp,
    isClosed: false,
    pair: {
      port,
      rtp: rtp as unknown as Socket,
      rtcp: rtcp as unknown as Socket,
      close: () => {
        fake.isClosed = true;
      },
    },
  };
  return fake;
}

/** UDP ports 5000, 5002, 5004 and so on; as many as there are said to be. */
export class FakeUdpPorts implements UdpPorts {
  readonly opened: FakeUdpPair[] = [];
  available = 100;

  async open(host = '192.0.2.9', use: 'publish' | 'play' = 'play'): Promise<UdpPortPair | undefined> {
    if (this.opened.length >= this.available) return undefined;
    const fake = fakeUdpPair(5000 + 2 * this.opened.length, host, use);
    this.opened.push(fake);
    return fake.pair;
  }
}
