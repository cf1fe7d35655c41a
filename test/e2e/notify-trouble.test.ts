/** Receivers of callbacks that do everything wrong: publishing and playing go on, and what waits stays bounded. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { CallbackServer, takeAll } from '../support/callback-server.ts';
import type { CallbackAnswer } from '../support/callback-server.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
let receiver: CallbackServer;
beforeEach(async () => {
  scope = new Scope();
  receiver = await CallbackServer.start(scope);
});
afterEach(() => scope.close());

const start = (notify: Record<string, unknown> = {}): Promise<LocalServer> =>
  LocalServer.start(scope, { http_notify: receiver.section(notify) });

/** Publishes and plays over RTMP and HTTP, and compares what comes with what was sent. */
async function expectPlayable(local: LocalServer, streamName: string): Promise<void> {
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), streamName);
  const reader = FlvReader.open(scope, local.flvUrl('http', streamName));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), streamName);
  await publisher.send(tags);
  const source = recordingOf(tags);
  await Promise.all([player.untilUnits(source.units.length), reader.untilUnits(source.units.length)]);
  expectSamePackets(source, player.recording, { sameOrder: true });
  expectSamePackets(source, reader.recording, { sameOrder: true });
  await publisher.close();
  player.close();
  reader.close();
}

const wrongs: { name: string; answer: CallbackAnswer; failed: boolean }[] = [
  { name: 'never answers', answer: () => {}, failed: true },
  {
    name: 'answers garbage',
    answer: ({ socket }) => void socket!.end('\0\x01garbage\r\n\r\n'),
    failed: true,
  },
  { name: 'answers 500', answer: (response) => void response.writeHead(500).end('oh'), failed: true },
  { name: 'closes at once', answer: ({ socket }) => void socket!.destroy(), failed: true },
  {
    name: 'answers a megabyte',
    answer: (response) => void response.end('x'.repeat(1_000_000)),
    failed: false,
  },
  {
    name: 'is slow by 1 s',
    answer: (response) => void setTimeout(() => response.end(), 1000).unref(),
    failed: false,
  },
];

test.each(wrongs)('a receiver that $name hurts nobody', async ({ answer, failed }) => {
  receiver.answer = answer;
  const local = await start();
  const startMs = performance.now();
  const bystander = await Bystander.start(scope, local);
  await Promise.all(['a', 'b', 'c'].map((name) => expectPlayable(local, name)));
  await bystander.expectUnharmed();
  expect(performance.now() - startMs).toBeLessThan(10_000);
  // 2 connects and 6 callbacks for each stream, 1 and 2 for the bystander, 2 for the server.
  const expected = 3 * 8 + 3 + 2;
  await local.until(() => total(local) >= expected, `${expected} callbacks`);
  const stopMs = performance.now();
  await local.server.close();
  expect(performance.now() - stopMs).toBeLessThan(4500);
  // The bystander's viewer and publisher stop at last.
  const { sent, dropped, queued } = local.server.callbacks.counters;
  expect({ total: total(local), dropped, queued }).toEqual({ total: expected + 2, dropped: 0, queued: 0 });
  if (failed) expect(sent).toBe(0);
  else expect(sent).toBeGreaterThan(0);
  // One line when it begins for each kind of callback, not one for each that failed.
  const failures = local.errors.map(({ code, callback }) => `${code} ${callback as string}`);
  expect(new Set(failures).size).toBe(failures.length);
  for (const failure of failures) expect(failure).toMatch(/^ERR_NOTIFY_\w+ on_\w+$/);
});

function total(local: LocalServer): number {
  const { sent, failed, queued } = local.server.callbacks.counters;
  return sent + failed + queued;
}

test('with a receiver that never answers no more than 1024 callbacks wait; the others are dropped and counted', async () => {
  receiver.answer = () => {};
  const local = await start();
  const { callbacks } = local.server;
  for (let round = 0; round < 30; round += 1) {
    const viewers = Array.from({ length: 20 }, () => FlvReader.open(scope, local.flvUrl('http', 'a')));
    await Promise.all(viewers.map((viewer) => viewer.joined()));
    for (const viewer of viewers) viewer.close();
    await local.untilViewers('a', 0);
    expect(callbacks.counters.queued).toBeLessThanOrEqual(1024);
  }
  // 1200 callbacks and 2 of the server; a few were given up meanwhile.
  const { queued, dropped, failed } = callbacks.counters;
  expect(queued + dropped + failed).toBe(1202);
  expect(dropped).toBeGreaterThan(100);
  await expectPlayable(local, 'b');
  expect(local.errors.filter(({ code }) => code === 'ERR_NOTIFY_QUEUE_FULL')).toHaveLength(1);
});

test('a receiver that hangs does not hold up another one', async () => {
  const hanging = await CallbackServer.start(scope);
  hanging.answer = () => {};
  const local = await start({
    on_hls_make_ts: `${hanging.url}/a`,
    on_sub_start: `${hanging.url}/on_sub_start`,
  });
  await expectPlayable(local, 'a');
  await receiver.heard('on_pub_stop');
  await receiver.until(() => receiver.bodies('on_sub_stop').length === 2, 'both stops');
  expect(hanging.lines).toHaveLength(1);
});

test('a receiver that comes late gets everything in order, if there are retries', async () => {
  receiver.answer = (response) => void response.writeHead(503).end();
  const local = await start({ retry_num: 5 });
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  await receiver.heard('on_server_start');
  await publisher.close();
  await local.until(() => local.stream('a') === undefined, 'the end of the stream');
  receiver.received.length = 0;
  receiver.answer = takeAll;
  await receiver.heard('on_pub_stop');
  expect(receiver.lines).toEqual([
    'on_server_start',
    'on_update',
    'on_rtmp_connect RTMPPUBSUB1',
    'on_pub_start RTMPPUBSUB1',
    'on_pub_stop RTMPPUBSUB1',
  ]);
  await local.until(() => local.server.callbacks.counters.queued === 0, 'an empty queue');
  expect(local.server.callbacks.counters).toMatchObject({ sent: 5, failed: 0 });
});

test('what is pending when the server stops is still sent', async () => {
  receiver.answer = (response) => void setTimeout(() => response.end(), 100);
  const local = await start();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  await local.server.close();
  await publisher.closed();
  expect(receiver.lines.at(-1)).toBe('on_pub_stop RTMPPUBSUB1');
  expect(local.server.callbacks.counters).toMatchObject({ sent: 5, failed: 0, queued: 0 });
});
