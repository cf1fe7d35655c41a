import { beforeEach, describe, expect, test } from 'vitest';
import { endReason } from '../../../media/end-reason.ts';
import { PullBench } from '../../../testing/pull-bench.ts';
import { settled } from '../../../testing/settled.ts';

const IN_USE = 'lal.logic: in stream already exist at group';
const AUTO_STOP = 'should auto stop pull';

let bench: PullBench;

beforeEach(() => {
  bench = new PullBench();
});

/** An ordered pull that is up. */
async function established(...options: Parameters<PullBench['start']>): Promise<string> {
  const id = bench.start(...options);
  await bench.source.agree();
  return id;
}

describe('a pull that is ordered', () => {
  test('connects at once, and is a session of the server when the origin agrees', async () => {
    expect(bench.start({ url: 'rtmp://u:p@origin/live/x?k=v' })).toBe('RTMPPULL1');
    expect(bench.called).toEqual(['rtmp://u:p@origin/live/x?k=v']);
    expect(bench.events).toEqual([]);
    expect(bench.registry.hasInput('a')).toBe(false);
    bench.clock.advance(500);
    await bench.source.agree();
    expect(bench.events).toEqual(['start RTMPPULL1']);
    const record = bench.registry.pullOf('a')!;
    expect(record).toMatchObject({
      id: 'RTMPPULL1',
      protocol: 'RTMP',
      baseType: 'PULL',
      streamKey: 'a',
      streamName: 'a',
      appName: '',
      urlParam: 'k=v',
      remoteAddress: 'origin:1935',
      url: 'rtmp://origin/live/x?k=v',
      startedMs: bench.clock.wallMs() - 500,
    });
    expect([record.bytesRead(), record.bytesWritten()]).toEqual([1000, 10]);
    expect(bench.hub.get('a')!.publication).toBeDefined();
  });

  test.each([
    ['rtmps://h/live/a', 'RTMPPULL1', 'RTMP'],
    ['rtsp://h/live/a', 'RTSPPULL1', 'RTSP'],
    ['rtsps://h/live/a', 'RTSPPULL1', 'RTSP'],
    ['https://h/live/a.flv', 'FLVPULL1', 'FLV'],
    ['http://h/hls/a.m3u8', 'HLSPULL1', 'HLS'],
  ])('%s is %s', async (url, id, protocol) => {
    expect(await established({ url })).toBe(id);
    expect(bench.registry.pullOf('a')!.protocol).toBe(protocol);
  });

  test('is refused while somebody publishes, while it is under way, and while it is up', async () => {
    const unpublish = (await bench.publish()) as () => void;
    expect(bench.start()).toBe(IN_USE);
    unpublish();
    expect(bench.start()).toBe('RTMPPULL1');
    expect(bench.start()).toBe(IN_USE);
    await bench.source.agree();
    expect(bench.start()).toBe(IN_USE);
    expect(bench.sources).toHaveLength(1);
  });

  test('is refused for input that is no session', () => {
    bench.hub.open('a').publish();
    expect(bench.start()).toBe(IN_USE);
  });

  test('that is refused is not begun later', async () => {
    const unpublish = (await bench.publish()) as () => void;
    expect(bench.start({ retryNum: -1 })).toBe(IN_USE);
    unpublish();
    bench.view();
    await bench.pass(3);
    expect(bench.sources).toEqual([]);
  });

  test('is refused for names that nobody may publish under, and beyond limits', () => {
    expect(bench.start({}, '..')).toMatch(/part "\." or "\.\."/);
    expect(bench.start({}, '')).toBe('the stream name is empty');
    bench = new PullBench({ limits: { max_streams: 1, max_relay_pulls: 1 } });
    bench.view('a');
    expect(bench.start({}, 'b')).toBe('a limit of the server was reached');
    bench = new PullBench({ limits: { max_relay_pulls: 1 } });
    expect(bench.start({}, 'a')).toBe('RTMPPULL1');
    expect(bench.start({}, 'b')).toBe('limit reached: limits.max_relay_pulls');
    expect(bench.hub.get('b')!.isUnused).toBe(true);
    expect([bench.service.pullCount, bench.service.isFull]).toEqual([1, true]);
  });

  test('may be of any number of streams', async () => {
    for (const name of ['a', 'b', 'c']) await established({}, name);
    expect(bench.events).toEqual(['start RTMPPULL1', 'start RTMPPULL2', 'start RTMPPULL3']);
  });

  test('makes the stream, and lets go of it at the end', async () => {
    bench.start();
    expect(bench.hub.get('a')).toBeDefined();
    await bench.pass(3);
    expect(bench.hub.get('a')).toBeDefined();
    bench.source.fail();
    await bench.pass();
    expect(bench.hub.get('a')).toBeUndefined();
    await bench.pass();
    expect([bench.clock.pendingTimers, bench.service.pullCount]).toEqual([0, 0]);
  });
});

describe('the time to establish it', () => {
  test('is limited', async () => {
    bench.start({ timeoutMs: 3000 });
    expect(bench.source.request.stepTimeoutMs).toBe(3000);
    bench.clock.advance(2999);
    expect(bench.source.closed).toBeUndefined();
    bench.clock.advance(1);
    expect(bench.source.closed).toBe('handshake-timeout');
    expect(bench.events).toEqual([]);
  });

  test('is not for what is up', async () => {
    await established({ timeoutMs: 3000 });
    bench.clock.advance(60_000);
    expect(bench.source.closed).toBeUndefined();
  });

  test.each([
    [0, Infinity],
    [1e15, 1e15],
  ])('%d is no limit, and no timer that fires at once', (timeoutMs, stepTimeoutMs) => {
    bench.start({ timeoutMs });
    bench.clock.advance(24 * 3_600_000);
    expect(bench.source.closed).toBeUndefined();
    expect(bench.source.request.stepTimeoutMs).toBe(stepTimeoutMs);
  });
});

describe('tries', () => {
  test('are one and the retries, one each second, with a session each', async () => {
    bench.view();
    expect(bench.start({ retryNum: 2 })).toBe('RTMPPULL1');
    for (let second = 0; second < 6; second += 1) {
      if (bench.source.closed === undefined) bench.source.fail();
      await bench.pass();
    }
    expect(bench.sources).toHaveLength(3);
    // Nothing was ever started, so nothing is said to have stopped.
    expect(bench.events).toEqual([]);
  });

  test('without retries are one', async () => {
    bench.view();
    bench.start();
    bench.source.fail();
    await bench.pass(5);
    expect(bench.sources).toHaveLength(1);
  });

  test('go on without end where that is wanted, and keep the stream though nobody watches', async () => {
    bench.start({ retryNum: -1 });
    for (let second = 0; second < 30; second += 1) {
      bench.source.fail();
      await bench.pass();
    }
    expect(bench.sources).toHaveLength(31);
    expect(bench.hub.get('a')).toBeDefined();
  });

  test('count, too, when a pull was up and broke', async () => {
    bench.view();
    await established({ retryNum: 1 });
    bench.source.fail('peer-reset');
    await bench.pass();
    await bench.source.agree();
    bench.source.fail('peer-reset');
    await bench.pass(5);
    expect(bench.sources).toHaveLength(2);
    expect(bench.events).toEqual([
      'start RTMPPULL1',
      'stop RTMPPULL1 peer-reset',
      'start RTMPPULL2',
      'stop RTMPPULL2 peer-reset',
    ]);
  });

  test('begin anew with a new command, while the viewers that keep the stream are still there', async () => {
    bench.view();
    bench.start({ retryNum: 1 });
    bench.source.fail();
    await bench.pass();
    bench.source.fail();
    await bench.pass(3);
    expect(bench.start({ retryNum: 1 })).toBe('RTMPPULL3');
    bench.source.fail();
    await bench.pass(3);
    expect(bench.sources).toHaveLength(4);
  });

  test('are forgotten with the stream', async () => {
    bench.start({ retryNum: 0 });
    bench.source.fail();
    await bench.pass(3);
    bench.view();
    await bench.pass(3);
    expect(bench.sources).toHaveLength(1);
  });

  test('are not made more often because many viewers come', async () => {
    bench.view();
    bench.start({ retryNum: -1 });
    for (let viewer = 0; viewer < 10; viewer += 1) {
      bench.source.fail();
      bench.view();
    }
    expect(bench.sources).toHaveLength(1);
    await bench.pass();
    expect(bench.sources).toHaveLength(2);
  });

  test('that fail in the same way are worth one line of the log', async () => {
    bench.start({ retryNum: -1, url: 'rtmp://u:p@origin/live/x?token=secret' });
    const failures = [
      ['connect-failed'],
      ['connect-failed'],
      ['refused-by-peer', '404'],
      ['refused-by-peer', '404'],
    ];
    for (const [code, detail] of failures) {
      bench.source.fail(code as 'connect-failed', detail);
      await bench.pass();
    }
    const lines = bench.log.filter(({ msg }) => msg.includes('relay pull failed'));
    expect(lines.map(({ level, code }) => `${level} ${code}`)).toEqual([
      '40 connect-failed',
      '20 connect-failed',
      '40 refused-by-peer',
      '20 refused-by-peer',
    ]);
    await bench.source.agree();
    const text = JSON.stringify(bench.log);
    expect(text).toContain('rtmp://origin/live/x?token=***');
    expect(text).not.toMatch(/secret|u:p/);
  });

  test('that the origin refuses in words that repeat our secrets are told without them', async () => {
    bench.start({ url: 'rtmp://user:opensesame@origin/live/x?token=12345' });
    await bench.source.agree();
    bench.source.fail('refused-by-peer', 'user opensesame, 12345');
    expect(bench.log.at(-1)).toMatchObject({ msg: expect.stringMatching(/^relay pull stop/) });
    expect(bench.log.at(-1)).toMatchObject({ code: 'refused-by-peer', detail: 'user ***, ***' });
  });

  test('that end by our own will are no failure that would be worth a warning', async () => {
    bench.view();
    bench.start();
    bench.service.stop('a');
    bench.start();
    await bench.publish();
    expect(bench.log.filter(({ level }) => level >= 40)).toEqual([]);
  });
});

describe('auto stop', () => {
  test('off: it stays though nobody watches', async () => {
    await established();
    await bench.pass(600);
    expect(bench.source.closed).toBeUndefined();
  });

  test('at once: refused when nobody watches', () => {
    expect(bench.start({ autoStopMs: 0 })).toBe(AUTO_STOP);
    expect(bench.sources).toEqual([]);
  });

  test('at once: at the next tick without a viewer', async () => {
    const leave = bench.view();
    await established({ autoStopMs: 0 });
    await bench.pass(5);
    leave();
    expect(bench.source.closed).toBeUndefined();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');
    expect(bench.events).toEqual(['start RTMPPULL1', 'stop RTMPPULL1 no-viewers']);
    await bench.pass(2);
    expect(bench.hub.get('a')).toBeUndefined();
  });

  test('at once: also while it is still connecting', async () => {
    const leave = bench.view();
    bench.start({ autoStopMs: 0, timeoutMs: 0 });
    leave();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');
  });

  test('after a time: counted from the last tick with a viewer, from the order when there was none', async () => {
    await established({ autoStopMs: 5000 });
    await bench.pass(4);
    const leave = bench.view();
    await bench.pass(10);
    leave();
    await bench.pass(4);
    expect(bench.source.closed).toBeUndefined();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');

    bench = new PullBench();
    await established({ autoStopMs: 5000 });
    await bench.pass(4);
    expect(bench.source.closed).toBeUndefined();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');
  });

  test('a push is somebody, too, but only viewers turn the clock back', async () => {
    await established({ autoStopMs: 5000 });
    const stopPush = bench.view('a', { baseType: 'PUSH', id: 'RTMPPUSH1' });
    await bench.pass(10);
    expect(bench.source.closed).toBeUndefined();
    stopPush();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');
  });

  test('leaves the pull ordered: the next viewer starts it again, with all its tries', async () => {
    const leave = bench.view();
    await established({ autoStopMs: 0 });
    // Somebody else keeps the stream.
    bench.hub.get('a')!.hold();
    leave();
    await bench.pass(3);
    expect(bench.sources).toHaveLength(1);
    bench.view();
    expect(bench.sources).toHaveLength(2);
    await bench.source.agree();
    expect(bench.events.at(-1)).toBe('start RTMPPULL2');
  });

  test("dispatch's explicit zeros: no limit of time, one try, gone with the last viewer", async () => {
    const leave = bench.view();
    expect(bench.start({ timeoutMs: 0, retryNum: 0, autoStopMs: 0 })).toBe('RTMPPULL1');
    await bench.pass(60);
    await bench.source.agree();
    await bench.pass(60);
    leave();
    await bench.pass();
    expect(bench.events).toEqual(['start RTMPPULL1', 'stop RTMPPULL1 no-viewers']);
  });
});

describe('stop', () => {
  test('ends what is up, and there are no further tries', async () => {
    bench.view();
    await established({ retryNum: -1 });
    expect(bench.service.stop('a')).toBe('RTMPPULL1');
    expect(bench.source.closed).toBe('kicked');
    expect(bench.events).toEqual(['start RTMPPULL1', 'stop RTMPPULL1 kicked']);
    await bench.pass(5);
    expect(bench.sources).toHaveLength(1);
    expect(bench.service.stop('a')).toBeUndefined();
  });

  test('ends a try that is under way, which comes up no more', async () => {
    bench.view();
    bench.start({ retryNum: -1 });
    expect(bench.service.stop('a')).toBe('RTMPPULL1');
    await bench.source.agree();
    await bench.pass(5);
    expect([bench.sources.length, bench.events, bench.registry.hasInput('a')]).toEqual([1, [], false]);
  });

  test('between two tries ends the tries, and tells the id of the last one, once', async () => {
    bench.view();
    bench.start({ retryNum: -1 });
    bench.source.fail();
    expect(bench.service.stop('a')).toBe('RTMPPULL1');
    expect(bench.service.stop('a')).toBeUndefined();
    await bench.pass(5);
    expect(bench.sources).toHaveLength(1);
  });

  test('a kick is a stop', async () => {
    bench.view();
    await established({ retryNum: -1 });
    bench.registry.pullOf('a')!.close(endReason('kicked'));
    await bench.pass(5);
    expect([bench.sources.length, bench.events.at(-1)]).toEqual([1, 'stop RTMPPULL1 kicked']);
  });

  test('of a stream that is not pulled is nothing', () => {
    expect(bench.service.stop('a')).toBeUndefined();
    bench.view();
    expect(bench.service.stop('a')).toBeUndefined();
  });

  test('gives the stream back at once: another may be ordered, or somebody publish', async () => {
    await established();
    bench.service.stop('a');
    expect(bench.start()).toBe('RTMPPULL2');
    bench.service.stop('a');
    expect(await bench.publish()).toBeInstanceOf(Function);
  });
});

test('when the server stops everything ends, and nothing begins any more', async () => {
  bench = new PullBench({ static_relay_pull: { enable: true, addr: 'h' } });
  bench.view('up');
  await bench.source.agree();
  bench.view('connecting');
  bench.service.close(endReason('server-shutdown'));
  expect(bench.sources.map(({ closed }) => closed)).toEqual(['server-shutdown', 'server-shutdown']);
  expect(bench.events).toEqual(['start RTMPPULL1', 'stop RTMPPULL1 server-shutdown']);
  bench.view('late');
  expect(bench.start({}, 'late')).toBe('the server is stopping');
  bench.service.tick();
  expect([bench.sources.length, bench.clock.pendingTimers]).toEqual([2, 0]);
});

test('a thousand streams that come and go leave nothing behind', async () => {
  for (let round = 0; round < 1000; round += 1) {
    const leave = bench.view(`s${round}`);
    bench.start({ autoStopMs: 0 }, `s${round}`);
    if (round % 3 === 0) bench.source.fail();
    else if (round % 3 === 1) await bench.source.agree();
    leave();
  }
  await settled();
  await bench.pass(3);
  expect([bench.hub.streams.size, bench.clock.pendingTimers, [...bench.registry.all()].length]).toEqual([
    0, 0, 0,
  ]);
});
