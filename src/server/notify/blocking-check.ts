import { endReason } from '../../media/end-reason.ts';
import type { AdmissionCheck, Objection } from '../admission/admission-check.ts';
import { TroubleLog } from '../hooks/trouble-log.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamKeyOf } from '../stream-address.ts';
import { decisionOf, type Decision } from './blocking-answer.ts';
import { sessionBody } from './callback-body.ts';
import { CallbackEndpoints } from './callback-endpoint.ts';
import type { HttpNotifyOptions } from './http-notify.ts';

/** Questions that may be open; clients beyond that get no decision. */
const MAX_PENDING = 4096;

/** Decisions since the server was made. */
export interface DecisionCounters {
  readonly allowed: number;
  readonly refused: number;
  /** No answer, or none that says anything; `http_notify.blocking_fail_open` decided. */
  readonly undecided: number;
  /** Being waited for right now. */
  readonly pending: number;
}

type Undecided = Extract<Decision, { is: 'undecided' }>;

type BlockingName = 'on_pub_start' | 'on_sub_start';

const NOBODY: Undecided = {
  is: 'undecided',
  code: 'ERR_NOTIFY_CONNECTION',
  message: 'there is no URL to ask',
};

const TOO_MANY: Undecided = {
  is: 'undecided',
  code: 'ERR_NOTIFY_QUEUE_FULL',
  message: `${MAX_PENDING} decisions are being waited for`,
};

/** Asks another program who may publish and play (`http_notify.on_pub_start_blocking`, `on_sub_start_blocking`). */
export class BlockingCheck implements AdmissionCheck {
  readonly #options: HttpNotifyOptions;
  readonly #registry: SessionRegistry;
  readonly #endpoints: CallbackEndpoints;
  readonly #troubles: TroubleLog<Undecided>;
  readonly #counters = { allowed: 0, refused: 0, undecided: 0 };
  /** An end for each question that is open. */
  readonly #abandon = new Set<() => void>();

  constructor(options: HttpNotifyOptions, registry: SessionRegistry) {
    const { config, logger, clock } = options;
    this.#options = options;
    this.#registry = registry;
    this.#endpoints = new CallbackEndpoints(config);
    this.#troubles = new TroubleLog(clock, ({ state, count }, { code, message }) => {
      const letIn = config.http_notify.blocking_fail_open;
      if (state === 'is over') logger.info({ undecided: count }, 'callbacks: decisions come again');
      else logger.error({ code, undecided: count, letIn }, `callbacks: no decision: ${message}`);
    });
  }

  get counters(): DecisionCounters {
    return { ...this.#counters, pending: this.#abandon.size };
  }

  publish(session: SessionIdentity): Objection | Promise<Objection> {
    const { enable, on_pub_start_blocking: isOn } = this.#options.config.http_notify;
    return enable && isOn ? this.#ask('on_pub_start', session) : undefined;
  }

  play(session: SessionIdentity): Objection | Promise<Objection> {
    const { enable, on_sub_start_blocking: isOn } = this.#options.config.http_notify;
    return enable && isOn ? this.#ask('on_sub_start', session) : undefined;
  }

  /** Who is being decided about is not let in. The requests are given up with the client. */
  close(): void {
    for (const abandon of this.#abandon) abandon();
  }

  async #ask(callback: BlockingName, session: SessionIdentity): Promise<Objection> {
    const { config, logger } = this.#options;
    const decision = await this.#decide(callback, session);
    if (decision === 'abandoned') return endReason('server-shutdown');
    this.#counters[decision.is] += 1;
    logger.debug({ callback, session: session.id, decision: decision.is }, 'callbacks: decision');
    if (decision.is === 'undecided') {
      this.#troubles.happened(decision);
      return config.http_notify.blocking_fail_open ? undefined : endReason('refused', decision.code);
    }
    this.#troubles.wentWell();
    return decision.is === 'allowed' ? undefined : endReason('refused', callback, decision.reason);
  }

  async #decide(callback: BlockingName, session: SessionIdentity): Promise<Decision | 'abandoned'> {
    const { client, config } = this.#options;
    const { blocking_timeout_ms: timeoutMs, hmac_key: hmacKey } = config.http_notify;
    const endpoint = this.#endpoints.of(callback);
    if (endpoint === undefined) return NOBODY;
    if (this.#abandon.size >= MAX_PENDING) return TOO_MANY;
    let abandon = (): void => {};
    const abandoned = new Promise<'abandoned'>((resolve) => (abandon = () => resolve('abandoned')));
    this.#abandon.add(abandon);
    try {
      const body = JSON.stringify(this.#question(callback, session));
      const result = await Promise.race([client.post({ endpoint, body, timeoutMs, hmacKey }), abandoned]);
      return result === 'abandoned' ? result : decisionOf(result);
    } finally {
      this.#abandon.delete(abandon);
    }
  }

  /** The body of the event, as it will be if the session is let in, and one key more. */
  #question(callback: BlockingName, session: SessionIdentity): object {
    const { config } = this.#options;
    const streamKey = streamKeyOf(session, config.stream_key);
    const baseType = callback === 'on_pub_start' ? 'PUB' : 'SUB';
    const facts = {
      hasInput: baseType === 'PUB' || this.#registry.hasInput(streamKey),
      hasOutput: baseType === 'SUB' || this.#registry.hasOutput(streamKey),
      bytesRead: 0,
      bytesWritten: 0,
    };
    return { ...sessionBody(config.server_id, baseType, session, facts), blocking: true };
  }
}
