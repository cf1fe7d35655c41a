import { beforeEach, expect, test } from 'vitest';
import { PullBench } from '../../../testing/pull-bench.ts';
import { parseConfig } from '../../config/load-config.ts';

let bench: PullBench;

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

test('several origins are tried in turn, and the first one again once a pull had something', async () => {
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
  bench.source.sendPicture();
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

test('an origin that consents and has nothing is no better than one that refuses', async () => {
  bench = new PullBench({
    static_relay_pull: { enable: true, addr: 'one', url_list: [{ url: 'rtmp://two/{app}/{stream}' }] },
  });
  bench.view();
  await bench.source.agree();
  bench.source.fail('idle-timeout');
  await bench.pass();
  expect(bench.called).toEqual(['rtmp://one/live/a', 'rtmp://two/live/a']);
  await bench.source.agree();
  bench.source.sendPicture();
  bench.service.stop('a');
  await bench.pass();
  expect(bench.called.at(-1)).toBe('rtmp://one/live/a');
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
