import type { IncomingHttpHeaders } from 'node:http';
import { Signal, withDeadline } from './deadline.ts';
import { FlvParser, RecordingReader } from './flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from './flv-file.ts';
import { openLiveBody } from './live-body.ts';
import type { Scope } from './scope.ts';

/** A viewer over HTTP-FLV, HTTPS-FLV, WS-FLV or WSS-FLV inside the test, so that the test sees each unit arrive. */
export class FlvReader {
  /** Headers of the HTTP answer, names in lower case. */
  responseHeaders: IncomingHttpHeaders = {};
  statusCode = 0;
  readonly #url: string;
  readonly #parser = new FlvParser();
  readonly #recording = new RecordingReader();
  readonly #joined = new Signal();
  readonly #ended = new Signal();
  #read = 0;
  #hasEnded = false;
  #waiting: { condition: () => boolean; signal: Signal }[] = [];
  #close: () => void = () => {};

  private constructor(url: string) {
    this.#url = url;
  }

  /** Connects; use `joined` to wait for the server's answer. It is closed with the scope at the latest. */
  static open(scope: Scope, url: string, headers: Record<string, string> = {}): FlvReader {
    const reader = new FlvReader(url);
    reader.#close = openLiveBody(url, headers, {
      answered: (status, answer) => {
        reader.statusCode = status;
        reader.responseHeaders = answer;
      },
      accepted: () => reader.#joined.resolve(),
      received: (chunk) => reader.#receive(chunk),
      ended: (error) => reader.#end(error),
    });
    scope.defer(() => reader.close());
    return reader;
  }

  get tags(): readonly FlvTag[] {
    return this.#parser.tags;
  }

  get recording(): Recording {
    return this.#recording;
  }

  get units(): readonly AccessUnit[] {
    return this.#recording.units;
  }

  /** Byte 4 of the FLV header; undefined before it has arrived. */
  get flags(): number | undefined {
    return this.#parser.flags;
  }

  /** Resolves when the server has accepted the request: from then on this is a viewer of the stream. */
  async joined(timeoutMs = 15_000): Promise<void> {
    await withDeadline(this.#joined.promise, timeoutMs, `the answer to ${this.#url}`);
  }

  /** Resolves when `condition` holds; it is looked at after each piece of data. Rejects when the stream ends before. */
  async until(condition: () => boolean, what: string, timeoutMs = 40_000): Promise<void> {
    if (condition()) return;
    if (this.#hasEnded) throw new Error(`${this.#url} ended before ${what}; ${this.describe()}`);
    const signal = new Signal();
    this.#waiting.push({ condition, signal });
    await withDeadline(signal.promise, timeoutMs, () => `${what} from ${this.#url}; ${this.describe()}`);
  }

  /** Resolves when this many access units have arrived. */
  async untilUnits(count: number, timeoutMs?: number): Promise<void> {
    await this.until(() => this.units.length >= count, `${count} access units`, timeoutMs);
  }

  /** Resolves when the server has ended the stream, on a tag border. */
  async ended(timeoutMs = 15_000): Promise<void> {
    await withDeadline(this.#ended.promise, timeoutMs, () => `the end of ${this.#url}; ${this.describe()}`);
    if (this.#parser.rest > 0) throw new Error(`${this.#url} ended in the middle of a tag`);
  }

  close(): void {
    this.#close();
  }

  describe(): string {
    const last = this.units.at(-1);
    const lastText = last === undefined ? '' : `, the last with dts ${last.dtsMs}`;
    return `${this.units.length} units so far${lastText}, status ${this.statusCode}`;
  }

  #receive(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
      for (; this.#read < this.#parser.tags.length; this.#read += 1) {
        this.#recording.read(this.#parser.tags[this.#read]!);
      }
    } catch (error) {
      this.#end(error as Error);
      this.#close();
      return;
    }
    this.#waiting = this.#waiting.filter(({ condition, signal }) => {
      if (!condition()) return true;
      signal.resolve();
      return false;
    });
  }

  #end(error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const reason = error ?? new Error(`${this.#url} ended; ${this.describe()}`);
    this.#joined.reject(reason);
    for (const { signal } of this.#waiting) signal.reject(reason);
    this.#waiting = [];
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
  }
}
