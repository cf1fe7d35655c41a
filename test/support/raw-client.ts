import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { clientScript, playChunks } from './rtmp-wire.ts';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

/** What is kept of the answers; a stream that is only watched for its end may be longer. */
const keptBytes = 100_000;

/** A TCP client that says exactly what the test tells it to, and may stop reading. */
export class RawClient {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  /** All bytes that came, also those not kept. */
  receivedBytes = 0;
  /** Errno of a connection that broke: a reset, where the server gave no orderly end. */
  errorCode: string | undefined;
  #digest: Hash | undefined;
  #isEnded = false;
  readonly #waiters = new Waiters(() => this.describe());

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      this.#digest?.update(chunk);
      if (this.received.length < keptBytes) this.received = Buffer.concat([this.received, chunk]);
      this.#waiters.wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.errorCode = error.code));
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#isEnded = true;
        this.#waiters.fail('the server closed');
      });
    }
  }

  /** Connects; the connection ends with the scope at the latest. */
  static async open(
    scope: Scope,
    port: number,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    const client = new RawClient(socket);
    scope.defer(() => void socket.destroy());
    await client.until(() => !socket.connecting, 'the connection');
    return client;
  }

  /** Forgets what came so far, and counts and digests from here on. */
  restart(): void {
    this.received = Buffer.alloc(0);
    this.receivedBytes = 0;
    this.#digest = createHash('sha1');
  }

  /** Digest over everything since `restart`. */
  get digest(): string {
    return this.#digest!.copy().digest('hex');
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  /** Resolves when the system has taken the bytes. */
  send(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    if (this.socket.connecting) this.socket.once('connect', () => this.#waiters.wake());
    await this.#waiters.until(condition, what, timeoutMs);
  }

  /** Resolves when `text` is in the answers. */
  async answered(text: string, timeoutMs?: number): Promise<void> {
    await this.until(() => this.received.includes(text), `"${text}"`, timeoutMs);
  }

  /** Resolves when the server has ended the connection, in order or with a reset. */
  async ended(timeoutMs = 10_000): Promise<void> {
    // The end wakes and then fails all who wait, this one among the first.
    await this.until(() => this.#isEnded, 'the end of the connection', timeoutMs);
  }

  describe(): string {
    return `${this.receivedBytes} bytes so far: ${this.text.slice(0, 400).replaceAll(/[^ -~]+/g, ' ')}`;
  }
}

/** The transports of viewers. */
export type ViewerKind = 'rtmp' | 'http' | 'ws';

/** What a viewer says to get a stream, and what the answer has in it when it may watch. */
export function viewerRequest(
  kind: ViewerKind,
  port: number,
  streamName: string,
): { request: Buffer; accepted: string } {
  if (kind === 'rtmp') {
    return { request: clientScript(port, playChunks(streamName)), accepted: 'NetStream.Play.Start' };
  }
  const lines = [`GET /live/${streamName}.flv HTTP/1.1`, 'Host: localhost'];
  if (kind === 'ws') {
    lines.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13');
    lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  }
  const accepted = kind === 'ws' ? '101 Switching Protocols' : '200 OK';
  return { request: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), accepted };
}

/** A viewer that has been accepted, as a bare socket; what it receives is counted from the stream's first byte on. */
export async function openRawViewer(
  scope: Scope,
  kind: ViewerKind,
  port: number,
  streamName: string,
): Promise<RawClient> {
  const client = await RawClient.open(scope, port);
  const { request, accepted } = viewerRequest(kind, port, streamName);
  await client.send(request);
  await client.answered(accepted);
  client.restart();
  return client;
}
