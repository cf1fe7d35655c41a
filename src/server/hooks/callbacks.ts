import type { Logger } from 'pino';
import type { Clock } from '../../media/clock.ts';
import type { AdmissionCheck } from '../admission/admission-check.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { BlockingCheck, type DecisionCounters } from '../notify/blocking-check.ts';
import { HttpCallbackClient } from '../notify/callback-client.ts';
import { HttpNotify, type CallbackCounters } from '../notify/http-notify.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { HookCheck } from './hook-check.ts';
import { HookRunner } from './hook-runner.ts';
import type { ServerEventSink } from './server-event.ts';
import type { ServerHooks } from './server-hooks.ts';

/** Used when the application gives none. */
const HOOK_TIMEOUT_MS = 3000;

/** What callbacks and hooks are made with. */
export interface CallbacksOptions {
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  /** When the server was started, in milliseconds since 1970. */
  readonly startedMs: number;
  readonly registry: SessionRegistry;
  readonly hooks: ServerHooks | undefined;
  readonly hookTimeoutMs: number | undefined;
}

/** Everybody outside who is told what happens here, or asked: by HTTP, and as functions of the application. */
export class Callbacks {
  /** To be asked after all other checks: the application first. */
  readonly checks: readonly AdmissionCheck[];
  /** To be given all events. */
  readonly sinks: readonly ServerEventSink[];
  readonly #options: CallbacksOptions;
  readonly #http: HttpNotify;
  readonly #blocking: BlockingCheck;
  readonly #hooks: HookRunner | undefined;

  constructor(options: CallbacksOptions) {
    const { config, logger, clock, startedMs, registry, hooks, hookTimeoutMs = HOOK_TIMEOUT_MS } = options;
    this.#options = options;
    const http = { config, logger, clock, startedMs, client: new HttpCallbackClient(clock) };
    this.#http = new HttpNotify(http);
    this.#blocking = new BlockingCheck(http, registry);
    if (hooks === undefined) {
      this.checks = [this.#blocking];
      this.sinks = [this.#http];
      return;
    }
    const timeoutMs = Math.min(hookTimeoutMs, config.limits.admission_timeout_ms);
    const environment = { hooks, timeoutMs, logger, clock };
    this.#hooks = new HookRunner(environment);
    this.checks = [new HookCheck(environment), this.#blocking];
    this.sinks = [this.#hooks, this.#http];
  }

  /** HTTP callbacks so far. */
  get counters(): CallbackCounters {
    return this.#http.counters;
  }

  /** Answers of blocking HTTP callbacks so far. */
  get decisions(): DecisionCounters {
    return this.#blocking.counters;
  }

  /** Gives what is pending a moment, half of `limits.shutdown_timeout_ms`, unless `giveUp` resolves before. */
  async close(giveUp: Promise<void>): Promise<void> {
    const { clock, config } = this.#options;
    let cancel = (): void => {};
    const patience = new Promise<void>((resolve) => {
      cancel = clock.after(config.limits.shutdown_timeout_ms / 2, resolve);
    });
    const enough = Promise.race([giveUp, patience]);
    await Promise.all([this.#http.close(enough), Promise.race([this.#hooks?.whenIdle(), enough])]);
    cancel();
    this.#hooks?.close();
  }
}
