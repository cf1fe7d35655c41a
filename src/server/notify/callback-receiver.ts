import type { Clock } from '../../media/clock.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { OrderedTasks, type OrderKeys } from '../hooks/ordered-tasks.ts';
import type { CallbackClient, CallbackResult } from './callback-client.ts';
import type { CallbackEndpoint } from './callback-endpoint.ts';
import type { CallbackName } from './callback-names.ts';
import { Slots } from './slots.ts';

/** lal's, for a request with all its redirects. */
const TIMEOUT_MS = 3000;
/** Before the first retry; twice as long before each further one, up to the second. */
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** One callback to be sent. */
export interface Callback {
  readonly name: CallbackName;
  readonly endpoint: CallbackEndpoint;
  /** Length of the body in characters, as far as it is kept. */
  readonly length: number;
  /** The body, as it is when the callback's turn comes. */
  body(): string;
  /** Another one like it will come by itself, so it is not tried again. */
  readonly isPeriodic: boolean;
}

/** Why an attempt failed. */
export interface CallbackFailure {
  readonly code: 'ERR_NOTIFY_TIMEOUT' | 'ERR_NOTIFY_CONNECTION' | 'ERR_NOTIFY_STATUS';
  readonly message: string;
}

/** Told how it goes. */
export interface CallbackObserver {
  sent(callback: Callback): void;
  /** It will be tried again. */
  retried(callback: Callback, failure: CallbackFailure): void;
  /** It is given up. */
  failed(callback: Callback, failure: CallbackFailure): void;
}

/** What a receiver is made with. */
export interface CallbackReceiverOptions {
  /** Read at each use. */
  readonly config: ServerConfig;
  readonly client: CallbackClient;
  readonly clock: Clock;
  readonly observer: CallbackObserver;
}

/**
 * Whoever receives callbacks at one origin. Those of one stream come one after the other, in order, also while one of
 * them is tried again; those of different streams side by side, over a few connections.
 */
export class CallbackReceiver {
  readonly #options: CallbackReceiverOptions;
  readonly #tasks = new OrderedTasks();
  readonly #slots: Slots;
  /** Ends the pauses before retries. */
  readonly #impatient = new Set<() => void>();
  #length = 0;
  #isClosing = false;

  constructor(options: CallbackReceiverOptions) {
    this.#options = options;
    this.#slots = new Slots(() => options.config.http_notify.connections);
  }

  /** Callbacks under way or waiting. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Characters of their bodies. */
  get length(): number {
    return this.#length;
  }

  add(callback: Callback, keys: OrderKeys): void {
    this.#length += callback.length;
    this.#tasks.add(keys, async (letPass) => {
      await this.#deliver(callback, letPass);
      this.#length -= callback.length;
    });
  }

  /** Resolves when nothing is under way or waiting. */
  whenEmpty(): Promise<void> {
    return this.#tasks.whenEmpty();
  }

  /** Nothing is waited for any more: what is pending is tried once. @returns resolves when it is done */
  finish(): Promise<void> {
    this.#isClosing = true;
    for (const goOn of this.#impatient) goOn();
    return this.#tasks.whenEmpty();
  }

  async #deliver(callback: Callback, letPass: () => void): Promise<void> {
    const { observer } = this.#options;
    for (let retries = 0; ; retries += 1) {
      const result = await this.#attempt(callback);
      const failure = failureOf(result);
      if (failure === undefined) {
        observer.sent(callback);
        return;
      }
      if (!isTemporary(result) || callback.isPeriodic || retries >= this.#maxRetries) {
        observer.failed(callback, failure);
        return;
      }
      observer.retried(callback, failure);
      letPass();
      await this.#pause(Math.min(FIRST_RETRY_MS * 2 ** retries, MAX_RETRY_MS));
    }
  }

  get #maxRetries(): number {
    return this.#isClosing ? 0 : this.#options.config.http_notify.retry_num;
  }

  async #attempt(callback: Callback): Promise<CallbackResult> {
    const { client, config } = this.#options;
    await this.#slots.take();
    try {
      return await client.post({
        endpoint: callback.endpoint,
        body: callback.body(),
        timeoutMs: TIMEOUT_MS,
        hmacKey: config.http_notify.hmac_key,
      });
    } finally {
      this.#slots.free();
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosing) return;
    let goOn = (): void => {};
    const woken = new Promise<void>((resolve) => (goOn = resolve));
    const cancel = this.#options.clock.after(ms, goOn);
    this.#impatient.add(goOn);
    await woken;
    this.#impatient.delete(goOn);
    cancel();
  }
}

function failureOf(result: CallbackResult): CallbackFailure | undefined {
  if ('code' in result) return result;
  if (result.status >= 200 && result.status < 300) return undefined;
  return { code: 'ERR_NOTIFY_STATUS', message: `status ${result.status}` };
}

/** Whether it may go better next time: other statuses are about the request, which would be the same. */
function isTemporary(result: CallbackResult): boolean {
  return 'code' in result || result.status >= 500 || result.status === 408 || result.status === 429;
}
