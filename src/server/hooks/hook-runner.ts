import { Deadlines } from './deadlines.ts';
import type { HookEnvironment } from './hook-check.ts';
import { MissedStarts } from './missed-starts.ts';
import { OrderedTasks } from './ordered-tasks.ts';
import { orderKeysOf, type ServerEvent, type ServerEventSink } from './server-event.ts';
import type { HookDone, ServerHooks } from './server-hooks.ts';
import { TroubleLog } from './trouble-log.ts';

/** Calls that may wait for earlier ones; each ends by its deadline at the latest. */
const MAX_PENDING = 1024;

const HOOK_OF: Readonly<Record<ServerEvent['type'], keyof ServerHooks | undefined>> = {
  'server-start': undefined,
  update: 'onUpdate',
  'pub-start': 'onPublishStart',
  'pub-stop': 'onPublishStop',
  'sub-start': 'onPlayStart',
  'sub-stop': 'onPlayStop',
  'relay-pull-start': 'onRelayPullStart',
  'relay-pull-stop': 'onRelayPullStop',
  'rtmp-connect': 'onRtmpConnect',
  'hls-fragment': 'onHlsFragment',
};

/** Tells the application what happens. */
export class HookRunner implements ServerEventSink {
  readonly #environment: HookEnvironment;
  readonly #deadlines: Deadlines;
  readonly #tasks = new OrderedTasks();
  readonly #missedStarts = new MissedStarts();
  #isUpdatePending = false;
  readonly #drops: TroubleLog<string>;

  constructor(environment: HookEnvironment) {
    const { clock, logger } = environment;
    this.#environment = environment;
    this.#deadlines = new Deadlines(clock);
    this.#drops = new TroubleLog(clock, ({ state, count }, hook) => {
      const fields = { code: 'ERR_HOOK_QUEUE_FULL', hook, dropped: count };
      if (state === 'is over') logger.warn(fields, 'hooks: no call is left out any more');
      else logger.error(fields, 'hooks: too many calls are pending; further ones are left out');
    });
  }

  receive(event: ServerEvent): void {
    const { hooks } = this.#environment;
    const hook = HOOK_OF[event.type];
    if (this.#missedStarts.isStopOfOne(event) || hook === undefined || hooks[hook] === undefined) return;
    if (this.#tasks.size >= MAX_PENDING) {
      this.#missedStarts.leftOut(event);
      this.#drops.happened(hook);
      return;
    }
    this.#drops.wentWell();
    if (event.type === 'update') this.#addUpdate(event);
    else this.#tasks.add(orderKeysOf(event), () => this.#call(hook, event));
  }

  /** Resolves when all calls are done, or late. */
  whenIdle(): Promise<void> {
    return this.#tasks.whenEmpty();
  }

  /** Waits for no hook any more, and calls none. */
  close(): void {
    this.#deadlines.close();
  }

  /** One that waits already will show what is going on when its turn comes. */
  #addUpdate(event: ServerEvent): void {
    if (this.#isUpdatePending) return;
    this.#isUpdatePending = true;
    this.#tasks.add(orderKeysOf(event), () => {
      this.#isUpdatePending = false;
      return this.#call('onUpdate', event);
    });
  }

  async #call(hook: keyof ServerHooks, event: ServerEvent): Promise<void> {
    const { hooks, timeoutMs, logger } = this.#environment;
    // Whoever tells of an event is in the middle of something, and must not be called back into.
    await Promise.resolve();
    const outcome = await this.#deadlines.run(() => callHook(hooks, event), timeoutMs);
    if (outcome.is === 'late') {
      logger.error({ code: 'ERR_HOOK_TIMEOUT', hook }, `hooks: ${hook} is not done in time`);
    } else if (outcome.is === 'failed') {
      logger.error({ code: 'ERR_HOOK_FAILED', hook, err: outcome.error }, `hooks: ${hook} failed`);
    }
  }
}

function callHook(hooks: ServerHooks, event: ServerEvent): HookDone {
  switch (event.type) {
    case 'server-start':
      return undefined;
    case 'update':
      return hooks.onUpdate?.(event.groups());
    case 'pub-start':
      return hooks.onPublishStart?.(event.session);
    case 'pub-stop':
      return hooks.onPublishStop?.(event.session, event.reason);
    case 'sub-start':
      return hooks.onPlayStart?.(event.session);
    case 'sub-stop':
      return hooks.onPlayStop?.(event.session, event.reason);
    case 'relay-pull-start':
      return hooks.onRelayPullStart?.(event.session);
    case 'relay-pull-stop':
      return hooks.onRelayPullStop?.(event.session, event.reason);
    case 'rtmp-connect':
      return hooks.onRtmpConnect?.(event.connect);
    case 'hls-fragment':
      return hooks.onHlsFragment?.(event.fragment);
  }
}
