/**
 * A small RTMP publisher that shares nothing with src/. Unlike ffmpeg it sends exactly the FLV tags it is given, when
 * the test says so: half a group of pictures, a code point that no program writes, times just below 2^32.
 * Source: Adobe "Real-Time Messaging Protocol (RTMP) specification" 1.0, sections 5.2 (handshake), 5.3.1 (chunks), 7.2
 * (commands).
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signal, withDeadline } from './deadline.ts';
import type { FlvTag } from './flv-file.ts';
import type { Scope } from './scope.ts';

export type SentTag = Pick<FlvTag, 'type' | 'timestampMs' | 'body'>;

const handshakeSize = 1536;
const chunkSize = 60_000;

const string = (text: string): Buffer => {
  const head = Buffer.from([2, 0, 0]);
  head.writeUInt16BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};

const nothing: Buffer = Buffer.from([5]);

const object = (entries: Record<string, string>): Buffer =>
  Buffer.concat([
    Buffer.from([3]),
    ...Object.entries(entries).flatMap(([key, value]) => [string(key).subarray(1), string(value)]),
    Buffer.from([0, 0, 9]),
  ]);

/** One message as chunks: fmt 0 first, fmt 3 after it, the extended time in each where there is one. */
export function chunksOf(
  chunkStreamId: number,
  typeId: number,
  streamId: number,
  timestampMs: number,
  payload: Buffer,
): Buffer {
  const extended = timestampMs >= 0xffffff;
  const time = Buffer.alloc(4);
  time.writeUInt32BE(timestampMs);
  const header = Buffer.alloc(12);
  header[0] = chunkStreamId;
  header.writeUIntBE(extended ? 0xffffff : timestampMs, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = typeId;
  header.writeUInt32LE(streamId, 8);
  const parts: Buffer[] = [header];
  for (let at = 0; at === 0 || at < payload.length; at += chunkSize) {
    if (at > 0) parts.push(Buffer.from([0xc0 | chunkStreamId]));
    if (extended) parts.push(time);
    parts.push(payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

/** The stream id that a server gives to the first createStream of a connection. */
const mediaStreamId = 1;

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
    const size = Buffer.alloc(4);
    size.writeUInt32BE(chunkSize);
    publisher.sendRaw(chunksOf(2, 1, 0, 0, size));
    const details = {
      app,
      type: 'nonprivate',
      flashVer: 'FMLE/3.0',
      tcUrl: `rtmp://127.0.0.1:${port}/${app}`,
    };
    publisher.#command(0, string('connect'), number(1), object(details));
    await publisher.answered('NetConnection.Connect.Success');
    publisher.#command(0, string('createStream'), number(2), nothing);
    return publisher;
  }

  async publish(streamName: string): Promise<void> {
    this.#command(mediaStreamId, string('publish'), number(3), nothing, string(streamName), string('live'));
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
    this.#command(0, string('deleteStream'), number(4), nothing, number(mediaStreamId));
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
    const text = this.#received.subarray(1 + 2 * handshakeSize).toString('latin1');
    return `answers: ${text.replaceAll(/[^ -~]+/g, ' ')}`;
  }

  async #handshake(): Promise<void> {
    const c1 = Buffer.concat([Buffer.alloc(8), randomBytes(handshakeSize - 8)]);
    this.#socket.write(Buffer.concat([Buffer.from([3]), c1]));
    await this.#until(() => this.#received.length >= 1 + 2 * handshakeSize, 10_000, 'S0, S1 and S2');
    this.#socket.write(this.#received.subarray(1, 1 + handshakeSize));
  }

  #command(streamId: number, ...values: Buffer[]): void {
    this.sendRaw(chunksOf(3, 20, streamId, 0, Buffer.concat(values)));
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
