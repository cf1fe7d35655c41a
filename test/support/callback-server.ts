/** A program that receives the server's callbacks, and answers them as a test wants. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

/** lal's callbacks. */
export const callbackNames = [
  'on_server_start',
  'on_update',
  'on_pub_start',
  'on_pub_stop',
  'on_sub_start',
  'on_sub_stop',
  'on_relay_pull_start',
  'on_relay_pull_stop',
  'on_rtmp_connect',
  'on_hls_make_ts',
] as const;

export type CallbackBody = Record<string, unknown>;

/** One callback that came. */
export interface ReceivedCallback {
  readonly name: string;
  readonly method: string;
  readonly body: CallbackBody;
  readonly headers: IncomingHttpHeaders;
  /** As it was sent. */
  readonly text: string;
}

export type CallbackAnswer = (response: ServerResponse, callback: ReceivedCallback) => void;

/** Takes every callback with 200 and nothing else. */
export const takeAll: CallbackAnswer = (response) => void response.end();

export class CallbackServer {
  /** In the order in which they came. */
  readonly received: ReceivedCallback[] = [];
  /** How each is answered; may be changed at any time. */
  answer: CallbackAnswer = takeAll;
  /** Connections so far. */
  connections = 0;
  readonly #waiters = new Waiters(() => `${this.lines.join(', ')} so far`);
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  private constructor() {
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Closed with the scope. @param port of the system's choice when not given */
  static async start(scope: Scope, port = 0): Promise<CallbackServer> {
    const receiver = new CallbackServer();
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    scope.defer(() => receiver.#close());
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The section `http_notify` that sends everything here. */
  section(other: Record<string, unknown> = {}): Record<string, unknown> {
    const urls = Object.fromEntries(callbackNames.map((name) => [name, `${this.url}/${name}`]));
    return { enable: true, ...urls, ...other };
  }

  /** Callbacks in one line each: name and session. */
  get lines(): string[] {
    return this.received.map(({ name, body }) => `${name} ${(body['session_id'] as string) ?? ''}`.trim());
  }

  bodies(name: string): CallbackBody[] {
    return this.received.filter((callback) => callback.name === name).map(({ body }) => body);
  }

  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    await this.#waiters.until(condition, what, timeoutMs);
  }

  /** Resolves when a callback of this name has come, about this session if one is given; its body. */
  async heard(name: string, sessionId?: string): Promise<CallbackBody> {
    const find = (): CallbackBody | undefined =>
      this.bodies(name).find((body) => sessionId === undefined || body['session_id'] === sessionId);
    await this.until(() => find() !== undefined, `${name} ${sessionId ?? ''}`);
    return find()!;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    try {
      await once(request, 'end');
    } catch {
      // A server that is killed breaks off in the middle: nothing has come.
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    const callback = { name: url.slice(1), method, body: JSON.parse(text) as CallbackBody, headers, text };
    this.received.push(callback);
    this.answer(response, callback);
    this.#waiters.wake();
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
