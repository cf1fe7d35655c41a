/**
 * A small RTMP publisher that shares nothing with src/. Unlike ffmpeg it sends exactly the FLV tags it is given, when
 * the test says so: half a group of pictures, a code point that no program writes, times just below 2^32.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signal, withDeadline } from './deadline.ts';
import type { FlvTag } from './flv-file.ts';
import {
  chunksOf,
  clientGreeting,
  commandChunks,
  connectChunks,
  handshakeSize,
  mediaStreamId,
  nothing,
  number,
  publishChunks,
  serverHandshakeSize,
  string,
} from './rtmp-wire.ts';
import type { Scope } from './scope.ts';

export type SentTag = Pick<FlvTag, 'type' | 'timestampMs' | 'body'>;

export class RtmpPublisher {
  readonly #socket: Socket;
  readonly #closed = new Signal();
  #received: Buffer = Buffer.alloc(0);
  #waiting: { condition: () => boolean; signal: Signal }[] = [];
  #startedMs: number | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      // Only the first answers are looked at; a publisher gets nothing of size.
      if (this.#received.length < 100_000) this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed.resolve();
      for (const { signal } of this.#waiting)
        signal.reject(new Error(`the server closed; ${this.describe()}`));
    });
  }

  /** Connects and publishes; rejects when the server refuses. The connection ends with the scope at the latest. */
  static async open(scope: Scope, port: number, streamName: string, app = 'live'): Promise<RtmpPublisher> {
    const publisher = await RtmpPublisher.connect(scope, port, app);
    await publisher.publish(streamName);
    return publisher;
  }

  /** Connects and sends `connect` and `createStream`, not yet `publish`. */
  static async connect(scope: Scope, port: number, app = 'live'): Promise<RtmpPublisher> {
    const socket = connect(port, '127.0.0.1');
    const publisher = new RtmpPublisher(socket);
    scope.defer(() => void socket.destroy());
    await publisher.#handshake();
    publisher.sendRaw(connectChunks(app, port));
    await publisher.answered('NetConnection.Connect.Success');
    return publisher;
  }

  async publish(streamName: string): Promise<void> {
    this.sendRaw(publishChunks(streamName));
    await this.answered('NetStream.Publish.Start');
  }

  /** Resolves when `text` is in what the server has sent. */
  async answered(text: string, timeoutMs = 10_000): Promise<void> {
    await this.#until(() => this.#received.includes(text), timeoutMs, `"${text}"`);
  }

  /** Sends tags at once; the promise resolves when the socket has taken them. */
  async send(tags: readonly SentTag[]): Promise<void> {
    const chunks = tags.map((tag) => this.#chunksOfTag(tag));
    await new Promise<void>((resolve) => {
      this.#socket.write(Buffer.concat(chunks), () => resolve());
    });
  }

  /** Sends tags in real time: each when its timestamp is due, counted from the first tag ever paced. */
  async sendPaced(tags: readonly SentTag[]): Promise<void> {
    for (const tag of tags) {
      this.#startedMs ??= performance.now() - tag.timestampMs;
      const waitMs = this.#startedMs + tag.timestampMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      await this.send([tag]);
    }
  }

  /** Sends bytes as they are: for what a well-behaved client does not do. */
  sendRaw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Says goodbye as ffmpeg does, and closes. */
  async close(): Promise<void> {
    this.sendRaw(commandChunks(0, string('deleteStream'), number(4), nothing, number(mediaStreamId)));
    this.#socket.end();
    await this.closed();
  }

  /** Resolves when the connection is closed, by whichever side. */
  async closed(timeoutMs = 10_000): Promise<void> {
    await withDeadline(
      this.#closed.promise,
      timeoutMs,
      () => `the end of the connection; ${this.describe()}`,
    );
  }

  /** Closes without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The readable part of what the server has answered. */
  describe(): string {
    const text = this.#received.subarray(serverHandshakeSize).toString('latin1');
    return `answers: ${text.replaceAll(/[^ -~]+/g, ' ')}`;
  }

  async #handshake(): Promise<void> {
    this.#socket.write(clientGreeting());
    await this.#until(() => this.#received.length >= serverHandshakeSize, 10_000, 'S0, S1 and S2');
    this.#socket.write(this.#received.subarray(1, 1 + handshakeSize));
  }

  #chunksOfTag({ type, timestampMs, body }: SentTag): Buffer {
    const payload = type === 18 ? Buffer.concat([string('@setDataFrame'), body]) : body;
    const chunkStreamId = type === 8 ? 4 : type === 9 ? 6 : 5;
    return chunksOf(chunkStreamId, type, mediaStreamId, timestampMs, payload);
  }

  async #until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (condition()) return;
    if (this.#socket.destroyed) throw new Error(`the server closed before ${what}; ${this.describe()}`);
    const signal = new Signal();
    this.#waiting.push({ condition, signal });
    await withDeadline(signal.promise, timeoutMs, () => `${what}; ${this.describe()}`);
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ condition, signal }) => {
      if (!condition()) return true;
      signal.resolve();
      return false;
    });
  }
}
