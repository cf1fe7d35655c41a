import type { Logger } from 'pino';
import type { Clock } from '../../media/clock.ts';
import { END_CODES, endReason, type EndReason } from '../../media/end-reason.ts';
import type { AdmissionCheck, Objection } from '../admission/admission-check.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import { Deadlines } from './deadlines.ts';
import type { HookDecision, ServerHooks } from './server-hooks.ts';

/** What hooks are called with. */
export interface HookEnvironment {
  readonly hooks: ServerHooks;
  /** How long a call may take. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Asks the application who may publish and play. Whatever goes wrong with a hook refuses. */
export class HookCheck implements AdmissionCheck {
  readonly #environment: HookEnvironment;
  readonly #deadlines: Deadlines;

  constructor(environment: HookEnvironment) {
    this.#environment = environment;
    this.#deadlines = new Deadlines(environment.clock);
  }

  publish(session: SessionIdentity): Objection | Promise<Objection> {
    return this.#ask('onPublish', session);
  }

  play(session: SessionIdentity): Objection | Promise<Objection> {
    return this.#ask('onPlay', session);
  }

  close(): void {
    this.#deadlines.close();
  }

  async #ask(hook: 'onPublish' | 'onPlay', session: SessionIdentity): Promise<Objection> {
    const { hooks, timeoutMs } = this.#environment;
    if (hooks[hook] === undefined) return undefined;
    const outcome = await this.#deadlines.run<unknown>(() => hooks[hook]?.(session), timeoutMs);
    if (outcome.is === 'abandoned') return endReason('server-shutdown');
    if (outcome.is === 'late') return this.#fault('ERR_HOOK_TIMEOUT', hook, session);
    if (outcome.is === 'failed') return this.#fault('ERR_HOOK_FAILED', hook, session, outcome.error);
    const decision = outcome.value as HookDecision;
    if (decision === true) return undefined;
    if (decision === false) return endReason('refused', hook);
    return isEndReason(decision) ? decision : this.#fault('ERR_HOOK_ANSWER', hook, session);
  }

  #fault(code: string, hook: string, { id }: SessionIdentity, error?: unknown): EndReason {
    this.#environment.logger.error(
      { code, hook, session: id, err: error },
      `hooks: ${hook} gave no decision`,
    );
    return endReason('refused', code);
  }
}

function isEndReason(value: unknown): value is EndReason {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Partial<EndReason>;
  return typeof code === 'string' && Object.hasOwn(END_CODES, code) && typeof message === 'string';
}
