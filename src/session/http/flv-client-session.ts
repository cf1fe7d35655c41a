import { FlvDemuxer } from '../../container/flv/flv-demuxer.ts';
import type { FlvTag } from '../../container/flv/flv-types.ts';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { httpFailureOf } from './http-failure.ts';
import { openHttp } from './open-http.ts';

/** What to pull, and how patiently. */
export interface FlvClientSessionOptions {
  /** `http://` or `https://`; a user in it is sent as Basic credentials. */
  readonly url: string;
  readonly client: HttpClient;
  readonly userAgent: string;
  /** From the beginning to the FLV header, which live servers send when there is a stream. */
  readonly startTimeoutMs: number;
  /** How long nothing may be received after that, pauses apart. */
  readonly idleTimeoutMs: number;
  /** Of one tag. */
  readonly maxTagBytes: number;
  readonly clock: Clock;
}

/** What the session tells its owner. A call that throws ends the session. */
export interface FlvClientListener {
  /**
   * The FLV header has come.
   * @param file the server says how long the stream is, so it is not live: what tells this file from others at its place
   */
  started(file: string | undefined): void;
  /** @param tag with its time as on the wire; never reused */
  tag(tag: FlvTag): void;
  /** Once, whatever ended the session; nothing follows. */
  ended(reason: EndReason): void;
}

/** Idleness is looked at this often, so it may be noticed so much late. */
const WATCH_INTERVAL_MS = 1000;

/** One pull of HTTP-FLV. Connects at once. */
export class FlvClientSession {
  readonly #options: FlvClientSessionOptions;
  readonly #listener: FlvClientListener;
  readonly #demuxer: FlvDemuxer;
  readonly #stop = new AbortController();
  #answer: HttpAnswer | undefined;
  #isStarted = false;
  #isEnded = false;
  #bytesRead = 0;
  #lastActiveMs = 0;
  #cancelTimer: () => void;

  /** Everything is told to the listener, and never before this returns. */
  constructor(options: FlvClientSessionOptions, listener: FlvClientListener) {
    this.#options = options;
    this.#listener = listener;
    this.#demuxer = new FlvDemuxer({ maxBodyBytes: options.maxTagBytes });
    this.#cancelTimer = options.clock.after(options.startTimeoutMs, () =>
      this.#finish(endReason('handshake-timeout')),
    );
    void this.#open();
  }

  /** Of the body. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Stops reading, so that the server feels the backpressure. What has been read is told all the same. */
  pause(): void {
    this.#answer?.body.pause();
  }

  resume(): void {
    this.#lastActiveMs = this.#options.clock.monotonicMs();
    this.#answer?.body.resume();
  }

  /** Closes the connection. Twice is harmless. */
  end(reason: EndReason): void {
    this.#finish(reason);
  }

  async #open(): Promise<void> {
    const { client, url, userAgent } = this.#options;
    const headers = { 'User-Agent': userAgent, Accept: '*/*' };
    try {
      const answer = await openHttp(client, url, headers, this.#stop.signal);
      if (this.#isEnded) answer.body.destroy();
      else this.#opened(answer);
    } catch (error) {
      this.#finish(httpFailureOf(error, this.#stop.signal).endReason);
    }
  }

  #opened(answer: HttpAnswer): void {
    const { body } = answer;
    this.#answer = answer;
    body.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    body.on('error', (error) => this.#finish(httpFailureOf(error, this.#stop.signal).endReason));
    body.on('end', () => this.#finish(endReason(this.#file === undefined ? 'peer-closed' : 'source-ended')));
    body.on('close', () => this.#finish(endReason('peer-closed')));
  }

  get #file(): string | undefined {
    const { 'content-length': length, 'last-modified': date = '', etag = '' } = this.#answer?.headers ?? {};
    return length === undefined ? undefined : `${length} ${date} ${etag}`;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isEnded) return;
    this.#bytesRead += chunk.length;
    this.#lastActiveMs = this.#options.clock.monotonicMs();
    try {
      this.#demuxer.receive(chunk);
      // The listener may end the session.
      while (!this.#isEnded) {
        const tag = this.#demuxer.nextTag();
        if (!this.#isStarted && this.#demuxer.header !== undefined) this.#started();
        if (tag === undefined) break;
        if (!this.#isEnded) this.#listener.tag(tag);
      }
    } catch (error) {
      this.#finish(endReasonOfError(error));
    }
  }

  #started(): void {
    this.#isStarted = true;
    this.#watch();
    this.#listener.started(this.#file);
  }

  /** Looks for idleness again and again. */
  #watch(): void {
    const { clock, idleTimeoutMs } = this.#options;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(Math.min(WATCH_INTERVAL_MS, idleTimeoutMs), () => {
      const nowMs = clock.monotonicMs();
      if (this.#answer!.body.isPaused()) this.#lastActiveMs = nowMs;
      if (nowMs - this.#lastActiveMs >= idleTimeoutMs) this.#finish(endReason('idle-timeout'));
      else this.#watch();
    });
  }

  #finish(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelTimer();
    this.#stop.abort(reason);
    this.#answer?.body.destroy();
    this.#listener.ended(reason);
  }
}
