import type { Socket as UdpSocket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { RtspUrl } from '../protocol/rtsp/rtsp-url.ts';
import type { RtspClientNetwork } from '../session/rtsp/client-network.ts';
import type { RtspUdpPorts, UdpPortPair } from '../session/rtsp/udp-port-pool.ts';
import { duplexPair } from './duplex-pair.ts';
import type { PairedSocket } from './duplex-pair.ts';
import { ScriptedRtspServer } from './rtsp-script.ts';
import type { RtspScript } from './rtsp-script.ts';

/** A UDP socket that sends nowhere and receives what the test says. */
class FakeUdpSocket extends EventEmitter {
  readonly sent: { readonly packet: Uint8Array; readonly port: number; readonly address: string }[] = [];
  queuedBytes = 0;

  send(packet: Uint8Array, port: number, address: string): void {
    this.sent.push({ packet, port, address });
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
  readonly rtp: FakeUdpSocket;
  readonly rtcp: FakeUdpSocket;
  isClosed: boolean;
}

/** UDP ports 5000, 5002, 5004 and so on; as many as there are said to be. */
export class FakeUdpPorts implements RtspUdpPorts {
  readonly opened: FakeUdpPair[] = [];
  available = 100;

  async open(): Promise<UdpPortPair | undefined> {
    if (this.opened.length >= this.available) return undefined;
    const pair: FakeUdpPair = {
      port: 5000 + 2 * this.opened.length,
      rtp: new FakeUdpSocket(),
      rtcp: new FakeUdpSocket(),
      isClosed: false,
    };
    this.opened.push(pair);
    return {
      port: pair.port,
      rtp: pair.rtp as unknown as UdpSocket,
      rtcp: pair.rtcp as unknown as UdpSocket,
      close: () => {
        pair.isClosed = true;
      },
    };
  }
}

/** One connection of a client to a scripted server. */
export interface FakeConnection {
  readonly url: RtspUrl;
  readonly server: ScriptedRtspServer;
  /** The server's end. */
  readonly socket: PairedSocket;
  /** The server has seen the client close. */
  isClosed: boolean;
}

/** A network in memory: each connection reaches a server that follows the next script, the last one repeated. */
export class FakeRtspNetwork implements RtspClientNetwork {
  readonly udpPorts: FakeUdpPorts = new FakeUdpPorts();
  readonly connections: FakeConnection[] = [];
  readonly #scripts: readonly RtspScript[];

  constructor(...scripts: readonly RtspScript[]) {
    this.#scripts = scripts;
  }

  get last(): FakeConnection {
    return this.connections.at(-1)!;
  }

  connect(url: RtspUrl, _tls: unknown, onConnected: () => void): Socket {
    const { server: clientEnd, client: socket } = duplexPair();
    const script = this.#scripts[Math.min(this.connections.length, this.#scripts.length - 1)]!;
    const connection: FakeConnection = {
      url,
      server: new ScriptedRtspServer(script),
      socket,
      isClosed: false,
    };
    this.connections.push(connection);
    socket.on('data', (chunk: Buffer) => {
      const answer = connection.server.receive(new Uint8Array(chunk));
      if (answer.length > 0) socket.write(answer);
    });
    socket.on('end', () => {
      connection.isClosed = true;
      socket.end();
    });
    setImmediate(onConnected);
    return clientEnd.socket;
  }
}
