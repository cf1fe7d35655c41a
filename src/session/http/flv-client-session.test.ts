import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeHttp } from '../../testing/fake-http.ts';
import { fixture } from '../../testing/fixture.ts';
import { settled } from '../../testing/settled.ts';
import { FlvClientSession, type FlvClientListener } from './flv-client-session.ts';

const URL = 'http://a.example/live/x.flv';
const file = fixture('flv/h264-aac.flv');

let clock: FakeClock;
let http: FakeHttp;
let body: PassThrough;
let log: string[];
let tags: number;

beforeEach(() => {
  clock = new FakeClock();
  http = new FakeHttp();
  body = new PassThrough();
  http.put(URL, { body });
  log = [];
  tags = 0;
});

function open(listener: Partial<FlvClientListener> = {}): FlvClientSession {
  return new FlvClientSession(
    {
      url: URL,
      client: http,
      userAgent: 'test/1',
      startTimeoutMs: 5000,
      idleTimeoutMs: 3000,
      maxTagBytes: 100_000,
      clock,
    },
    {
      started: (file) => void log.push(`started ${file ?? 'live'}`),
      tag: () => void (tags += 1),
      ended: ({ code, detail = '' }) => void log.push(`ended ${code} ${detail}`.trim()),
      ...listener,
    },
  );
}

async function send(bytes: Uint8Array): Promise<void> {
  body.write(bytes);
  await settled();
}

test('a live stream is told tag by tag, and its end', async () => {
  const session = open();
  expect(log).toEqual([]);
  await settled();
  expect(http.requests[0]!.headers['User-Agent']).toBe('test/1');
  await send(file.subarray(0, 5));
  expect(log).toEqual([]);
  await send(file.subarray(5));
  expect(log).toEqual(['started live']);
  expect([tags > 50, session.bytesRead]).toEqual([true, file.length]);
  body.end();
  await settled();
  expect(log).toEqual(['started live', 'ended peer-closed']);
  expect(clock.pendingTimers).toBe(0);
});

test('what has a length is a file, and its end is the end of the source', async () => {
  http.put(URL, { body, headers: { 'content-length': String(file.length), etag: '"x"' } });
  open();
  await settled();
  body.end(file);
  await settled();
  expect(log).toEqual([`started ${file.length}  "x"`, 'ended source-ended']);
});

test.each([
  ['an error page', Buffer.from('<html>'.repeat(10)), 'ended protocol-error ERR_FLV_HEADER'],
  [
    'a tag that is too large',
    Buffer.from('464c5601050000000900000000090fffff', 'hex'),
    'ended protocol-error ERR_FLV_TAG_SIZE',
  ],
])('%s ends it', async (_, bytes, end) => {
  open();
  await settled();
  await send(Buffer.concat([bytes, Buffer.alloc(20)]));
  expect(log.at(-1)).toBe(end);
  expect(body.destroyed).toBe(true);
});

test('no answer, or no stream, in time ends it', async () => {
  open();
  await settled();
  clock.advance(5000);
  expect(log).toEqual(['ended handshake-timeout']);
  http.put(URL, 'silence');
  open();
  await settled();
  clock.advance(5000);
  await settled();
  expect(log).toEqual(['ended handshake-timeout', 'ended handshake-timeout']);
  expect(clock.pendingTimers).toBe(0);
});

test('silence ends it, but not while nobody reads', async () => {
  const session = open();
  await settled();
  await send(file.subarray(0, 1000));
  clock.advance(2900);
  session.pause();
  clock.advance(60_000);
  session.resume();
  clock.advance(2900);
  expect(log).toEqual(['started live']);
  clock.advance(1000);
  expect(log).toEqual(['started live', 'ended idle-timeout']);
});

test('it may be ended at any time, also from within', async () => {
  const early = open();
  early.end(endReason('kicked'));
  early.end(endReason('source-ended'));
  await settled();
  expect(log).toEqual(['ended kicked']);
  expect(body.destroyed).toBe(true);

  body = new PassThrough();
  http.put(URL, { body });
  const session = open({ started: () => session.end(endReason('refused')) });
  await settled();
  await send(file);
  expect([log.at(-1), tags]).toEqual(['ended refused', 0]);
});

test('a listener that throws ends it', async () => {
  open({
    tag() {
      throw new Error('a mistake of ours');
    },
  });
  await settled();
  await send(file);
  expect(log).toEqual(['started live', 'ended internal-error']);
});

test('a connection that breaks is told', async () => {
  open();
  await settled();
  await send(file.subarray(0, 1000));
  body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  await settled();
  expect(log).toEqual(['started live', 'ended peer-reset ECONNRESET']);
  http.put(URL, { status: 403 });
  open();
  await settled();
  expect(log.at(-1)).toBe('ended refused-by-peer 403');
});
