import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRange } from './byte-range.ts';
import { acceptsGzip, entityAnswer } from './entity-answer.ts';

const modifiedMs = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const nowMs = modifiedMs + 10_000;
const entity = { length: 1000, etag: '"abc"', modifiedMs, hasRanges: true };
const lastModified = 'Tue, 02 Jan 2024 03:04:05 GMT';

const answer = (headers: Record<string, string>, method = 'GET'): ReturnType<typeof entityAnswer> =>
  entityAnswer(method, headers, entity, nowMs);

describe('conditions', () => {
  test('without any, the whole is sent with everything that a later request needs', () => {
    expect(answer({})).toEqual({
      status: 200,
      headers: {
        ETag: '"abc"',
        'Last-Modified': lastModified,
        'Accept-Ranges': 'bytes',
        'Content-Length': 1000,
      },
      body: { start: 0, end: 1000 },
    });
  });

  test.each([
    [{ 'if-none-match': '"abc"' }, 304],
    [{ 'if-none-match': '"x", W/"abc"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"abd"' }, 200],
    [{ 'if-modified-since': lastModified }, 304],
    [{ 'if-modified-since': 'Tue, 02 Jan 2024 03:04:06 GMT' }, 304],
    [{ 'if-modified-since': 'Tue, 02 Jan 2024 03:04:04 GMT' }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-none-match': '"abd"', 'if-modified-since': lastModified }, 200],
  ])('%j is answered %d', (headers, status) => {
    expect(answer(headers as Record<string, string>)).toMatchObject({ status });
  });

  test('what changed within this second has no date yet: it may change again', () => {
    const young = { ...entity, modifiedMs: nowMs - 1 };
    const { headers, status } = entityAnswer(
      'GET',
      { 'if-modified-since': new Date(nowMs).toUTCString() },
      young,
      nowMs,
    );
    expect([headers['Last-Modified'], status]).toEqual([undefined, 200]);
  });

  test('HEAD has the headers of GET and no body, whatever range it asks for', () => {
    const { status, headers, body } = answer({ range: 'bytes=0-9' }, 'HEAD');
    expect([status, headers['Content-Length'], body]).toEqual([200, 1000, undefined]);
  });
});

describe('ranges', () => {
  test('of what has none the whole is sent, and that there are none is said', () => {
    const { status, headers, body } = entityAnswer(
      'GET',
      { range: 'bytes=0-9' },
      { ...entity, hasRanges: false },
      nowMs,
    );
    expect([status, headers['Accept-Ranges'], body]).toEqual([200, 'none', { start: 0, end: 1000 }]);
  });

  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=990-', 990, 1000],
    ['bytes=-10', 990, 1000],
    ['bytes=990-5000', 990, 1000],
    ['bytes=-5000', 0, 1000],
  ])('%s is bytes %d to %d', (range, start, end) => {
    expect(answer({ range })).toMatchObject({
      status: 206,
      body: { start, end },
      headers: { 'Content-Range': `bytes ${start}-${end - 1}/1000`, 'Content-Length': end - start },
    });
  });

  test.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('%s is not there', (range) => {
    const { status, headers, body } = answer({ range });
    expect([status, headers['Content-Range'], body]).toEqual([416, 'bytes */1000', undefined]);
  });

  test.each([
    'bytes=5-1',
    'bytes=-',
    'bytes=a-b',
    'items=0-1',
    'bytes=0-1,5-6',
    `bytes=${'0-,'.repeat(3000)}0-`,
    'bytes=0-99999999999999999999999999',
    'bytes=0x1-2',
  ])('%s counts as none', (range) => {
    expect(answer({ range }).status).toBe(200);
  });

  test('a range of another version than asked for is not sent', () => {
    expect(answer({ range: 'bytes=0-9', 'if-range': '"abc"' }).status).toBe(206);
    expect(answer({ range: 'bytes=0-9', 'if-range': lastModified }).status).toBe(206);
    expect(answer({ range: 'bytes=0-9', 'if-range': '"abd"' }).status).toBe(200);
  });

  test('whatever is asked, what is sent lies within the body', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => `bytes=${from}-${to}`),
    );
    fc.assert(
      fc.property(header, fc.nat(5000), (range, length) => {
        const found = parseRange(range, length);
        if (typeof found === 'string') return;
        expect(found.start).toBeGreaterThanOrEqual(0);
        expect(found.start).toBeLessThan(found.end);
        expect(found.end).toBeLessThanOrEqual(length);
      }),
    );
  });
});

test.each([
  ['gzip', true],
  ['deflate, gzip;q=0.5, br', true],
  ['GZIP; q=1.0', true],
  ['gzip;q=0', false],
  ['gzip;q=0.00', false],
  ['identity', false],
  ['', false],
])('Accept-Encoding: %s takes gzip: %s', (coding, isAccepted) => {
  expect(acceptsGzip({ 'accept-encoding': coding })).toBe(isAccepted);
});
