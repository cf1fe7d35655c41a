import { describe, expect, test } from 'vitest';
import { endReason, type EndReason } from '../../../media/end-reason.ts';
import { audioTrack, frameOf, videoTrack } from '../../../testing/hub-kit.ts';
import { PushBench } from '../../../testing/push-bench.ts';

const ADDR = { relay_push: { enable: true, addr_list: ['10.0.0.2:1935'] } };
const URL = 'rtmps://h/live2/abcd-efgh';
const WARN = 40;
const ERROR = 50;

const refused = endReason('refused-by-peer', 'NetStream.Publish.BadName', 'abcd-efgh is in use');
const failed = endReason('connect-failed', 'ECONNREFUSED');

describe('what the config pushes', () => {
  test('each publisher goes to each target, by all of its names', () => {
    const bench = new PushBench({
      relay_push: {
        enable: true,
        addr_list: ['10.0.0.2:1935', 'cdn'],
        url_list: [
          { url: 'rtsp://h/{app}/{stream}', rtsp_mode: 1 },
          { url: 'rtmps://h/{stream}', streams: 'tv-*', hevc_form: 'enhanced', verify_certificate: false },
        ],
      },
    });
    bench.publish({ urlParam: 'a=b' });
    expect(bench.targets).toEqual([
      'rtmp://10.0.0.2:1935/live/test110?a=b',
      'rtmp://cdn/live/test110?a=b',
      'rtsp://h/live/test110',
    ]);
    bench.publish({ streamName: 'tv-1', protocol: 'RTSP' });
    expect(bench.targets.slice(3)).toEqual([
      'rtmp://10.0.0.2:1935/live/tv-1',
      'rtmp://cdn/live/tv-1',
      'rtsp://h/live/tv-1',
      'rtmps://h/tv-1',
    ]);
    const usual = {
      hevcForm: 'source',
      rtspTransport: 'tcp',
      verifyCertificate: true,
      timeoutMs: 10_000,
    };
    expect(bench.connections.slice(3).map(({ options }) => options.manner)).toEqual([
      usual,
      usual,
      { ...usual, rtspTransport: 'udp' },
      { ...usual, hevcForm: 'enhanced', verifyCertificate: false },
    ]);
    expect(bench.statuses('tv-1').map(({ id }) => id)).toEqual([
      'RTMPPUSH3',
      'RTMPPUSH4',
      'RTSPPUSH2',
      'RTMPPUSH5',
    ]);
  });

  test.each([
    { protocol: 'RTMP', isPushed: true },
    { protocol: 'RTSP', isPushed: true },
    { protocol: 'PS', isPushed: false },
    { protocol: 'CUSTOMIZE', isPushed: false },
    { protocol: 'PS', allInputs: true, isPushed: true },
    { protocol: 'CUSTOMIZE', allInputs: true, isPushed: true },
    { protocol: 'RTMP', baseType: 'PULL', allInputs: true, isPushed: false },
    { protocol: 'RTMP', isListedLate: true, isPushed: true },
  ] as const)('%j', ({ isPushed, allInputs = false, ...input }) => {
    const bench = new PushBench({ relay_push: { ...ADDR.relay_push, all_inputs: allInputs } });
    bench.publish(input);
    expect(bench.connections).toHaveLength(isPushed ? 1 : 0);
  });

  test('nothing while it is switched off', () => {
    const bench = new PushBench({ relay_push: { addr_list: ['h'] } });
    bench.publish();
    expect(bench.connections).toEqual([]);
  });

  test('a push is listed as a session while the target takes the stream', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    expect(bench.states()).toEqual(['connecting']);
    expect(bench.registry.hasOutput('test110')).toBe(false);
    bench.last.accept();
    expect(bench.registry.hasOutput('test110')).toBe(true);
    expect(bench.registry.get('test110', 'RTMPPUSH1')).toMatchObject({
      baseType: 'PUSH',
      protocol: 'RTMP',
      remoteAddress: '10.0.0.2:1935',
      appName: 'live',
      url: 'rtmp://10.0.0.2:1935/live/test110',
    });
    bench.unpublish(publication);
    expect(bench.last.endedWith?.code).toBe('source-ended');
    expect(bench.registry.hasOutput('test110')).toBe(false);
    expect(bench.statuses()).toEqual([]);
    bench.second();
    expect(bench.stream()).toBeUndefined();
    expect(bench.clock.pendingTimers).toBe(0);
  });

  test('the next publisher is pushed by his own names, and by a new id', () => {
    const bench = new PushBench(ADDR);
    bench.unpublish(bench.publish());
    bench.publish({ appName: 'other' });
    expect(bench.targets).toEqual([
      'rtmp://10.0.0.2:1935/live/test110',
      'rtmp://10.0.0.2:1935/other/test110',
    ]);
    expect(bench.statuses().map(({ id }) => id)).toEqual(['RTMPPUSH2']);
  });

  test('no more than allowed, and said so', () => {
    const bench = new PushBench({ ...ADDR, limits: { max_relay_pushes: 1 } });
    bench.publish();
    bench.publish({ streamName: 'two' });
    expect(bench.connections).toHaveLength(1);
    expect(bench.lines('relay push refused')).toMatchObject([{ level: WARN, code: 'limit-reached' }]);
    expect(bench.service.start({ streamKey: 'two', url: URL })).toMatchObject({
      detail: 'max_relay_pushes',
    });
  });

  test('as many as there are streams, where 0 allows it', () => {
    const bench = new PushBench({ ...ADDR, limits: { max_relay_pushes: 0 } });
    bench.publish();
    bench.publish({ streamName: 'two' });
    expect(bench.connections).toHaveLength(2);
  });
});

describe('from the first frame on', () => {
  test('what comes before the target accepts is kept for it', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    for (const timeMs of [0, 40, 80]) bench.send(publication, timeMs, timeMs === 0);
    expect(bench.last.sink.units).toEqual([]);
    bench.last.accept();
    bench.send(publication, 120, false);
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V0', 'v40', 'v80', 'v120']);
  });

  test('a target that comes later begins at a key frame', () => {
    const bench = new PushBench();
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.service.start({ streamKey: 'test110', url: URL });
    bench.last.accept();
    bench.send(publication, 40, false);
    bench.send(publication, 80);
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V80']);
  });
});

describe('tries', () => {
  test('a target that fails is tried again every second, and the log says so once', () => {
    const bench = new PushBench(ADDR);
    bench.publish();
    for (let tries = 1; tries <= 5; tries += 1) {
      bench.last.end(failed);
      expect(bench.states()).toEqual(['pausing']);
      expect(bench.statuses()[0]).toMatchObject({ failures: tries, lastEnd: { reason: failed } });
      bench.clock.advance(999);
      expect(bench.connections).toHaveLength(tries);
      bench.clock.advance(1);
      expect(bench.connections).toHaveLength(tries + 1);
    }
    expect(bench.lines('relay push stop').filter(({ level }) => level === WARN)).toMatchObject([
      { session: 'RTMPPUSH1', code: 'connect-failed', retryMs: 1000 },
    ]);
    bench.last.accept();
    expect(bench.states()).toEqual(['pushing']);
  });

  test('pauses grow where the config says so', () => {
    const bench = new PushBench({ relay_push: { ...ADDR.relay_push, max_retry_interval_ms: 3000 } });
    bench.publish();
    for (const pauseMs of [1000, 2000, 3000, 3000]) {
      bench.last.end(failed);
      const { length } = bench.connections;
      bench.clock.advance(pauseMs - 1);
      expect(bench.connections).toHaveLength(length);
      bench.clock.advance(1);
      expect(bench.connections).toHaveLength(length + 1);
    }
  });

  test('a refusal is logged with its code, and without the stream key', () => {
    const bench = new PushBench();
    bench.publish();
    bench.service.start({ streamKey: 'test110', url: URL });
    bench.last.end(refused);
    expect(bench.lines('relay push stop')).toMatchObject([
      { level: WARN, code: 'refused-by-peer', detail: 'NetStream.Publish.BadName', reason: '*** is in use' },
    ]);
    expect(bench.statuses()[0]).toMatchObject({
      url: 'rtmps://h/live2/***',
      lastEnd: { reason: { message: '*** is in use' } },
    });
    expect(JSON.stringify(bench.log)).not.toContain('abcd');
  });

  test('a limited number of tries is for one publisher; the next one has as many', () => {
    const bench = new PushBench();
    bench.service.start({ streamKey: 'test110', url: URL, maxRetries: 1 });
    const publication = bench.publish();
    bench.last.end(failed);
    bench.second();
    bench.last.end(failed);
    expect(bench.states()).toEqual(['stopped']);
    expect(bench.lines('relay push stop').at(-1)).toMatchObject({ level: WARN, retryMs: 'none' });
    bench.clock.advance(60_000);
    expect(bench.connections).toHaveLength(2);
    bench.unpublish(publication);
    expect(bench.states()).toEqual(['waiting']);
    bench.publish();
    expect(bench.connections).toHaveLength(3);
    expect(bench.states()).toEqual(['connecting']);
  });

  test('a target that dies is called again', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.last.accept();
    bench.last.end(endReason('peer-reset', 'ECONNRESET'));
    expect(bench.registry.hasOutput('test110')).toBe(false);
    bench.second();
    bench.send(publication, 1000);
    bench.last.accept();
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V1000']);
    expect(bench.registry.get('test110', 'RTMPPUSH1')).toBeDefined();
  });

  test('an error of ours is an error in the log, with what was thrown', () => {
    const bench = new PushBench(ADDR);
    bench.publish();
    bench.last.end({ ...endReason('internal-error'), cause: new TypeError('a mistake of ours') });
    expect(bench.lines('relay push stop')).toMatchObject([
      { level: ERROR, code: 'internal-error', err: { message: 'a mistake of ours' }, retryMs: 1000 },
    ]);
  });

  test('nobody is called when the publisher has left meanwhile', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    bench.last.end(failed);
    bench.unpublish(publication);
    bench.clock.advance(5000);
    expect(bench.connections).toHaveLength(1);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});

describe('a slow target', () => {
  const LIMITS = { relay_push: { ...ADDR.relay_push, addr_list: ['slow', 'fast'], queue_bytes: 1_048_576 } };

  test('is ended when its queue is full, and begins anew; the others miss nothing', () => {
    const bench = new PushBench(LIMITS);
    const publication = bench.publish();
    const [slow, fast] = bench.connections as [(typeof bench)['last'], (typeof bench)['last']];
    slow.accept();
    fast.accept();
    slow.sink.isFull = true;
    for (let index = 0; index < 12; index += 1) {
      bench.send(publication, index * 40, true, 100_000);
      expect(slow.subscription.queuedBytes).toBeLessThan(1_048_576 + 100_100);
    }
    expect(slow.endedWith?.code).toBe('consumer-overflow');
    expect(fast.sink.units).toHaveLength(13);
    expect(bench.states()).toEqual(['pausing', 'pushing']);
    expect(bench.lines('relay push stop')).toMatchObject([{ level: WARN, code: 'consumer-overflow' }]);
    bench.second();
    bench.last.accept();
    bench.send(publication, 2000);
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V2000']);
  });

  test('is ended when too much media time waits', () => {
    const bench = new PushBench({ relay_push: { ...ADDR.relay_push, queue_ms: 5000 } });
    const publication = bench.publish();
    bench.last.accept();
    bench.last.sink.isFull = true;
    for (let timeMs = 0; timeMs <= 5200; timeMs += 100) bench.send(publication, timeMs);
    expect(bench.last.endedWith?.code).toBe('consumer-overflow');
  });

  test('that never answers holds no more than its queue', () => {
    const bench = new PushBench({ relay_push: { ...ADDR.relay_push, queue_bytes: 1_048_576 } });
    const publication = bench.publish();
    for (let index = 0; index < 14; index += 1) bench.send(publication, index * 40, true, 100_000);
    expect(bench.last.endedWith?.code).toBe('consumer-overflow');
    expect(bench.states()).toEqual(['pausing']);
  });

  test('is sent the end of the stream before it is left', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    bench.last.accept();
    bench.last.sink.isFull = true;
    for (const timeMs of [0, 40, 80]) bench.send(publication, timeMs, timeMs === 0);
    bench.unpublish(publication);
    expect(bench.states()).toEqual(['finishing']);
    expect(bench.last.endedWith).toBeUndefined();
    bench.last.drain();
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V0', 'v40', 'v80']);
    expect(bench.last.endedWith?.code).toBe('source-ended');
    expect(bench.statuses()).toEqual([]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  test('is not waited for for ever at the end, nor when the next publisher is there', () => {
    for (const isRepublished of [false, true]) {
      const bench = new PushBench(ADDR);
      const publication = bench.publish();
      const { last } = bench;
      last.accept();
      last.sink.isFull = true;
      for (const timeMs of [0, 40]) bench.send(publication, timeMs);
      bench.unpublish(publication);
      if (isRepublished) bench.publish();
      else bench.clock.advance(10_000);
      expect(last.endedWith?.code).toBe('source-ended');
      expect(bench.states()).toEqual(isRepublished ? ['connecting'] : []);
    }
  });
});

describe('tracks', () => {
  test('a target that was told of others is called anew, when it has got the rest', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    const first = bench.last;
    first.accept();
    first.fitsTracks = ({ tracks }) => tracks.length === 1;
    first.sink.isFull = true;
    bench.send(publication, 0);
    bench.send(publication, 40, false);
    bench.clock.advance(5000);
    publication.setTrack(audioTrack());
    expect(bench.states()).toEqual(['finishing']);
    first.drain();
    expect(first.endedWith).toMatchObject({ code: 'source-ended', detail: 'tracks-changed' });
    bench.clock.advance(0);
    expect(bench.connections).toHaveLength(2);
    bench.last.accept();
    expect(bench.statuses()[0]).toMatchObject({ id: 'RTMPPUSH1', state: 'pushing', failures: 0 });
  });

  test('what was sent just before them is not lost', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.last.accept();
    bench.last.fitsTracks = ({ tracks }) => tracks.length === 1;
    // Still waits for the end of the turn.
    publication.write(frameOf(videoTrack(), 40, { isKey: false }));
    publication.setTrack(audioTrack());
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V0', 'v40']);
    expect(bench.last.endedWith?.detail).toBe('tracks-changed');
  });

  test('that change all the time do not make all the time calls', () => {
    const bench = new PushBench(ADDR);
    const publication = bench.publish();
    for (let index = 0; index < 20; index += 1) {
      bench.last.fitsTracks = () => false;
      publication.setTrack(videoTrack(index));
      bench.clock.advance(100);
    }
    expect(bench.connections).toHaveLength(3);
  });

  test('a stream without anything for the target waits for it', () => {
    const bench = new PushBench(ADDR);
    bench.canSend = ({ tracks }) => tracks.some(({ kind }) => kind === 'audio');
    const publication = bench.publish();
    expect(bench.states()).toEqual(['waiting']);
    publication.setTrack(audioTrack());
    expect(bench.states()).toEqual(['connecting']);
    bench.unpublish(publication);
    expect(bench.last.endedWith?.code).toBe('source-ended');
  });
});

describe('pushes on request', () => {
  test('wait for the publisher, keep the stream, and outlast publishers', () => {
    const bench = new PushBench();
    expect(bench.service.start({ streamKey: 'test110', url: URL })).toBe('RTMPPUSH1');
    expect(bench.states()).toEqual(['waiting']);
    bench.second();
    expect(bench.stream()).toBeDefined();
    for (let round = 1; round <= 2; round += 1) {
      const publication = bench.publish({ protocol: 'PS', baseType: round === 1 ? 'PUB' : 'PULL' });
      bench.last.accept();
      expect(bench.states()).toEqual(['pushing']);
      bench.unpublish(publication);
      expect(bench.states()).toEqual(['waiting']);
    }
    expect(bench.connections).toHaveLength(2);
    expect(bench.service.stop('test110', { id: 'RTMPPUSH1' })).toBe('RTMPPUSH1');
    bench.second();
    expect(bench.stream()).toBeUndefined();
    expect(bench.clock.pendingTimers).toBe(0);
  });

  test('begin at once when somebody publishes', () => {
    const bench = new PushBench();
    bench.publish();
    bench.service.start({
      streamKey: 'test110',
      url: URL,
      hevcForm: 'legacy',
      rtspTransport: 'udp',
      verifyCertificate: false,
      timeoutMs: 500,
    });
    expect(bench.last.options.manner).toEqual({
      hevcForm: 'legacy',
      rtspTransport: 'udp',
      verifyCertificate: false,
      timeoutMs: 500,
    });
  });

  test('may be given as long as they need to connect', () => {
    const bench = new PushBench();
    bench.publish();
    bench.service.start({ streamKey: 'test110', url: URL, timeoutMs: 0 });
    expect(bench.last.options.manner.timeoutMs).toBe(Infinity);
  });

  test.each<[string, () => object, Partial<EndReason>]>([
    ['the same twice', () => ({ url: URL }), { code: 'stream-in-use', detail: 'url' }],
    ['no URL', () => ({ url: 'x' }), { code: 'protocol-error', detail: 'ERR_RELAY_URL' }],
    ['no name', () => ({ streamKey: '' }), { code: 'name-refused' }],
    ['a stream too many', () => ({ streamKey: 'new' }), { code: 'limit-reached', detail: 'max_streams' }],
  ])('are refused: %s', (_, change, reason) => {
    const bench = new PushBench({ limits: { max_streams: 1 } });
    bench.service.start({ streamKey: 'test110', url: URL });
    const request = { streamKey: 'test110', url: 'rtmp://other/a/b', ...change() };
    expect(bench.service.start(request)).toMatchObject(reason);
    expect(bench.statuses()).toHaveLength(1);
  });

  test('are stopped by id or URL, whatever they are at, and do not come back', () => {
    for (const state of ['waiting', 'connecting', 'pushing', 'pausing']) {
      const bench = new PushBench();
      bench.service.start({ streamKey: 'test110', url: URL });
      if (state !== 'waiting') bench.publish();
      if (state === 'pushing') bench.last.accept();
      if (state === 'pausing') bench.last.end(failed);
      expect(bench.states()).toEqual([state]);
      expect(bench.service.stop('test110', { url: 'rtmps://h/live2/other' })).toBeUndefined();
      expect(bench.service.stop('test110', { url: URL })).toBe('RTMPPUSH1');
      expect(bench.statuses()).toEqual([]);
      bench.clock.advance(5000);
      expect(bench.connections.length).toBeLessThanOrEqual(1);
      expect(bench.clock.pendingTimers).toBe(0);
    }
  });

  test('are over when they are kicked; what the config pushes comes again with the next publisher', () => {
    const bench = new PushBench(ADDR);
    bench.service.start({ streamKey: 'test110', url: URL });
    const publication = bench.publish();
    for (const connection of bench.connections) connection.accept();
    for (const record of bench.registry.pushesOf('test110')) record.close(endReason('kicked'));
    expect(bench.connections.map(({ endedWith }) => endedWith?.code)).toEqual(['kicked', 'kicked']);
    expect(bench.statuses()).toMatchObject([{ id: 'RTMPPUSH2', state: 'stopped' }]);
    bench.clock.advance(60_000);
    expect(bench.connections).toHaveLength(2);
    bench.unpublish(publication);
    bench.publish();
    expect(bench.targets.slice(2)).toEqual(['rtmp://10.0.0.2:1935/live/test110']);
  });
});

describe('a publisher that returns within the grace time', () => {
  const GRACE = { ...ADDR, in_session: { grace_ms: 5000 } };

  /** A push was up when its publisher left, and nothing has been noticed since. */
  function afterGraceTime(): PushBench {
    const bench = new PushBench(GRACE);
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.last.accept();
    bench.unpublish(publication);
    bench.clock.advance(5000);
    return bench;
  }

  test('finds his push as he left it', () => {
    const bench = new PushBench(GRACE);
    const publication = bench.publish();
    bench.last.accept();
    bench.send(publication, 0);
    bench.unpublish(publication);
    bench.second();
    expect(bench.states()).toEqual(['pushing']);
    bench.send(bench.publish(), 0);
    expect(bench.last.sink.units).toEqual(['[v]T1.1', 'V0', 'V1000']);
    expect(bench.connections).toHaveLength(1);
  });

  test('is pushed again where the tries were used up', () => {
    const bench = new PushBench({ in_session: { grace_ms: 5000 } });
    bench.service.start({ streamKey: 'test110', url: URL, maxRetries: 0 });
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.last.end(failed);
    bench.unpublish(publication);
    expect(bench.states()).toEqual(['stopped']);
    bench.publish();
    expect(bench.states()).toEqual(['connecting']);
  });

  test('by a name that does not fit into the URL ends his push', () => {
    const bench = new PushBench({ in_session: { grace_ms: 5000 } });
    bench.service.start({ streamKey: 'test110', url: 'rtsp://h/{stream}?{param}' });
    const publication = bench.publish();
    bench.send(publication, 0);
    bench.last.accept();
    bench.unpublish(publication);
    bench.publish({ urlParam: 'x'.repeat(9000) });
    expect(bench.last.endedWith).toMatchObject({ code: 'protocol-error', detail: 'ERR_RELAY_URL' });
    expect(bench.statuses()).toMatchObject([
      { state: 'stopped', lastEnd: { reason: { detail: 'ERR_RELAY_URL' } } },
    ]);
  });

  test('is pushed anew by another name', () => {
    const bench = new PushBench(GRACE);
    bench.unpublish(bench.publish());
    bench.publish({ urlParam: 'a=b' });
    expect(bench.targets).toEqual([
      'rtmp://10.0.0.2:1935/live/test110',
      'rtmp://10.0.0.2:1935/live/test110?a=b',
    ]);
    expect(bench.connections[0]!.endedWith?.code).toBe('source-ended');
  });

  test('and is no publisher but a pull is not pushed', () => {
    const bench = new PushBench(GRACE);
    bench.unpublish(bench.publish());
    bench.publish({ baseType: 'PULL' });
    expect(bench.connections.map(({ endedWith }) => endedWith?.code)).toEqual(['source-ended']);
    expect(bench.statuses()).toEqual([]);
  });

  test('comes too late for a push that has been ended by then', () => {
    const bench = afterGraceTime();
    expect(bench.last.endedWith).toBeUndefined();
    bench.service.tick();
    expect(bench.last.endedWith?.code).toBe('source-ended');
    expect(bench.statuses()).toEqual([]);
  });

  test('comes too late even before that was noticed', () => {
    const bench = afterGraceTime();
    bench.publish();
    expect(bench.connections[0]!.endedWith?.code).toBe('source-ended');
    expect(bench.states()).toEqual(['connecting']);
    expect(bench.statuses()[0]!.id).toBe('RTMPPUSH2');
  });
});

test('the server’s end is the end of all', () => {
  const bench = new PushBench(ADDR);
  bench.service.start({ streamKey: 'waiting', url: URL });
  bench.publish();
  bench.last.accept();
  bench.publish({ streamName: 'pausing' });
  bench.last.end(failed);
  bench.service.close(endReason('server-shutdown'));
  expect(bench.connections[0]!.endedWith?.code).toBe('server-shutdown');
  expect(['waiting', 'test110', 'pausing'].flatMap((name) => bench.statuses(name))).toEqual([]);
  expect(bench.clock.pendingTimers).toBe(0);
  bench.publish({ streamName: 'late' });
  expect(bench.service.start({ streamKey: 'late', url: URL })).toMatchObject({ code: 'server-shutdown' });
  expect(bench.connections).toHaveLength(2);
});
