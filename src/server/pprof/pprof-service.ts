import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Clock } from '../../media/clock.ts';
import { sendBody } from '../../session/http/body-sender.ts';
import { cannotBeRebound, sourceOf } from '../api/origin-check.ts';
import { SERVER_NAME } from '../http/http-headers.ts';
import { HeapSampler } from './heap-sampler.ts';
import { textAnswer, type PprofAnswer } from './pprof-answer.ts';
import { pprofPage, PPROF_PREFIX } from './pprof-pages.ts';
import { PROFILES } from './profiles.ts';

/** For sending a profile: a heap snapshot takes memory until it is sent. */
const SEND_TIMEOUT_MS = 300_000;

const BUSY = textAnswer(429, 'Another profile is being made: one at a time.\n', { 'Retry-After': '5' });
const WRONG_METHOD = textAnswer(405, 'These pages answer to GET.\n', { Allow: 'GET' });
const FOREIGN = textAnswer(403, 'Not for pages from elsewhere: open these by IP address, or as localhost.\n');
const FAILED = textAnswer(500, 'The profile could not be made; the log says why.\n');

/** The diagnostics pages: profiles of this process, in the formats of Go's pprof and of Chrome's developer tools. */
export class PprofService {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #isRemoteAllowed: boolean;
  readonly #heap = new HeapSampler();
  readonly #closing = new AbortController();
  #isBusy = false;

  /** @param isRemoteAllowed this machine may be asked by any name that it has */
  constructor(clock: Clock, logger: Logger, isRemoteAllowed: boolean) {
    this.#clock = clock;
    this.#logger = logger;
    this.#isRemoteAllowed = isRemoteAllowed;
  }

  /** Begins to watch the heap. */
  async start(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await this.#heap.start();
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#heap.stop();
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#respond(request, response);
    } catch (error) {
      this.#logger.error({ err: error, url: request.url }, 'pprof: a profile could not be made');
      if (response.headersSent) response.destroy();
      else await this.#send(response, FAILED);
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    const { pathname = '', searchParams: query = new URLSearchParams() } = url ?? {};
    const name = pathname.startsWith(PPROF_PREFIX) ? pathname.slice(PPROF_PREFIX.length) : '';
    const makeProfile = PROFILES.get(name);
    if (this.#isForeign(request.headers)) {
      await this.#send(response, FOREIGN);
    } else if (request.method !== 'GET' && name !== 'symbol') {
      await this.#send(response, WRONG_METHOD);
    } else if (makeProfile === undefined) {
      await this.#send(response, pprofPage(pathname, query));
    } else if (this.#isBusy) {
      await this.#send(response, BUSY);
    } else {
      this.#isBusy = true;
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      try {
        const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
        this.#logger.info({ name, query: query.toString() }, 'pprof: a profile is made');
        await this.#send(
          response,
          await makeProfile({ query, clock: this.#clock, heap: this.#heap, signal }),
        );
      } finally {
        this.#isBusy = false;
      }
    }
  }

  #isForeign(headers: IncomingHttpHeaders): boolean {
    if (sourceOf(headers, []) === 'foreign') return true;
    return !this.#isRemoteAllowed && !cannotBeRebound(headers.host ?? '');
  }

  async #send(response: ServerResponse, answer: PprofAnswer): Promise<void> {
    const { status, contentType, body, fileName, headers } = answer;
    if (this.#closing.signal.aborted) response.shouldKeepAlive = false;
    // A body that nobody reads would have to be waited for before the next request.
    if (response.req.method !== 'GET') response.shouldKeepAlive = false;
    response.writeHead(status, {
      Server: SERVER_NAME,
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(body instanceof Uint8Array && { 'Content-Length': body.length }),
      ...(fileName !== undefined && { 'Content-Disposition': `attachment; filename="${fileName}"` }),
      ...headers,
    });
    await sendBody(response, body, 0, this.#clock, SEND_TIMEOUT_MS);
  }
}
