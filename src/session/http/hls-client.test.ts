import { PassThrough } from 'node:stream';
import { beforeEach, expect, test, vi } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeHttp } from '../../testing/fake-http.ts';
import { settled } from '../../testing/settled.ts';
import { HlsClient, hlsEndReason } from './hls-client.ts';

const LIST = 'http://a.example/hls/cam.m3u8';

let clock: FakeClock;
let http: FakeHttp;
let log: string[];
let stop: AbortController;
let client: HlsClient;

beforeEach(() => {
  clock = new FakeClock();
  http = new FakeHttp();
  log = [];
  stop = new AbortController();
});

function list(first: number, end: number, ...more: string[]): string {
  const numbers = Array.from({ length: end - first }, (_, index) => first + index);
  const fragments = numbers.map((number) => `#EXTINF:2,\n${number}.ts`);
  const head = ['#EXTM3U', '#EXT-X-TARGETDURATION:2', `#EXT-X-MEDIA-SEQUENCE:${first}`];
  return [...head, ...fragments, ...more, ''].join('\n');
}

function fragment(number: number): string {
  return `http://a.example/hls/${number}.ts`;
}

/** Fragments 0 to 99 are there: their number as text. */
function putFragments(): void {
  for (let number = 0; number < 100; number += 1) http.put(fragment(number), String(number));
}

/** Receives as fast as it can; the log has the fragments and the end. */
async function receive(url = LIST, finished?: string): Promise<void> {
  const { signal } = stop;
  client = new HlsClient({
    url,
    client: http,
    userAgent: 'test/1',
    requestTimeoutMs: 1000,
    idleTimeoutMs: 10_000,
    finished,
    clock,
    signal,
  });
  const run = async (): Promise<void> => {
    try {
      for await (const { bytes, sequel } of client.fragments()) {
        log.push(`${Buffer.from(bytes).toString()} ${sequel}`);
      }
      log.push('end');
    } catch (error) {
      const { code, detail = '' } = hlsEndReason(error);
      log.push(`${code} ${detail}`.trim());
    }
  };
  void run();
  await settled();
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    clock.advance(250);
    await settled();
  }
}

test('a complete list is received to its end', async () => {
  putFragments();
  http.put(LIST, list(3, 6, '#EXT-X-ENDLIST'));
  await receive();
  expect(log).toEqual(['3 new', '4 next', '5 next', 'end']);
  expect(http.takeUrls()).toEqual([LIST, fragment(3), fragment(4), fragment(5)]);
  expect([client.bytesRead, clock.pendingTimers]).toEqual([list(3, 6, '#EXT-X-ENDLIST').length + 3, 0]);
});

test('a list that was received to its end is nothing new, until it has another end', async () => {
  putFragments();
  http.put(LIST, list(3, 6, '#EXT-X-ENDLIST'));
  await receive();
  const finished = client.lastFragment!;
  expect(finished).toBe('5.ts');
  log = [];
  await receive(LIST, finished);
  expect(log).toEqual(['source-ended']);
  http.put(LIST, list(0, 1));
  await receive(LIST, finished);
  expect(log).toEqual(['source-ended', '0 new']);
  stop.abort(endReason('kicked'));
});

test('a live list is followed at its pace', async () => {
  putFragments();
  http.put(LIST, list(0, 4));
  await receive();
  expect(log).toEqual(['1 new', '2 next', '3 next']);
  http.takeUrls();
  await pass(1750);
  expect(http.takeUrls()).toEqual([]);
  await pass(250);
  expect(http.takeUrls()).toEqual([LIST]);
  http.put(LIST, list(1, 5));
  await pass(1000);
  expect(http.takeUrls()).toEqual([LIST, fragment(4)]);
  http.put(LIST, list(1, 5, '#EXT-X-ENDLIST'));
  await pass(2000);
  expect(log).toEqual(['1 new', '2 next', '3 next', '4 next', 'end']);
});

test('a list that takes longer to come than it is valid is asked for again at once', async () => {
  putFragments();
  http.put(LIST, list(0, 4));
  await receive();
  await pass(1750);
  const slow = new PassThrough();
  http.put(LIST, { body: slow });
  await pass(250);
  http.takeUrls();
  const timers = vi.spyOn(clock, 'after');
  // A piece now and then keeps the request alive, for longer than the half of a target duration.
  for (const piece of ['#EXT', 'M3U\n']) {
    slow.write(piece);
    await pass(750);
  }
  http.put(LIST, list(1, 5));
  slow.end(list(0, 4).slice('#EXTM3U\n'.length));
  await pass(250);
  expect(http.takeUrls()).toEqual([LIST, fragment(4)]);
  expect(timers.mock.calls.filter(([delayMs]) => delayMs < 0)).toEqual([]);
});

test('of a master playlist the best variant is received, from where it was redirected to', async () => {
  http.put(
    LIST,
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nhigh.m3u8\n',
  );
  http.put('http://a.example/hls/high.m3u8', {
    status: 302,
    headers: { location: 'http://b.example/x/high.m3u8' },
  });
  http.put('http://b.example/x/high.m3u8', list(0, 1));
  http.put('http://b.example/x/0.ts', 'zero');
  await receive();
  expect(log).toEqual(['zero new']);
  http.takeUrls();
  await pass(2000);
  expect(http.takeUrls()).toEqual(['http://b.example/x/high.m3u8']);
});

test('parts of a file are asked for, and cut out where the server sends everything', async () => {
  const lines =
    '#EXTINF:2,\n#EXT-X-BYTERANGE:3@2\nall.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:2\nall.ts\n#EXT-X-ENDLIST';
  http.put(LIST, list(0, 0, lines));
  http.put('http://a.example/hls/all.ts', '0123456789');
  await receive();
  expect(log).toEqual(['234 new', '56 next', 'end']);
  expect(http.requests[1]!.headers['Range']).toBe('bytes=2-4');
  http.put('http://a.example/hls/all.ts', { status: 206, body: 'part' });
  await receive();
  expect(log.slice(3)).toEqual(['part new', 'part next', 'end']);
});

test('a fragment that cannot be had is tried again, then passed over', async () => {
  putFragments();
  http.put(fragment(1), { status: 404 });
  http.put(LIST, list(0, 3, '#EXT-X-ENDLIST'));
  await receive();
  expect(log).toEqual(['0 new']);
  await pass(500);
  expect(log).toEqual(['0 new']);
  await pass(1000);
  expect(log).toEqual(['0 new', '2 gap', 'end']);
  expect(http.requests.filter(({ url }) => url === fragment(1))).toHaveLength(3);
  expect(client.counters.skipped).toBe(1);
});

test('a fragment that is there at the second attempt is not missed', async () => {
  putFragments();
  http.put(fragment(0), Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  http.put(LIST, list(0, 2, '#EXT-X-ENDLIST'));
  await receive();
  http.put(fragment(0), '0');
  await pass(500);
  expect(log).toEqual(['0 new', '1 next', 'end']);
});

test('when fragment after fragment cannot be had it is over', async () => {
  http.put(LIST, list(0, 9, '#EXT-X-ENDLIST'));
  await receive();
  await pass(10_000);
  expect(log).toEqual(['refused-by-peer 404']);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [{ status: 403 }, 'refused-by-peer 403'],
  ['<html>', 'protocol-error ERR_HLS_PLAYLIST'],
  ['#EXTM3U\n#EXT-X-KEY:METHOD=AES-128\n', 'protocol-error ERR_HLS_ENCRYPTED'],
  ['#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ncam.m3u8\n', 'protocol-error ERR_HLS_PLAYLIST'],
  ['x'.repeat((16 << 20) + 1), 'protocol-error ERR_HTTP_BODY_TOO_LARGE'],
])('a first list that is none ends it at once: %#', async (page, end) => {
  http.put(LIST, page);
  await receive();
  expect(log).toEqual([end]);
});

test('later lists may be missing or broken for a while', async () => {
  putFragments();
  http.put(LIST, list(0, 1));
  await receive();
  http.put(LIST, { status: 500 });
  await pass(3000);
  http.put(LIST, '#EXT');
  await pass(3000);
  http.put(LIST, list(0, 2));
  await pass(1000);
  expect(log).toEqual(['0 new', '1 next']);
});

test('but not for long, and neither may it have nothing new', async () => {
  putFragments();
  http.put(LIST, list(0, 1));
  await receive();
  await pass(13_000);
  expect(log).toEqual(['0 new', 'idle-timeout']);
  log = [];
  await receive();
  http.put(LIST, { status: 500 });
  await pass(13_000);
  expect(log).toEqual(['0 new', 'refused-by-peer 500']);
});

test('a later list of a kind that cannot be received ends it', async () => {
  putFragments();
  http.put(LIST, list(0, 1));
  await receive();
  http.put(LIST, `${list(0, 2)}#EXT-X-KEY:METHOD=AES-128\n`);
  await pass(2000);
  expect(log).toEqual(['0 new', 'protocol-error ERR_HLS_ENCRYPTED']);
});

test.each([
  ['while it waits for the list', { list: list(0, 1), first: '0' }],
  ['while it waits for an answer', { list: 'silence', first: '0' }],
  ['while it waits to try again', { list: list(0, 1), first: { status: 404 } }],
])('it ends when it is told to, %s', async (_, pages) => {
  http.put(LIST, pages.list);
  http.put(fragment(0), pages.first);
  await receive();
  stop.abort(endReason('kicked'));
  await settled();
  expect(log.at(-1)).toBe('kicked');
  expect(clock.pendingTimers).toBe(0);
});

test('who asks for nothing is sent nothing', async () => {
  putFragments();
  http.put(LIST, list(0, 3));
  const { signal } = stop;
  const timeouts = { requestTimeoutMs: 1000, idleTimeoutMs: 10_000 };
  const fragments = new HlsClient({
    url: LIST,
    client: http,
    userAgent: 'x',
    ...timeouts,
    clock,
    signal,
  }).fragments();
  await fragments.next();
  await pass(20_000);
  expect(http.takeUrls()).toEqual([LIST, fragment(0)]);
  http.put(LIST, list(7, 11));
  expect((await fragments.next()).value).toMatchObject({ sequel: 'gap' });
  expect(http.takeUrls()).toEqual([LIST, fragment(8)]);
  await fragments.return();
});
