import type { Logger } from 'pino';
import type { Clock } from '../../media/clock.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { MissedStarts } from '../hooks/missed-starts.ts';
import type { OrderKeys } from '../hooks/ordered-tasks.ts';
import { orderKeysOf, type ServerEvent, type ServerEventSink } from '../hooks/server-event.ts';
import { TroubleLog, type TroubleReport } from '../hooks/trouble-log.ts';
import { callbackBody, type CallbackOrigin } from './callback-body.ts';
import type { CallbackClient } from './callback-client.ts';
import { CallbackEndpoints, type CallbackEndpoint } from './callback-endpoint.ts';
import { CALLBACK_OF, START_OF, type CallbackName } from './callback-names.ts';
import {
  CallbackReceiver,
  type Callback,
  type CallbackFailure,
  type CallbackObserver,
} from './callback-receiver.ts';

/** lal's: what may be pending for all receivers together. */
const MAX_PENDING = 1024;
/** The same in characters, for clients that say much. */
const MAX_PENDING_LENGTH = 16 * 1024 * 1024;
/** A key that all have in common. */
const ONE_BY_ONE: OrderKeys = ['all'];

/** Callbacks since the server was made. */
export interface CallbackCounters {
  /** Answered with a status of 200 to 299. */
  readonly sent: number;
  /** Given up: no answer, or another status. */
  readonly failed: number;
  /** Attempts after which another one was made. */
  readonly retried: number;
  /** Left out because too many were pending. */
  readonly dropped: number;
  /** Under way or waiting right now. */
  readonly queued: number;
}

/** What callbacks are sent with. */
export interface HttpNotifyOptions {
  /** Read at each event. */
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  /** When the server was started, in milliseconds since 1970. */
  readonly startedMs: number;
  readonly client: CallbackClient;
}

/** A failure, and the URL as the log may show it. */
type ShownFailure = CallbackFailure & { readonly url: string };

/** lal's HTTP callbacks (`http_notify`): tells other programs what happens here. No session ever waits for it. */
export class HttpNotify implements ServerEventSink, CallbackObserver {
  readonly #options: HttpNotifyOptions;
  readonly #endpoints: CallbackEndpoints;
  readonly #receivers = new Map<string, CallbackReceiver>();
  /** There was no room for them. */
  readonly #missedStarts = new MissedStarts();
  /** The config did not want them; after a reload it may want the stops. */
  readonly #untoldStarts = new MissedStarts();
  readonly #failures = new Map<CallbackName, TroubleLog<ShownFailure>>();
  readonly #drops: TroubleLog<CallbackName>;
  readonly #counters = { sent: 0, failed: 0, retried: 0, dropped: 0 };
  #isUpdatePending = false;
  #isClosing = false;
  #hasGivenUp = false;

  constructor(options: HttpNotifyOptions) {
    const { clock, logger } = options;
    this.#options = options;
    this.#endpoints = new CallbackEndpoints(options.config);
    this.#drops = new TroubleLog(clock, ({ state, count }, name) => {
      const fields = { code: 'ERR_NOTIFY_QUEUE_FULL', callback: name, dropped: count };
      const begins = 'callbacks: too many are pending; further ones are left out';
      if (state === 'is over') logger.warn(fields, 'callbacks: none is left out any more');
      else logger.error(fields, state === 'begins' ? begins : 'callbacks: still being left out');
    });
  }

  get counters(): CallbackCounters {
    let queued = 0;
    for (const { size } of this.#receivers.values()) queued += size;
    return { ...this.#counters, queued };
  }

  /** Receivers that something is kept for. */
  get receiverCount(): number {
    return this.#receivers.size;
  }

  receive(event: ServerEvent): void {
    const { config } = this.#options;
    if (this.#missedStarts.isStopOfOne(event)) {
      this.#counters.dropped += 1;
      return;
    }
    const name = CALLBACK_OF[event.type];
    const isStopAlone = this.#untoldStarts.isStopOfOne(event) && this.#areStartsWanted(name);
    const isWanted = config.http_notify.enable && isToBeTold(event, config) && !isStopAlone;
    const endpoint = isWanted && !this.#isClosing ? this.#endpoints.of(name) : undefined;
    if (endpoint === undefined) this.#untoldStarts.leftOut(event);
    // The update that waits will show what is going on when its turn comes.
    else if (event.type !== 'update' || !this.#isUpdatePending) this.#queue(event, name, endpoint);
  }

  /** Takes no more events. What is pending is tried once more, and given up when `giveUp` resolves. */
  async close(giveUp: Promise<void>): Promise<void> {
    this.#isClosing = true;
    const finished = Promise.all([...this.#receivers.values()].map((receiver) => receiver.finish()));
    await Promise.race([finished, giveUp]);
    this.#hasGivenUp = true;
    const { queued } = this.counters;
    if (queued > 0) this.#options.logger.warn({ queued }, 'callbacks: given up because the server stops');
    // From here on each attempt fails at once.
    await this.#options.client.close();
    await finished;
  }

  sent({ name }: Callback): void {
    this.#counters.sent += 1;
    this.#failures.get(name)?.wentWell();
    this.#drops.wentWell();
  }

  retried(callback: Callback, failure: CallbackFailure): void {
    this.#counters.retried += 1;
    this.#logFailure(callback, failure);
  }

  failed(callback: Callback, failure: CallbackFailure): void {
    this.#counters.failed += 1;
    this.#logFailure(callback, failure);
  }

  /** @param stop of a session; who has no URL for starts wants its stops alone */
  #areStartsWanted(stop: CallbackName): boolean {
    const start = START_OF[stop];
    return start !== undefined && this.#endpoints.of(start) !== undefined;
  }

  #queue(event: ServerEvent, name: CallbackName, endpoint: CallbackEndpoint): void {
    const receiver = this.#receiverAt(endpoint.origin);
    const callback =
      event.type === 'update' ? this.#updateCallback(event, endpoint) : this.#callback(event, name, endpoint);
    if (!this.#hasRoomFor(callback, receiver)) {
      this.#counters.dropped += 1;
      this.#missedStarts.leftOut(event);
      this.#drops.happened(name);
      return;
    }
    if (event.type === 'update') this.#isUpdatePending = true;
    const isOneByOne = this.#options.config.http_notify.connections === 1;
    receiver.add(callback, isOneByOne ? ONE_BY_ONE : orderKeysOf(event));
  }

  #callback(event: ServerEvent, name: CallbackName, endpoint: CallbackEndpoint): Callback {
    const body = JSON.stringify(callbackBody(event, this.#origin));
    return { name, endpoint, length: body.length, body: () => body, isPeriodic: false };
  }

  /** Its body may be long, so it is not kept. */
  #updateCallback(event: ServerEvent, endpoint: CallbackEndpoint): Callback {
    const body = (): string => {
      this.#isUpdatePending = false;
      return JSON.stringify(callbackBody(event, this.#origin));
    };
    return { name: 'on_update', endpoint, length: 0, body, isPeriodic: true };
  }

  get #origin(): CallbackOrigin {
    const { config, startedMs } = this.#options;
    return { serverId: config.server_id, startedMs };
  }

  #receiverAt(origin: string): CallbackReceiver {
    let receiver = this.#receivers.get(origin);
    if (receiver === undefined) {
      receiver = new CallbackReceiver({ ...this.#options, observer: this });
      this.#receivers.set(origin, receiver);
      void this.#forgetWhenEmpty(origin, receiver);
    }
    return receiver;
  }

  /** It may be one that a reload has taken out of the config; others come again. */
  async #forgetWhenEmpty(origin: string, receiver: CallbackReceiver): Promise<void> {
    do await receiver.whenEmpty();
    while (receiver.size > 0);
    this.#receivers.delete(origin);
  }

  /** Each receiver has a share, so that one which hangs does not take the place of others. */
  #hasRoomFor(callback: Callback, receiver: CallbackReceiver): boolean {
    const { originCount } = this.#endpoints;
    return (
      receiver.size < Math.floor(MAX_PENDING / originCount) &&
      receiver.length + callback.length <= MAX_PENDING_LENGTH / originCount
    );
  }

  #logFailure({ name, endpoint }: Callback, failure: CallbackFailure): void {
    // What is given up in the end has been said already.
    if (this.#hasGivenUp) return;
    let failures = this.#failures.get(name);
    if (failures === undefined) {
      failures = new TroubleLog(this.#options.clock, (report, latest) =>
        this.#sayFailing(name, report, latest),
      );
      this.#failures.set(name, failures);
    }
    failures.happened({ ...failure, url: endpoint.shown });
  }

  #sayFailing(callback: CallbackName, { state, count }: TroubleReport, latest: ShownFailure): void {
    const { logger } = this.#options;
    const { code, url, message } = latest;
    if (state === 'is over') logger.info({ callback, url, failures: count }, 'callbacks: answered again');
    else logger.error({ code, callback, url, failures: count }, `callbacks: not delivered: ${message}`);
  }
}

/** Inputs of the server's own have no events in lal. */
function isToBeTold(event: ServerEvent, { http_notify: config }: ServerConfig): boolean {
  if (event.type !== 'pub-start' && event.type !== 'pub-stop') return true;
  const { protocol } = event.session;
  return config.internal_publishers || (protocol !== 'PS' && protocol !== 'CUSTOMIZE');
}
