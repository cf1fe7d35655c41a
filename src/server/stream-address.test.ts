import { expect, test } from 'vitest';
import { nameProblemOf, parseHttpStreamAddress, streamKeyOf } from './stream-address.ts';

test.each([
  ['/live/test110.flv', 'live', 'test110', ''],
  ['/test110.flv', '', 'test110', ''],
  ['/a/b/test110.flv', 'a/b', 'test110', ''],
  ['/live/test110.flv?token=a%20b&x=1?2', 'live', 'test110', 'token=a%20b&x=1?2'],
  ['/live/te-st.1.10.flv', 'live', 'te-st.1.10', ''],
  ['/live/a%20b%E4%B8%AD.flv', 'live', 'a b中', ''],
  ['/live%2Fa.flv', 'live', 'a', ''],
  ['//live//a.flv', 'live', 'a', ''],
  ['/live/.flv', 'live', '', ''],
  ['/live/a.flv.flv', 'live', 'a.flv', ''],
])('%s is app "%s", stream "%s", query "%s"', (target, appName, streamName, urlParam) => {
  expect(parseHttpStreamAddress(target, '.flv')).toEqual({ appName, streamName, urlParam });
});

test.each([
  '/live/a',
  '/live/a.ts',
  '/live/a.FLV',
  '/live/a.flv/',
  '/live/a?x=.flv',
  '/live/%zz.flv',
  '/live/%ff.flv',
  '',
])('%s is no stream', (target) => {
  expect(parseHttpStreamAddress(target, '.flv')).toBeUndefined();
});

test("lal's key is the stream name alone", () => {
  expect(streamKeyOf({ appName: 'live', streamName: 'a', urlParam: 'x=1' }, 'stream')).toBe('a');
});

test.each([
  ['live', 'a', 'live/a'],
  ['', 'a', 'a'],
  // RTMP clients write these apps; over HTTP the same stream is asked for as /live/a.flv.
  ['live?vhost=x&token=y', 'a', 'live/a'],
  ['live/', 'a', 'live/a'],
  ['/live', 'a', 'live/a'],
  // The same path, cut in two places.
  ['a', 'b/c', 'a/b/c'],
  ['a/b', 'c', 'a/b/c'],
])('the key of app "%s" and stream "%s" is "%s" where apps count', (appName, streamName, key) => {
  expect(streamKeyOf({ appName, streamName, urlParam: '' }, 'app_stream')).toBe(key);
});

test.each([
  ['live', 'test110'],
  ['', 'test110'],
  ['live?vhost=x', 'test110'],
  ['a/b', 'c/d'],
  ['live', 'a..b'],
  ['live', '...'],
  ['live', '中文 name'],
  ['live', '__proto__'],
  ['live', '\ud83d\ude00'],
])('app "%s" and stream "%s" are fine', (appName, streamName) => {
  expect(nameProblemOf({ appName, streamName, urlParam: '' }, 64)).toBeUndefined();
});

test.each([
  ['live', '', /stream name is empty/],
  ['live', '..', /part "\." or "\.\."/],
  ['live', '.', /part "\." or "\.\."/],
  ['live', 'a/../b', /stream name has a part/],
  ['../live', 'a', /app name has a part/],
  ['live?x=/../y', 'a', /app name has a part/],
  ['live', 'a\\..\\b', /backslash/],
  ['live', 'a\0b', /control character/],
  ['live\n', 'a', /app name has a control character/],
  ['live', 'a\u009b31m', /control character/],
  ['live', '\ud800', /stream name is no valid Unicode/],
  ['\udc00live', 'a', /app name is no valid Unicode/],
  ['live', '/a', /empty part/],
  ['live', 'a/', /empty part/],
  ['live', 'a//b', /empty part/],
  ['live', 'x'.repeat(65), /longer than 64 bytes/],
  ['live', '中'.repeat(22), /longer than 64 bytes/],
  ['x'.repeat(65), 'a', /app name is longer/],
])('app "%s" and stream "%s" are refused', (appName, streamName, problem) => {
  expect(nameProblemOf({ appName, streamName, urlParam: '' }, 64)).toMatch(problem);
});

test('a path of many slashes costs no more than any other', () => {
  const target = `${'/'.repeat(200_000)}x${'/'.repeat(200_000)}x/a.flv`;
  const startedMs = performance.now();
  expect(parseHttpStreamAddress(target, '.flv')?.streamName).toBe('a');
  expect(performance.now() - startedMs).toBeLessThan(1000);
});
