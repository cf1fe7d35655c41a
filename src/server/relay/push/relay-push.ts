import type { LiveStream } from '../../../hub/live-stream.ts';
import { endReason, endReasonOfError, type EndReason } from '../../../media/end-reason.ts';
import type { ServerContext } from '../../server-context.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';
import type { StreamAddress } from '../../stream-address.ts';
import type { OpenPushConnection, PushConnection, PushManner } from './push-connection.ts';
import { withoutSecrets } from '../url-redaction.ts';
import { PushRetry } from './push-retry.ts';
import type { PushStatus } from './push-status.ts';
import type { PushTemplate, PushUrl } from './push-url.ts';

/** A stream and a target. */
export interface RelayPushOptions {
  readonly id: string;
  readonly template: PushTemplate;
  readonly manner: PushManner;
  /** As in `PushRetry`, anew with each publisher. */
  readonly maxRetries: number;
  readonly stream: LiveStream;
  /** The stream's names, as far as they are known. */
  readonly address: StreamAddress;
}

/** What a push tells its owner. */
export interface RelayPushEvents {
  /** The operator, or the server's end, wants it to stop. */
  kicked(reason: EndReason): void;
  /** The stream is over, and nothing is being sent any more. */
  idle(): void;
}

/** What a push needs of the server. */
export interface RelayPushContext extends Pick<ServerContext, 'config' | 'clock' | 'logger' | 'registry'> {
  readonly open: OpenPushConnection;
}

/** What a target has not taken by then of the end of a stream is cut off. */
const FINISH_TIMEOUT_MS = 10_000;
/** Who changes tracks all the time does not get the target called all the time. */
const RENEWAL_INTERVAL_MS = 1000;

interface Established {
  readonly connection: PushConnection;
  readonly record: SessionRecord;
  readonly sinceMs: number;
}

type State =
  | { readonly name: 'waiting' | 'stopped' }
  | { readonly name: 'connecting'; readonly connection: PushConnection }
  | ({ readonly name: 'pushing' } & Established)
  | ({ readonly name: 'finishing'; readonly cancelTimeout: () => void } & Established)
  | { readonly name: 'pausing'; readonly cancel: () => void };

/**
 * One stream on its way to one target, over any number of connections: a connection that fails is followed by another,
 * as long as the stream is published.
 */
export class RelayPush {
  readonly #options: RelayPushOptions;
  readonly #context: RelayPushContext;
  readonly #events: RelayPushEvents;
  readonly #createdMs: number;
  #state: State = { name: 'waiting' };
  #isPublished = false;
  #address: StreamAddress;
  #url: PushUrl;
  #retry: PushRetry;
  #lastEnd: PushStatus['lastEnd'];
  /** On the monotonic clock. */
  #lastOpenedMs = -Infinity;

  /** @throws ProtocolError when the stream's names cannot stand in such a URL */
  constructor(options: RelayPushOptions, context: RelayPushContext, events: RelayPushEvents) {
    this.#options = options;
    this.#context = context;
    this.#events = events;
    this.#createdMs = context.clock.wallMs();
    this.#address = options.address;
    this.#url = options.template.expand(options.address);
    this.#retry = this.#newRetry();
  }

  get id(): string {
    return this.#options.id;
  }

  /** As it was given, secrets and all. */
  get template(): string {
    return this.#options.template.text;
  }

  get isIdle(): boolean {
    return this.#state.name === 'waiting' || this.#state.name === 'stopped';
  }

  get status(): PushStatus {
    const state = this.#state;
    const record = 'record' in state ? state.record : undefined;
    return {
      id: this.id,
      protocol: this.#url.protocol,
      remoteAddress: this.#url.remoteAddress,
      url: this.#url.shown,
      state: state.name,
      startedMs: record?.startedMs ?? this.#createdMs,
      record,
      subscription: 'connection' in state ? state.connection.subscription : undefined,
      failures: this.#retry.failures,
      lastEnd: this.#lastEnd,
    };
  }

  /**
   * Somebody publishes the stream, and its tracks are known; best called before its first frame. Without `unpublished`
   * before, the stream goes on where it stopped, and so does a connection.
   */
  published(address: StreamAddress): void {
    this.#attempt(() => {
      const url = this.#options.template.expand(address);
      const isSameTarget = JSON.stringify(url) === JSON.stringify(this.#url);
      const goesOn = this.#isPublished && isSameTarget && this.#state.name !== 'stopped';
      // The last publisher's end may still be on its way.
      if (!goesOn) this.#leave(endReason('source-ended'));
      this.#isPublished = true;
      this.#address = address;
      this.#url = url;
      if (goesOn) {
        this.tracksChanged();
      } else {
        this.#retry = this.#newRetry();
        this.#connect();
      }
    });
  }

  /** A track of the stream is new, or has changed. */
  tracksChanged(): void {
    const state = this.#state;
    if (state.name === 'waiting' && this.#isPublished) this.#attempt(() => this.#connect());
    if (state.name !== 'connecting' && state.name !== 'pushing') return;
    if (state.connection.fits(this.#options.stream.state)) return;
    const reason = endReason('source-ended', 'tracks-changed', 'the stream has other tracks than announced');
    if (state.name === 'pushing') {
      this.#finish(state, reason);
    } else {
      this.#leave(reason);
      this.#renew();
    }
  }

  /** Nobody publishes the stream any more. */
  unpublished(): void {
    this.#isPublished = false;
    const reason = endReason('source-ended');
    if (this.#state.name === 'pushing') this.#finish(this.#state, reason);
    else if (this.#state.name !== 'finishing') this.#leave(reason);
  }

  /** Ends what is going on; the next publisher is pushed again. */
  stop(reason: EndReason): void {
    this.#leave(reason);
    this.#state = { name: 'stopped' };
  }

  #connect(): void {
    const { manner, stream } = this.#options;
    const { clock, config, open } = this.#context;
    const limits = {
      maxQueueBytes: config.relay_push.queue_bytes,
      maxQueueMs: config.relay_push.queue_ms,
      // The queue alone decides: connecting takes its time, and who lags behind evenly is welcome.
      maxBehindMs: Infinity,
      idleTimeoutMs: config.limits.idle_timeout_ms,
      overflow: 'fail',
    } as const;
    this.#lastOpenedMs = clock.monotonicMs();
    const connection = open(
      { url: this.#url, manner, stream, limits, context: this.#context },
      { started: () => this.#started(), ended: (reason) => this.#ended(connection!, reason) },
    );
    this.#state = connection === undefined ? { name: 'waiting' } : { name: 'connecting', connection };
  }

  #started(): void {
    if (this.#state.name !== 'connecting') return;
    const { registry, clock, logger } = this.#context;
    const { connection } = this.#state;
    const record = this.#recordOf(connection);
    this.#state = { name: 'pushing', connection, record, sinceMs: clock.monotonicMs() };
    registry.add(record);
    logger.info({ session: this.id, stream: record.streamKey, url: record.url }, 'relay push start');
  }

  #ended(connection: PushConnection, end: EndReason): void {
    const state = this.#state;
    // Who has left a connection knows that it ends.
    if (!('connection' in state) || state.connection !== connection) return;
    const reason = withoutSecrets(end, this.#url.secrets);
    this.#settle(state, reason);
    if (!this.#isPublished) {
      this.#state = { name: 'waiting' };
      this.#logEnd(state, reason);
      this.#events.idle();
    } else if (state.name === 'finishing') {
      this.#logEnd(state, reason);
      this.#renew();
    } else {
      this.#retryAfter(state, reason);
    }
  }

  #retryAfter(state: State, reason: EndReason): void {
    const upMs = 'sinceMs' in state ? this.#context.clock.monotonicMs() - state.sinceMs : 0;
    const retryMs = this.#retry.failed(upMs);
    this.#logEnd(state, reason, retryMs ?? 'none');
    if (retryMs === undefined) this.#state = { name: 'stopped' };
    else this.#pause(retryMs);
  }

  /** Ends the present connection, or the wait for the next, without a word to the owner. */
  #leave(reason: EndReason): void {
    const state = this.#state;
    this.#state = { name: 'waiting' };
    if (state.name === 'pausing') state.cancel();
    if (!('connection' in state)) return;
    this.#settle(state, reason);
    this.#logEnd(state, reason);
    state.connection.end(reason);
  }

  #finish(state: State & { name: 'pushing' }, reason: EndReason): void {
    const { connection } = state;
    this.#options.stream.flush();
    const cancelTimeout = this.#context.clock.after(FINISH_TIMEOUT_MS, () => connection.end(reason));
    this.#state = { ...state, name: 'finishing', cancelTimeout };
    connection.finish(reason);
  }

  /** Calls the target again, because of what the stream has become. */
  #renew(): void {
    const sinceOpenedMs = this.#context.clock.monotonicMs() - this.#lastOpenedMs;
    this.#pause(Math.max(RENEWAL_INTERVAL_MS - sinceOpenedMs, 0));
  }

  #pause(delayMs: number): void {
    const cancel = this.#context.clock.after(delayMs, () => this.#attempt(() => this.#connect()));
    this.#state = { name: 'pausing', cancel };
  }

  /** A URL that cannot be used will not be better the next time. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      const reason = withoutSecrets(endReasonOfError(error), this.#url.secrets);
      this.stop(reason);
      this.#lastEnd = { reason, wallMs: this.#context.clock.wallMs() };
      this.#logEnd(this.#state, reason, 'none');
    }
  }

  #settle(state: State & { readonly connection: PushConnection }, reason: EndReason): void {
    if (state.name === 'finishing') state.cancelTimeout();
    if ('record' in state) this.#context.registry.remove(state.record, reason);
    this.#lastEnd = { reason, wallMs: this.#context.clock.wallMs() };
  }

  /** @param retryMs when to try again; `none`: no more. Left out where the end was meant. */
  #logEnd(state: State, reason: EndReason, retryMs?: number | 'none'): void {
    const { logger } = this.#context;
    const { code, detail, message, cause } = reason;
    const bytes = 'connection' in state ? state.connection.bytesWritten : 0;
    const isRepetition = this.#retry.failures > 1 && typeof retryMs === 'number' && !('record' in state);
    const usual = retryMs === undefined ? 'info' : isRepetition ? 'debug' : 'warn';
    const level = code === 'internal-error' ? 'error' : usual;
    const fields = { session: this.id, stream: this.#options.stream.key, url: this.#url.shown, code, detail };
    logger[level]({ ...fields, reason: message, bytes, retryMs, err: cause }, 'relay push stop');
  }

  #newRetry(): PushRetry {
    return new PushRetry(this.#options.maxRetries, this.#context.config.relay_push.max_retry_interval_ms);
  }

  #recordOf(connection: PushConnection): SessionRecord {
    const { protocol, remoteAddress, shown } = this.#url;
    return {
      ...this.#address,
      id: this.id,
      protocol,
      baseType: 'PUSH',
      streamKey: this.#options.stream.key,
      remoteAddress,
      url: shown,
      startedMs: this.#context.clock.wallMs(),
      bytesRead: () => connection.bytesRead,
      bytesWritten: () => connection.bytesWritten,
      subscription: connection.subscription,
      close: (reason) => this.#events.kicked(reason),
    };
  }
}
