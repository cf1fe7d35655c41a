import { expect, test } from 'vitest';
import { NotifyBench } from '../../testing/notify-bench.ts';
import { settled } from '../../testing/settled.ts';
import type { ServerConfig } from '../config/server-config.ts';

type NotifySection = Partial<ServerConfig['http_notify']>;

const FAR_AWAY = new Promise<void>(() => {});

test('sessions come and go in the order in which they did, whatever is slow', async () => {
  const bench = new NotifyBench();
  bench.events.connected({ sessionId: 'R1', remoteAddress: '', app: '', flashVer: '', tcUrl: '' });
  const publisher = bench.start('R1');
  const viewer = bench.start('F1', 'a', { baseType: 'SUB' });
  bench.stop(viewer);
  bench.stop(publisher);
  expect(await bench.sent()).toEqual([
    'on_rtmp_connect R1',
    'on_pub_start R1',
    'on_sub_start F1',
    'on_sub_stop F1',
    'on_pub_stop R1',
  ]);
  expect(bench.notify.counters).toEqual({ sent: 5, failed: 0, retried: 0, dropped: 0, queued: 0 });
});

test('what is about the whole server keeps its place among all of one receiver', async () => {
  const bench = new NotifyBench();
  bench.client.result = undefined;
  bench.events.serverStarts();
  bench.start('R1', 'a');
  bench.events.serverStarted();
  bench.start('R2', 'b');
  const ok = { status: 200, text: '' };
  expect(await bench.sent()).toEqual(['on_server_start']);
  bench.client.open[0]!.answer(ok);
  expect((await bench.sent()).at(-1)).toBe('on_pub_start R1');
  bench.client.open[0]!.answer(ok);
  expect((await bench.sent()).at(-1)).toBe('on_update');
  bench.client.open[0]!.answer(ok);
  expect((await bench.sent()).at(-1)).toBe('on_pub_start R2');
});

test('with one connection everything is sent in the order in which it happened, also while something is tried again', async () => {
  const bench = new NotifyBench({ connections: 1, retry_num: 1 });
  bench.client.result = { status: 500, text: '' };
  const first = bench.start('R1', 'a');
  await settled();
  bench.client.result = { status: 200, text: '' };
  bench.stop(first);
  bench.start('R2', 'b');
  bench.events.serverStarted();
  bench.start('R3', 'c');
  expect(await bench.sent()).toEqual(['on_pub_start R1']);
  bench.clock.advance(1000);
  expect((await bench.sent()).slice(1)).toEqual([
    'on_pub_start R1',
    'on_pub_stop R1',
    'on_pub_start R2',
    'on_update',
    'on_pub_start R3',
  ]);
});

test('a receiver that hangs holds up nobody else', async () => {
  const bench = new NotifyBench({ on_sub_start: 'http://hanging/on_sub_start' });
  bench.client.result = undefined;
  bench.start('R1');
  bench.start('F1', 'a', { baseType: 'SUB' });
  bench.start('R2', 'b');
  await settled();
  for (const callback of bench.client.open.filter(({ path }) => path !== 'on_sub_start')) {
    callback.answer({ status: 200, text: '' });
  }
  bench.start('R3', 'a');
  expect(await bench.sent()).toEqual([
    'on_pub_start R1',
    'on_sub_start F1',
    'on_pub_start R2',
    'on_pub_start R3',
  ]);
});

test('callbacks without URL, or switched off, are not sent; relay pushes have none', async () => {
  const bench = new NotifyBench({ on_pub_start: '', on_pub_stop: 'nonsense' });
  bench.stop(bench.start('R1'));
  bench.stop(bench.start('P1', 'a', { baseType: 'PUSH' }));
  const off = new NotifyBench({ enable: false });
  off.stop(off.start('R1'));
  off.events.serverStarted();
  expect([...(await bench.sent()), ...(await off.sent())]).toEqual([]);
});

test.each(['PS', 'CUSTOMIZE'] as const)(
  'publishers of protocol %s are told about only with internal_publishers',
  async (protocol) => {
    for (const isOn of [false, true]) {
      const bench = new NotifyBench({ internal_publishers: isOn });
      bench.stop(bench.start('X1', 'a', { protocol }));
      expect(await bench.sent()).toEqual(isOn ? ['on_pub_start X1', 'on_pub_stop X1'] : []);
    }
  },
);

test('update_interval_sec is kept to; while an update waits no other is queued, and it shows what is so when it is sent', async () => {
  const bench = new NotifyBench({ update_interval_sec: 5 });
  bench.client.result = undefined;
  bench.events.serverStarts();
  bench.events.serverStarted();
  for (let second = 1; second <= 12; second += 1) bench.events.tick();
  expect(bench.notify.counters.queued).toBe(2);
  await settled();
  bench.hub.open('a').publish();
  bench.client.open[0]!.answer({ status: 200, text: '' });
  expect(await bench.sent()).toEqual(['on_server_start', 'on_update']);
  expect(bench.client.heard[1]!.body['groups']).toHaveLength(1);
  bench.client.open[0]!.answer({ status: 200, text: '' });
  bench.client.result = { status: 200, text: '' };
  for (let second = 13; second <= 20; second += 1) {
    bench.events.tick();
    await settled();
  }
  expect((await bench.sent()).slice(2)).toEqual(['on_update', 'on_update']);
});

test('an interval of 0 means one update, at the start', async () => {
  const bench = new NotifyBench();
  bench.events.serverStarted();
  for (let second = 0; second < 10; second += 1) bench.events.tick();
  expect(await bench.sent()).toEqual(['on_update']);
});

test('1024 callbacks are pending at most; what comes then is left out, counted, and logged once', async () => {
  const bench = new NotifyBench();
  bench.client.result = undefined;
  for (let number = 1; number <= 1500; number += 1) bench.start(`R${number}`);
  await settled();
  expect(bench.notify.counters).toMatchObject({ queued: 1024, dropped: 476 });
  expect(bench.log.map(({ code, callback, dropped }) => ({ code, callback, dropped }))).toEqual([
    { code: 'ERR_NOTIFY_QUEUE_FULL', callback: 'on_pub_start', dropped: 1 },
  ]);
  bench.clock.advance(15_000);
  bench.client.result = { status: 200, text: '' };
  bench.client.open[0]!.answer({ status: 200, text: '' });
  expect(await bench.sent()).toHaveLength(1024);
  expect(bench.notify.counters).toMatchObject({ sent: 1024, queued: 0, dropped: 476 });
  expect(bench.log.at(-1)).toMatchObject({ dropped: 476, msg: 'callbacks: none is left out any more' });
});

test('nobody hears of the stop of a session whose start was left out', async () => {
  const bench = new NotifyBench();
  bench.client.result = undefined;
  const records = Array.from({ length: 1030 }, (_, index) => bench.start(`R${index}`));
  await settled();
  bench.client.result = { status: 200, text: '' };
  bench.client.open[0]!.answer({ status: 200, text: '' });
  await settled();
  for (const record of records) {
    bench.stop(record);
    await settled();
  }
  const sent = await bench.sent();
  expect(sent.filter((line) => line.startsWith('on_pub_stop'))).toHaveLength(1024);
  expect(sent).not.toContain('on_pub_stop R1024');
  expect(bench.notify.counters).toMatchObject({ dropped: 12, queued: 0 });
});

test.each<[string, NotifySection, NotifySection, string[]]>([
  ['callbacks were off', { enable: false }, { enable: true }, []],
  ['starts had no URL', { on_pub_start: '' }, { on_pub_start: 'http://receiver/on_pub_start' }, []],
  ['own inputs were not told about', { internal_publishers: false }, { internal_publishers: true }, []],
  ['nobody wanted starts', { enable: false, on_pub_start: '' }, { enable: true }, ['on_pub_stop X1']],
])(
  'before a reload %s: whoever is told of starts hears of no stop alone',
  async (_, before, after, stops) => {
    const bench = new NotifyBench({ internal_publishers: true, ...before });
    const early = bench.start('X1', 'a', { protocol: 'PS' });
    bench.reload(after);
    bench.stop(early);
    bench.stop(bench.start('X2', 'b', { protocol: 'PS' }));
    const ofBoth = (await bench.sent()).filter((line) => line !== 'on_pub_start X2');
    expect(ofBoth.toSorted()).toEqual([...stops, 'on_pub_stop X2']);
    expect(bench.notify.counters.dropped).toBe(0);
  },
);

test('each of several receivers has its share of what may be pending', async () => {
  const bench = new NotifyBench({ on_sub_start: 'http://hanging/on_sub_start' });
  bench.client.result = undefined;
  for (let number = 0; number < 600; number += 1) bench.start(`F${number}`, 'a', { baseType: 'SUB' });
  await settled();
  expect(bench.notify.counters).toMatchObject({ queued: 512, dropped: 88 });
  bench.start('R1');
  expect((await bench.sent()).at(-1)).toBe('on_pub_start R1');
});

test('clients that say much fill no more than 16 million characters', async () => {
  const bench = new NotifyBench();
  bench.client.result = undefined;
  const tcUrl = 'x'.repeat(60_000);
  for (let number = 0; number < 400; number += 1) {
    bench.events.connected({ sessionId: `R${number}`, remoteAddress: '', app: '', flashVer: '', tcUrl });
  }
  expect(bench.notify.counters.queued).toBe(279);
  expect(bench.notify.counters.dropped).toBe(121);
});

test('failures are counted and logged when they begin and when they are over, without the secrets of the URL', async () => {
  const bench = new NotifyBench({ on_pub_start: 'http://me:pw@receiver/on_pub_start?token=t1' });
  bench.client.result = { status: 500, text: '' };
  for (const id of ['R1', 'R2', 'R3']) bench.start(id);
  await settled();
  bench.clock.advance(10_000);
  bench.client.result = { status: 200, text: '' };
  bench.start('R4');
  await settled();
  expect(bench.notify.counters).toEqual({ sent: 1, failed: 3, retried: 0, dropped: 0, queued: 0 });
  expect(bench.log).toMatchObject([
    {
      code: 'ERR_NOTIFY_STATUS',
      callback: 'on_pub_start',
      url: 'http://***@receiver/on_pub_start?token=***',
      msg: 'callbacks: not delivered: status 500',
    },
    { failures: 3, msg: 'callbacks: answered again' },
  ]);
});

test('when the server stops, what is pending is sent, and given up after a while', async () => {
  const bench = new NotifyBench({ retry_num: 5 });
  bench.client.result = { status: 500, text: '' };
  bench.start('R1');
  await settled();
  bench.client.result = { status: 200, text: '' };
  await bench.notify.close(FAR_AWAY);
  expect(bench.notify.counters).toEqual({ sent: 1, failed: 0, retried: 1, dropped: 0, queued: 0 });
  expect(bench.client.isClosed).toBe(true);

  const hanging = new NotifyBench();
  hanging.client.result = undefined;
  hanging.start('R1');
  hanging.start('R2');
  await settled();
  await hanging.notify.close(Promise.resolve());
  expect(hanging.log).toMatchObject([{ queued: 2, msg: 'callbacks: given up because the server stops' }]);
  hanging.start('R3');
  expect(await hanging.sent()).not.toContain('on_pub_start R3');
});

test('of a receiver that a reload takes out of the config nothing is kept once it has got what was its own', async () => {
  const bench = new NotifyBench();
  for (let number = 0; number < 20; number += 1) {
    bench.reload({ on_rtmp_connect: `http://receiver${number}/on_rtmp_connect` });
    bench.client.result = number === 10 ? undefined : { status: 200, text: '' };
    bench.events.connected({
      sessionId: `R${number}`,
      remoteAddress: '',
      app: '',
      flashVer: '',
      tcUrl: '',
    });
    await settled();
  }
  expect(bench.notify.receiverCount).toBe(1);
  expect(bench.notify.counters).toMatchObject({ sent: 19, queued: 1 });
  bench.client.open[0]!.answer({ status: 200, text: '' });
  await settled();
  expect(bench.notify.receiverCount).toBe(0);
});
