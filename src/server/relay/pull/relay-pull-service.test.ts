import { beforeEach, describe, expect, test } from 'vitest';
import { endReason } from '../../../media/end-reason.ts';
import { PullBench } from '../../../testing/pull-bench.ts';
import { settled } from '../../../testing/settled.ts';
import { parseConfig } from '../../config/load-config.ts';

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

  test.each([0, 1e15])('%d is no limit, and no timer that fires at once', (timeoutMs) => {
    bench.start({ timeoutMs });
    bench.clock.advance(24 * 3_600_000);
    expect(bench.source.closed).toBeUndefined();
    expect(bench.source.request.stepTimeoutMs).toBe(2 ** 31 - 1);
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

  test('between two tries there is no session, but there will be none either', async () => {
    bench.view();
    bench.start({ retryNum: -1 });
    bench.source.fail();
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

describe('publishers and pulls', () => {
  test('a publisher is refused while a pull is up, and comes when it is over', async () => {
    await established();
    expect(await bench.publish()).toBe('stream-in-use');
    bench.source.fail('peer-closed');
    expect(await bench.publish()).toBeInstanceOf(Function);
  });

  test('a publisher who comes while a pull connects has the stream; the pull gives way at once', async () => {
    bench.view();
    bench.start({ retryNum: -1 });
    const unpublish = (await bench.publish()) as () => void;
    const { publication } = bench.hub.get('a')!;
    expect(bench.source.closed).toBe('stream-in-use');
    await bench.source.agree();
    await bench.pass(3);
    expect(bench.hub.get('a')!.publication).toBe(publication);
    expect(publication!.isEnded).toBe(false);
    expect(bench.sources).toHaveLength(1);
    unpublish();
    await bench.pass();
    expect(bench.sources).toHaveLength(2);
    await bench.source.agree();
    expect(bench.events).toEqual(['start RTMPPULL2']);
  });

  test.each([
    ['the publisher asks first', true],
    ['the pull asks first', false],
  ])('both ask for the stream while the directory is slow: %s', async (_, publisherFirst) => {
    let answer = (): void => {};
    bench.directory.delay = new Promise((resolve) => (answer = resolve));
    bench.start();
    const { source } = bench;
    const asked = publisherFirst ? bench.publish() : undefined;
    await settled();
    const agreed = source.agree();
    const published = asked ?? bench.publish();
    answer();
    const outcome = await published;
    await agreed;
    await bench.pass(2);
    if (publisherFirst) {
      expect([typeof outcome, source.closed, bench.events]).toEqual(['function', 'stream-in-use', []]);
      expect(bench.registry.publisherOf('a')).toBeDefined();
    } else {
      expect([outcome, source.closed, bench.events]).toEqual([
        'stream-in-use',
        undefined,
        ['start RTMPPULL1'],
      ]);
    }
    expect(bench.hub.get('a')!.publication!.isEnded).toBe(false);
  });

  test('a pull that is stopped while it asks for the stream gives it back', async () => {
    let answer = (): void => {};
    bench.directory.delay = new Promise((resolve) => (answer = resolve));
    bench.start();
    const agreed = bench.source.agree();
    bench.service.stop('a');
    answer();
    await agreed;
    expect([bench.source.publication, bench.events]).toEqual([undefined, []]);
    expect(await bench.publish()).toBeInstanceOf(Function);
  });

  test('a directory that fails ends the try, and nothing else', async () => {
    bench.view();
    bench.directory.delay = Promise.reject(new Error('down'));
    bench.start({ retryNum: 1 });
    await bench.source.agree();
    expect(bench.source.closed).toBe('internal-error');
    bench.directory.delay = Promise.resolve();
    await bench.pass();
    await bench.source.agree();
    expect(bench.events).toEqual(['start RTMPPULL2']);
  });

  test('what an old pull does late does not touch its successor', async () => {
    await established();
    const old = bench.source;
    bench.service.stop('a');
    const unpublish = await bench.publish();
    old.fail();
    old.publication!.end();
    await bench.pass(2);
    expect(bench.hub.get('a')!.publication!.isEnded).toBe(false);
    expect(unpublish).toBeInstanceOf(Function);
  });

  test('a publisher who left is waited for in his time of grace', async () => {
    bench = new PullBench({ in_session: { grace_ms: 5000 }, static_relay_pull: { enable: true, addr: 'h' } });
    const unpublish = (await bench.publish()) as () => void;
    bench.view();
    unpublish();
    await bench.pass(4);
    expect(bench.sources).toEqual([]);
    await bench.pass(2);
    expect(bench.sources).toHaveLength(1);
    await bench.source.agree();
    bench.source.fail('peer-reset');
    await bench.pass();
    expect(bench.sources).toHaveLength(2);
  });
});

describe('what the config says', () => {
  const origin = { static_relay_pull: { enable: true, addr: 'origin:1935' } };

  beforeEach(() => {
    bench = new PullBench(origin);
  });

  test('a viewer of a stream that nobody publishes starts a pull, with the names that he has', async () => {
    bench.view('cam', { appName: 'show', urlParam: 'secret=1' });
    expect(bench.called).toEqual(['rtmp://origin:1935/show/cam']);
    expect(bench.source.request).toMatchObject({ stepTimeoutMs: 10_000, verifyCertificate: true });
    await bench.source.agree();
    expect(bench.registry.pullOf('cam')).toMatchObject({ appName: 'show', streamName: 'cam', urlParam: '' });
    bench.view('', { appName: '' });
  });

  test('of several viewers the first one counts', () => {
    const leave = bench.view('cam', { appName: 'first' });
    bench.view('cam', { appName: 'second' });
    expect(bench.called).toEqual(['rtmp://origin:1935/first/cam']);
    leave();
    bench.source.fail();
    bench.clock.advance(1000);
    bench.service.tick();
    expect(bench.called.at(-1)).toBe('rtmp://origin:1935/second/cam');
  });

  test('a viewer without an app', () => {
    bench.view('cam', { appName: '' });
    expect(bench.called).toEqual(['rtmp://origin:1935//cam']);
  });

  test('a stream with an input is not pulled, nor while it is switched off', async () => {
    await bench.publish();
    bench.view();
    await bench.pass(3);
    expect(bench.sources).toEqual([]);
    bench = new PullBench({ static_relay_pull: { ...origin.static_relay_pull, enable: false } });
    bench.view();
    await bench.pass(3);
    expect(bench.sources).toEqual([]);
  });

  test('who watches already when the publisher leaves, or the config changes, sees the pull at the next tick', async () => {
    const unpublish = (await bench.publish()) as () => void;
    bench.view();
    unpublish();
    expect(bench.sources).toEqual([]);
    await bench.pass();
    expect(bench.sources).toHaveLength(1);
    bench = new PullBench();
    bench.view();
    await bench.pass();
    bench.configStore.apply(parseConfig(JSON.stringify(origin), 'test').config);
    await bench.pass();
    expect(bench.sources).toHaveLength(1);
  });

  test('a push that waits starts none', async () => {
    bench.view('a', { baseType: 'PUSH', id: 'RTMPPUSH1' });
    await bench.pass(2);
    expect(bench.sources).toEqual([]);
  });

  test('it is tried again for ever, once a second, as long as somebody watches', async () => {
    const leave = bench.view();
    for (let second = 0; second < 20; second += 1) {
      bench.source.fail();
      await bench.pass();
    }
    expect(bench.sources).toHaveLength(21);
    leave();
    bench.source.fail();
    await bench.pass(5);
    expect(bench.sources).toHaveLength(21);
    expect(bench.hub.get('a')).toBeUndefined();
  });

  test('it stops with the last viewer, at the next tick', async () => {
    const leave = bench.view();
    await bench.source.agree();
    leave();
    await bench.pass();
    expect(bench.source.closed).toBe('no-viewers');
    await bench.pass(2);
    expect(bench.hub.get('a')).toBeUndefined();
    bench.view();
    expect(bench.sources).toHaveLength(2);
  });

  test('stopped by a call it comes back within a second, as long as somebody watches', async () => {
    bench.view();
    await bench.source.agree();
    expect(bench.service.stop('a')).toBe('RTMPPULL1');
    await bench.pass();
    expect(bench.sources).toHaveLength(2);
  });

  test('a command has precedence until it is taken back', async () => {
    const leave = bench.view();
    bench.service.stop('a');
    expect(bench.start({ url: 'rtsp://other/x', retryNum: -1 })).toBe('RTSPPULL1');
    bench.source.fail();
    await bench.pass();
    expect(bench.called.at(-1)).toBe('rtsp://other/x');
    leave();
    await bench.pass(3);
    expect(bench.source.closed).toBeUndefined();
    bench.view();
    bench.service.stop('a');
    await bench.pass();
    expect(bench.called.at(-1)).toBe('rtmp://origin:1935/live/a');
  });

  test('several origins are tried in turn, and the first one again once a pull was up', async () => {
    bench = new PullBench({
      static_relay_pull: {
        enable: true,
        addr: 'one',
        url_list: [
          { url: 'rtsp://two/{app}/{stream}?{param}', rtsp_mode: 1, verify_certificate: false },
          { url: 'http://three/{stream}.flv', streams: 'cam-*' },
        ],
      },
    });
    bench.view('cam-1', { urlParam: 'k=v' });
    for (let second = 0; second < 4; second += 1) {
      bench.source.fail();
      await bench.pass();
    }
    expect(bench.called).toEqual([
      'rtmp://one/live/cam-1',
      'rtsp://two/live/cam-1?k=v',
      'http://three/cam-1.flv',
      'rtmp://one/live/cam-1',
      'rtsp://two/live/cam-1?k=v',
    ]);
    expect(bench.source.request).toMatchObject({ rtspTransport: 'udp', verifyCertificate: false });
    await bench.source.agree();
    bench.source.fail('peer-reset');
    await bench.pass();
    expect(bench.called.at(-1)).toBe('rtmp://one/live/cam-1');
    bench.view('other');
    bench.source.fail();
    await bench.pass();
    bench.source.fail();
    await bench.pass();
    expect(bench.called.filter((url) => url.includes('other'))).not.toContain('http://three/other.flv');
  });

  test('a stream that no origin has is not pulled', async () => {
    bench = new PullBench({
      static_relay_pull: { enable: true, url_list: [{ url: 'http://h/{stream}.flv', streams: 'cam-*' }] },
    });
    bench.view('a');
    await bench.pass(2);
    expect(bench.sources).toEqual([]);
    bench.view('cam-1');
    expect(bench.sources).toHaveLength(1);
  });

  test('a reload counts for new pulls; what is up stays as long as somebody watches', async () => {
    const leave = bench.view();
    await bench.source.agree();
    const off = { static_relay_pull: { enable: false } };
    bench.configStore.apply(parseConfig(JSON.stringify(off), 'test').config);
    await bench.pass(3);
    expect(bench.source.closed).toBeUndefined();
    bench.view('b');
    leave();
    await bench.pass();
    expect([bench.source.closed, bench.sources.length]).toEqual(['no-viewers', 1]);
    const on = { static_relay_pull: { enable: true, addr: 'new' } };
    bench.configStore.apply(parseConfig(JSON.stringify(on), 'test').config);
    bench.view('b');
    expect(bench.called.at(-1)).toBe('rtmp://new/live/b');
  });

  test('certificates are not looked at where the config says so', () => {
    bench = new PullBench({ ...origin, relay: { insecure_tls: true } });
    bench.view();
    expect(bench.source.request.verifyCertificate).toBe(false);
  });

  test('where apps are kept apart, each has a pull of its own', async () => {
    bench = new PullBench({ ...origin, stream_key: 'app_stream' });
    bench.view('a', { appName: 'one' });
    bench.view('a', { appName: 'two' });
    expect(bench.called).toEqual(['rtmp://origin:1935/one/a', 'rtmp://origin:1935/two/a']);
    for (const source of bench.sources) await source.agree();
    expect([...bench.hub.streams.keys()]).toEqual(['one/a', 'two/a']);
    expect(bench.registry.pullOf('two/a')!.id).toBe('RTMPPULL2');
  });

  test('without limit many viewers of many streams make many pulls, and with one not more', async () => {
    bench = new PullBench({ ...origin, limits: { max_relay_pulls: 2 } });
    for (const name of ['a', 'b', 'c']) bench.view(name);
    expect(bench.sources).toHaveLength(2);
    bench.sources[0]!.fail();
    await bench.pass();
    expect(bench.sources).toHaveLength(3);
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
