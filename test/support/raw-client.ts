import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

/** What is kept of the answers; a stream that is only watched for its end may be longer. */
const keptBytes = 1_000_000;

/** A TCP client that says exactly what the test tells it to, and may stop reading. */
export class RawClient {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  /** All bytes that came, also those not kept. */
  receivedBytes = 0;
  /** Errno of a connection that broke: a reset, where the server gave no orderly end. */
  errorCode: string | undefined;
  #isEnded = false;
  readonly #waiters = new Waiters(() => this.describe());

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
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
