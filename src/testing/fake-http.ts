import { Readable } from 'node:stream';
import type { HttpAnswer, HttpClient } from '../session/http/http-client.ts';

/** What a `FakeHttp` answers. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A stream stays open; for what never ends, or ends badly. */
  readonly body?: string | Uint8Array | Readable;
}

const SILENCE = 'silence';

/** An HTTP server in memory: pages that can be exchanged, and a list of what was asked for. */
export class FakeHttp implements HttpClient {
  readonly pages = new Map<string, FakeAnswer | Error | typeof SILENCE>();
  readonly requests: { url: string; headers: Readonly<Record<string, string>> }[] = [];
  isClosed = false;

  /** @param page an error is thrown; `'silence'` never answers */
  put(url: string, page: FakeAnswer | Error | string | Uint8Array): void {
    if (page === SILENCE) this.pages.set(url, SILENCE);
    else if (typeof page === 'string' || page instanceof Uint8Array) this.pages.set(url, { body: page });
    else this.pages.set(url, page);
  }

  /** The URLs asked for since the last call. */
  takeUrls(): string[] {
    return this.requests.splice(0).map(({ url }) => url);
  }

  get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    this.requests.push({ url, headers });
    const page = this.pages.get(url) ?? { status: 404 };
    if (page instanceof Error) return Promise.reject(page);
    if (page === SILENCE) {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    }
    const { status = 200, headers: answered = {}, body = '' } = page;
    const stream = body instanceof Readable ? body : Readable.from([Buffer.from(body)]);
    stream.on('error', () => undefined);
    signal.addEventListener('abort', () => stream.destroy(new Error('aborted')), { once: true });
    return Promise.resolve({ status, headers: answered, body: stream });
  }

  close(): void {
    this.isClosed = true;
  }
}
