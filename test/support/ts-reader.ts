import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Signal, withDeadline } from './deadline.ts';
import type { Recording } from './flv-file.ts';
import { openLiveBody } from './live-body.ts';
import type { LiveBodyEvents } from './live-body.ts';
import { probeUnits } from './probe-units.ts';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

let readers = 0;

/** A viewer over HTTP-TS, HTTPS-TS, WS-TS or WSS-TS inside the test. It keeps the bytes; ffprobe reads them afterwards. */
export class TsReader {
  readonly #scope: Scope;
  readonly #url: string;
  readonly #chunks: Buffer[] = [];
  #receivedBytes = 0;
  readonly #joined = new Signal();
  readonly #ended = new Signal();
  readonly #waiters = new Waiters(() => `${this.#receivedBytes} bytes from ${this.#url} so far`);
  #close: () => void = () => {};

  private constructor(scope: Scope, url: string) {
    this.#scope = scope;
    this.#url = url;
  }

  /** Connects; use `joined` to wait for the server's answer. It is closed with the scope at the latest. */
  static open(scope: Scope, url: string): TsReader {
    const reader = new TsReader(scope, url);
    const events: LiveBodyEvents = {
      answered: () => {},
      accepted: () => reader.#joined.resolve(),
      received: (chunk) => reader.#receive(chunk),
      ended: (error) => reader.#end(error),
    };
    reader.#close = openLiveBody(url, {}, events);
    scope.defer(() => reader.close());
    return reader;
  }

  /** Everything received so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when the server has accepted the request: from then on this is a viewer of the stream. */
  async joined(timeoutMs = 15_000): Promise<void> {
    await withDeadline(this.#joined.promise, timeoutMs, `the answer to ${this.#url}`);
  }

  /** Resolves when anything has come. */
  async untilBytes(timeoutMs?: number): Promise<void> {
    await this.#waiters.until(() => this.#receivedBytes > 0, 'a first byte', timeoutMs);
  }

  /** Resolves when the server has ended the stream. */
  async ended(timeoutMs = 15_000): Promise<void> {
    await withDeadline(this.#ended.promise, timeoutMs, () => `the end of ${this.#url}`);
  }

  /** Writes what has come into a file. */
  save(): string {
    readers += 1;
    const path = join(this.#scope.folder(), `received-${readers}.ts`);
    writeFileSync(path, this.bytes);
    return path;
  }

  /** What ffprobe reads from what has come. */
  recording(): Promise<Recording> {
    return probeUnits(this.#scope, this.save());
  }

  close(): void {
    this.#close();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#receivedBytes += chunk.length;
    this.#waiters.wake();
  }

  #end(error?: Error): void {
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
    this.#joined.reject(error ?? new Error(`${this.#url} ended`));
    this.#waiters.fail('the stream ended');
  }
}
