/** RTSP connections over everything that can carry one, for clients that say exactly what a test tells them to. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { LocalServer } from './local-server.ts';
import { RawClient } from './raw-client.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';
import { certificateFile, certificateKeyFile } from './project.ts';
import { Waiters } from './waiters.ts';

export const carrierNames = ['tcp', 'tls', 'websocket', 'tunnel'] as const;
export type CarrierName = (typeof carrierNames)[number];

/** One connection, seen from the client. */
export interface RtspCarrier {
  send(bytes: Buffer): void;
  /** What the server has said. */
  readonly text: string;
  /** Resolves when `text` is in it. */
  answered(text: string): Promise<void>;
  /** Leaves in good order. */
  leave(): void;
  /** Resolves when nothing more can come. */
  ended(): Promise<void>;
}

/** A config with every way in. */
export const allCarriers: ConfigOverrides = {
  rtsp: {
    enable: true,
    addr: '127.0.0.1:0',
    rtsps_enable: true,
    rtsps_addr: '127.0.0.1:0',
    rtsps_cert_file: certificateFile,
    rtsps_key_file: certificateKeyFile,
    ws_rtsp_enable: true,
    ws_rtsp_addr: '127.0.0.1:0',
  },
};

/** Connects; the connection ends with the scope at the latest. */
export function openCarrier(scope: Scope, local: LocalServer, name: CarrierName): Promise<RtspCarrier> {
  switch (name) {
    case 'tcp':
      return openTcp(scope, local);
    case 'tls':
      return openTls(scope, local);
    case 'websocket':
      return openWebSocket(scope, local);
    default:
      return openTunnel(scope, local);
  }
}

async function openTcp(scope: Scope, local: LocalServer): Promise<RtspCarrier> {
  const client = await RawClient.open(scope, local.port('rtsp'));
  return {
    send: (bytes) => void client.socket.write(bytes),
    get text() {
      return client.text;
    },
    answered: (text) => client.answered(text),
    leave: () => void client.socket.end(),
    ended: () => client.ended(),
  };
}

/** Collects what a server says. */
class Heard {
  text = '';
  #isEnded = false;
  readonly #waiters = new Waiters(() => this.text.slice(0, 400));

  receive(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
    this.#waiters.wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#waiters.wake();
  }

  answered(text: string): Promise<void> {
    return this.#waiters.until(() => this.text.includes(text), `"${text}"`);
  }

  ended(): Promise<void> {
    return this.#waiters.until(() => this.#isEnded, 'the end of the connection');
  }
}

async function openTls(scope: Scope, local: LocalServer): Promise<RtspCarrier> {
  const socket = connectTls({ host: '127.0.0.1', port: local.port('rtsps'), rejectUnauthorized: false });
  scope.defer(() => void socket.destroy());
  const heard = new Heard();
  socket.on('data', (chunk: Buffer) => heard.receive(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => heard.end());
  await once(socket, 'secureConnect');
  return {
    send: (bytes) => void socket.write(bytes),
    get text() {
      return heard.text;
    },
    answered: (text) => heard.answered(text),
    leave: () => void socket.end(),
    ended: () => heard.ended(),
  };
}

/** Far below what one message may have. */
const messageBytes = 64 * 1024;

async function openWebSocket(scope: Scope, local: LocalServer): Promise<RtspCarrier> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${local.port('ws-rtsp')}/live/x`, 'rtsp');
  scope.defer(() => webSocket.terminate());
  const heard = new Heard();
  webSocket.on('message', (data) => heard.receive(data as Buffer));
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => heard.end());
  await once(webSocket, 'open');
  return {
    send(bytes) {
      for (let at = 0; at < bytes.length; at += messageBytes) {
        webSocket.send(bytes.subarray(at, at + messageBytes));
      }
    },
    get text() {
      return heard.text;
    },
    answered: (text) => heard.answered(text),
    leave: () => webSocket.close(),
    ended: () => heard.ended(),
  };
}

let cookie = 0;

async function openTunnel(scope: Scope, local: LocalServer): Promise<RtspCarrier> {
  cookie += 1;
  const head = `/live/x HTTP/1.0\r\nx-sessioncookie: tunnel-${cookie}\r\n\r\n`;
  const [down, up] = [
    await RawClient.open(scope, local.port('rtsp')),
    await RawClient.open(scope, local.port('rtsp')),
  ];
  await down.send(`GET ${head}`);
  await down.answered('application/x-rtsp-tunnelled');
  await up.send(`POST ${head}`);
  return {
    send: (bytes) => void up.socket.write(bytes.toString('base64')),
    get text() {
      return down.text;
    },
    answered: (text) => down.answered(text),
    leave: () => void down.socket.end(),
    ended: async () => {
      await down.ended();
      await up.ended();
    },
  };
}
