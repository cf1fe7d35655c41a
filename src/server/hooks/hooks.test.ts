import { beforeEach, describe, expect, test } from 'vitest';
import pino from 'pino';
import { endReason } from '../../media/end-reason.ts';
import { sessionRecord } from '../../testing/callback-kit.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { NotifyBench } from '../../testing/notify-bench.ts';
import { settled } from '../../testing/settled.ts';
import type { Objection } from '../admission/admission-check.ts';
import { HookCheck, type HookEnvironment } from './hook-check.ts';
import { HookRunner } from './hook-runner.ts';
import { ServerEvents } from './server-events.ts';
import type { HookDecision, ServerHooks } from './server-hooks.ts';
import { Statistics } from '../stats/statistics.ts';

const NEVER = new Promise<never>(() => {});

let clock: FakeClock;
let log: { code?: string; hook?: string; level: number }[];

beforeEach(() => {
  clock = new FakeClock();
  log = [];
});

function environmentOf(hooks: ServerHooks): HookEnvironment {
  const write = (line: string): void => void log.push(JSON.parse(line) as (typeof log)[0]);
  return { hooks, timeoutMs: 1000, clock, logger: pino({ level: 'info' }, { write }) };
}

describe('hooks that decide', () => {
  const ask = async (hooks: ServerHooks): Promise<Objection> => {
    const asked = new HookCheck(environmentOf(hooks)).publish(sessionRecord('R1', 'a'));
    await settled();
    clock.advance(1000);
    return asked;
  };

  test('true lets in, at once or later; no hook lets in', async () => {
    expect(await ask({ onPublish: () => true })).toBeUndefined();
    expect(await ask({ onPublish: async () => true })).toBeUndefined();
    expect(await ask({})).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  test('the hook sees who asks for what', async () => {
    const seen: object[] = [];
    const hooks: ServerHooks = { onPlay: (session) => seen.push(session) > 0 };
    await new HookCheck(environmentOf(hooks)).play(sessionRecord('R1', 'a'));
    expect(seen).toMatchObject([{ id: 'R1', appName: 'live', streamName: 'a', urlParam: 'token=1' }]);
  });

  test('false refuses, and an EndReason refuses in its own words', async () => {
    expect(await ask({ onPublish: () => false })).toMatchObject({ code: 'refused', detail: 'onPublish' });
    const reason = endReason('refused', 'billing', 'no credit');
    expect(await ask({ onPublish: async () => reason })).toBe(reason);
    expect(log).toEqual([]);
  });

  test.each([
    undefined,
    null,
    1,
    'no',
    {},
    { code: 'nonsense', message: '' },
    { code: 'refused' },
    { code: 'toString', message: '' },
  ])('an answer of %j refuses and is logged', async (answer) => {
    const onPublish = (): HookDecision => answer as unknown as HookDecision;
    expect(await ask({ onPublish })).toMatchObject({ code: 'refused', detail: 'ERR_HOOK_ANSWER' });
    expect(log).toMatchObject([{ code: 'ERR_HOOK_ANSWER', hook: 'onPublish' }]);
  });

  test('a hook that throws, is rejected or never ends refuses and is logged', async () => {
    const thrower: ServerHooks = {
      onPublish() {
        throw new Error('mine');
      },
    };
    expect(await ask(thrower)).toMatchObject({ code: 'refused', detail: 'ERR_HOOK_FAILED' });
    expect(await ask({ onPublish: () => Promise.reject(new Error('mine')) })).toMatchObject({
      detail: 'ERR_HOOK_FAILED',
    });
    expect(await ask({ onPublish: () => NEVER })).toMatchObject({
      code: 'refused',
      detail: 'ERR_HOOK_TIMEOUT',
    });
    expect(log.map(({ code }) => code)).toEqual(['ERR_HOOK_FAILED', 'ERR_HOOK_FAILED', 'ERR_HOOK_TIMEOUT']);
  });
});

test('when the server stops, no decision of a hook is waited for, and none asked for', async () => {
  let calls = 0;
  const onPlay = (): Promise<never> => {
    calls += 1;
    return NEVER;
  };
  const check = new HookCheck(environmentOf({ onPlay }));
  const asked = check.play(sessionRecord('F1', 'a'));
  await settled();
  check.close();
  expect(await asked).toMatchObject({ code: 'server-shutdown' });
  expect(await check.play(sessionRecord('F2', 'a'))).toMatchObject({ code: 'server-shutdown' });
  expect(calls).toBe(1);
  expect(clock.pendingTimers).toBe(0);
  expect(log).toEqual([]);
});

describe('hooks that are told', () => {
  /** A server without ports that tells `hooks` alone. */
  function benchOf(hooks: ServerHooks): { bench: NotifyBench; events: ServerEvents; runner: HookRunner } {
    const bench = new NotifyBench({ enable: false });
    const { config, registry } = bench;
    const runner = new HookRunner(environmentOf(hooks));
    const statistics = new Statistics(bench.hub, registry, bench.clock);
    const events = new ServerEvents({ config, registry, statistics }, [runner]);
    registry.observe(events);
    return { bench, events, runner };
  }

  test('each event calls its hook with what is known of it', async () => {
    const calls: unknown[][] = [];
    const recorder = new Proxy<ServerHooks>(
      {},
      {
        get:
          (_, hook) =>
          (...args: unknown[]) =>
            void calls.push([hook, ...args]),
      },
    );
    const { bench, events } = benchOf(recorder);
    bench.stop(bench.start('R1'));
    bench.stop(bench.start('F1', 'a', { baseType: 'SUB' }));
    bench.stop(bench.start('P1', 'a', { baseType: 'PULL' }));
    bench.stop(bench.start('P2', 'a', { baseType: 'PUSH' }));
    const connect = { sessionId: 'R2', remoteAddress: '', app: 'live', flashVer: '', tcUrl: '' };
    events.connected(connect);
    events.fragmentClosed({ streamKey: 'a', folder: 'a', name: 'a-1-0.ts', id: 0, durationMs: 3000 });
    await settled();
    events.serverStarts();
    bench.hub.open('b').publish();
    events.serverStarted();
    await settled();
    const session = (id: string, baseType: string): object =>
      expect.objectContaining({ id, baseType }) as object;
    const gone = endReason('peer-closed');
    expect(calls).toHaveLength(9);
    expect(calls).toEqual(
      expect.arrayContaining([
        ['onPublishStart', session('R1', 'PUB')],
        ['onPublishStop', session('R1', 'PUB'), gone],
        ['onPlayStart', session('F1', 'SUB')],
        ['onPlayStop', session('F1', 'SUB'), gone],
        ['onRelayPullStart', session('P1', 'PULL')],
        ['onRelayPullStop', session('P1', 'PULL'), gone],
        ['onRtmpConnect', connect],
        ['onHlsFragment', expect.objectContaining({ event: 'close', streamName: 'a', durationMs: 3000 })],
        ['onUpdate', [expect.objectContaining({ stream_name: 'b' })]],
      ]),
    );
  });

  test('a snapshot is of its moment, and closes the session', async () => {
    const closed: string[] = [];
    const states: unknown[] = [];
    const { bench } = benchOf({
      onPublishStart: (session) => {
        states.push([session.hasInput, session.bytesRead]);
        session.close();
      },
      onPublishStop: (session) => void states.push([session.hasInput, session.bytesRead]),
    });
    bench.stop(bench.start('R1', 'a', { close: ({ code }) => void closed.push(code) }));
    await settled();
    expect(states).toEqual([
      [true, 7],
      [false, 7],
    ]);
    expect(closed).toEqual(['kicked']);
  });

  test('a hook is not called in the middle of what it is told of', async () => {
    let isIn = false;
    const seen: boolean[] = [];
    const { bench } = benchOf({ onPublishStart: () => void seen.push(isIn) });
    isIn = true;
    bench.start('R1');
    isIn = false;
    await settled();
    expect(seen).toEqual([false]);
  });

  test('hooks about one stream are awaited one after the other; streams do not wait for each other', async () => {
    const calls: string[] = [];
    const ends: (() => void)[] = [];
    const { bench } = benchOf({
      onPublishStart: ({ id }) => {
        calls.push(`start ${id}`);
        return new Promise((resolve) => ends.push(resolve));
      },
      onPublishStop: ({ id }) => void calls.push(`stop ${id}`),
    });
    bench.stop(bench.start('R1', 'a'));
    bench.start('R2', 'b');
    await settled();
    expect(calls).toEqual(['start R1', 'start R2']);
    ends[0]!();
    await settled();
    expect(calls).toEqual(['start R1', 'start R2', 'stop R1']);
  });

  test('a hook that throws or never ends is logged, and the next one is called all the same', async () => {
    const calls: string[] = [];
    const { bench, runner } = benchOf({
      onPublishStart: () => NEVER,
      onPublishStop: ({ id }) => {
        calls.push(id);
        throw new Error('mine');
      },
    });
    bench.stop(bench.start('R1'));
    bench.stop(bench.start('R2'));
    for (let second = 0; second < 2; second += 1) {
      await settled();
      clock.advance(1000);
    }
    await runner.whenIdle();
    expect(calls).toEqual(['R1', 'R2']);
    expect(log.map(({ code }) => code)).toEqual([
      'ERR_HOOK_TIMEOUT',
      'ERR_HOOK_FAILED',
      'ERR_HOOK_TIMEOUT',
      'ERR_HOOK_FAILED',
    ]);
  });

  test('1024 calls are pending at most; nobody hears of a stop alone', async () => {
    const stopped: string[] = [];
    const { bench, runner } = benchOf({
      onPublishStart: () => NEVER,
      onPublishStop: ({ id }) => void stopped.push(id),
    });
    const records = Array.from({ length: 1030 }, (_, index) => bench.start(`R${index}`, `stream ${index}`));
    await settled();
    clock.advance(1000);
    await runner.whenIdle();
    for (const record of records) {
      bench.stop(record);
      await settled();
    }
    expect(stopped).toHaveLength(1024);
    expect(log.filter(({ code }) => code === 'ERR_HOOK_QUEUE_FULL')).toHaveLength(1);
  });

  test('methods of an object keep it', async () => {
    class Application implements ServerHooks {
      readonly seen: string[] = [];
      onPublishStart({ id }: { id: string }): void {
        this.seen.push(id);
      }
      onPublish({ id }: { id: string }): boolean {
        return this.seen.push(`? ${id}`) > 0;
      }
    }
    const application = new Application();
    const { bench } = benchOf(application);
    bench.start('R1');
    await settled();
    await new HookCheck(environmentOf(application)).publish(sessionRecord('R2', 'a'));
    expect(application.seen).toEqual(['R1', '? R2']);
  });

  test('when the server has waited long enough, hooks that are not done are left alone, and no more are called', async () => {
    const calls: string[] = [];
    const onPublishStart: ServerHooks['onPublishStart'] = ({ id }) => {
      calls.push(id);
      return NEVER;
    };
    const { bench, runner } = benchOf({ onPublishStart });
    bench.start('R1');
    bench.start('R2');
    await settled();
    expect(calls).toEqual(['R1']);
    runner.close();
    await runner.whenIdle();
    expect(calls).toEqual(['R1']);
    expect(clock.pendingTimers).toBe(0);
    expect(log).toEqual([]);
  });
});
