import type { Socket } from 'node:net';
import type { RtspUrl } from '../protocol/rtsp/rtsp-url.ts';
import type { RtspClientNetwork } from '../session/rtsp/client-network.ts';
import { duplexPair } from './duplex-pair.ts';
import type { PairedSocket } from './duplex-pair.ts';
import { FakeUdpPorts } from './fake-udp-ports.ts';
import { ScriptedRtspServer } from './rtsp-script.ts';
import type { RtspScript } from './rtsp-script.ts';

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
