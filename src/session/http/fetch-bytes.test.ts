import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeHttp } from '../../testing/fake-http.ts';
import { settled } from '../../testing/settled.ts';
import { fetchBytes } from './fetch-bytes.ts';
import type { HttpFailure } from './http-failure.ts';

const PAGE = 'http://a.example/1.ts';

let clock: FakeClock;
let http: FakeHttp;
let counted: number;
let stop: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  http = new FakeHttp();
  counted = 0;
  stop = new AbortController();
});

/** The body as text, or the code of what went wrong. */
async function fetched(): Promise<string> {
  try {
    const { bytes } = await fetchBytes(PAGE, {
      client: http,
      clock,
      headers: {},
      maxBytes: 10,
      timeoutMs: 1000,
      signal: stop.signal,
      onBytes: (length) => (counted += length),
    });
    return Buffer.from(bytes).toString();
  } catch (error) {
    return (error as HttpFailure).endReason?.code ?? (error as { code: string }).code;
  }
}

test('a body is put together, and its bytes are counted', async () => {
  const body = new PassThrough();
  http.put(PAGE, { body });
  const result = fetched();
  body.write('abc');
  await settled();
  body.end('def');
  expect(await result).toBe('abcdef');
  expect([counted, clock.pendingTimers]).toEqual([6, 0]);
});

test('pieces are copied, so that as many as there are bytes take no more memory', async () => {
  const body = new PassThrough();
  http.put(PAGE, { headers: { 'content-length': '6' }, body });
  const result = fetched();
  const pieces = ['ab', 'cd', 'ef'].map((letter) => Buffer.from(letter));
  for (const piece of pieces) {
    body.write(piece);
    await settled();
    piece.fill('x');
  }
  body.end();
  expect(await result).toBe('abcdef');
});

test('a body that is too large is not read to its end', async () => {
  const body = new PassThrough();
  http.put(PAGE, { body });
  const result = fetched();
  body.write('0123456789a');
  expect(await result).toBe('ERR_HTTP_BODY_TOO_LARGE');
  expect(body.destroyed).toBe(true);
  http.put(PAGE, { headers: { 'content-length': '11' }, body: new PassThrough() });
  expect(await fetched()).toBe('ERR_HTTP_BODY_TOO_LARGE');
});

test('neither an answer nor a piece of the body may take too long, nor all together', async () => {
  http.put(PAGE, 'silence');
  const silent = fetched();
  await settled();
  clock.advance(1000);
  expect(await silent).toBe('idle-timeout');

  const body = new PassThrough();
  http.put(PAGE, { body });
  const dripping = fetched();
  for (let drop = 0; drop < 7; drop += 1) {
    body.write('.');
    await settled();
    clock.advance(900);
  }
  expect(await dripping).toBe('idle-timeout');
  expect(counted).toBe(7);
  expect(clock.pendingTimers).toBe(0);
});

test('it ends when it is told to, and when the body breaks off', async () => {
  const body = new PassThrough();
  http.put(PAGE, { body });
  const stopped = fetched();
  await settled();
  stop.abort(endReason('kicked'));
  expect(await stopped).toBe('kicked');
  expect(await fetched()).toBe('kicked');
  stop = new AbortController();
  const broken = new PassThrough();
  http.put(PAGE, { body: broken });
  const result = fetched();
  await settled();
  broken.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  expect(await result).toBe('peer-reset');
});
