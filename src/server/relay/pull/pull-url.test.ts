import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../../testing/coded-error.ts';
import { parsePullUrl } from './pull-url.ts';

test.each([
  ['rtmp://h/live/a', 'RTMP', 'h:1935', 'live', 'a', ''],
  [
    'rtmp://u:p@h:19350/live/a?lal_cluster_inner_pull=1',
    'RTMP',
    'h:19350',
    'live',
    'a',
    'lal_cluster_inner_pull=1',
  ],
  ['rtmps://[::1]/x/y/a', 'RTMP', '[::1]:443', 'x/y', 'a', ''],
  ['rtmp://h/live', 'RTMP', 'h:1935', 'live', '', ''],
  ['rtsp://u:p@h/live/a%20b?c=d', 'RTSP', 'h:554', 'live', 'a b', 'c=d'],
  ['RTSPS://h:1/a', 'RTSP', 'h:1', '', 'a', ''],
  ['http://h/live/a.flv', 'FLV', 'h:80', 'live', 'a', ''],
  ['https://u:p@h/a.flv?k=v#x', 'FLV', 'h:443', '', 'a', 'k=v'],
  ['http://h:8080/stream', 'FLV', 'h:8080', '', 'stream', ''],
  ['http://h/hls/a.m3u8', 'HLS', 'h:80', 'hls', 'a', ''],
  ['http://h/hls/a/playlist.m3u8?x', 'HLS', 'h:80', 'hls', 'a', 'x'],
  ['http://h/a/index.M3U8', 'HLS', 'h:80', '', 'a', ''],
  ['http://h/index.m3u8', 'HLS', 'h:80', '', 'index', ''],
])('%s', (text, protocol, remoteAddress, appName, streamName, urlParam) => {
  const url = parsePullUrl(text);
  expect(url).toMatchObject({ protocol, text, remoteAddress, address: { appName, streamName, urlParam } });
  expect(url.shown).not.toMatch(/u:p|#/);
});

test.each([
  ['rtmp://u:p@h/live/a?k=v', 'rtmp://h/live/a?k=v'],
  ['rtmp://h/live', 'rtmp://h/live'],
  ['rtsp://u:p@h/a?k=v', 'rtsp://h/a?k=v'],
  ['https://u:p@h:444/a.flv?k=v', 'https://h:444/a.flv?k=v'],
])('%s is shown as %s', (text, shown) => {
  expect(parsePullUrl(text).shown).toBe(shown);
});

test.each([
  ['rtmp://u:s%20cret@h/live/a?token=12345&x=67890', ['s%20cret', 's cret', '12345']],
  ['rtmp://h/live?vhost=x?token=12345/a', ['12345']],
  ['rtsp://u:secret@h/a', ['secret']],
  ['http://u:s%20cret@h/a.flv?key=12345', ['s%20cret', 's cret', '12345']],
  ['http://h/a.m3u8?x=67890', []],
])('secrets of %s', (text, secrets) => {
  expect(parsePullUrl(text).secrets).toEqual(secrets);
});

test.each([
  ['', 'ERR_RELAY_URL'],
  ['h/live/a', 'ERR_RELAY_URL'],
  ['file:///etc/passwd', 'ERR_RELAY_URL'],
  ['ftp://h/a', 'ERR_RELAY_URL'],
  ['http://', 'ERR_RELAY_URL'],
  ['http://h:99999/a.flv', 'ERR_RELAY_URL'],
  ['rtmp://', 'ERR_RTMP_URL'],
  ['rtmp://h:0/a/b', 'ERR_RTMP_URL'],
  ['rtsp:///a', 'ERR_RTSP_URL'],
  [`http://h/${'a'.repeat(9000)}`, 'ERR_RELAY_URL'],
])('%s is refused: %s', (text, code) => {
  expect(codeOf(() => parsePullUrl(text))).toBe(code);
});

test('whatever the text is, it is a URL or refused, and no password is shown', () => {
  const scheme = fc.constantFrom('rtmp', 'rtmps', 'rtsp', 'rtsps', 'http', 'https', '');
  fc.assert(
    fc.property(scheme, fc.string({ unit: 'binary' }), (start, rest) => {
      const code = codeOf(() => parsePullUrl(`${start}://${rest}`));
      expect([undefined, 'ERR_RELAY_URL', 'ERR_RTMP_URL', 'ERR_RTSP_URL']).toContain(code);
      if (code !== undefined || !/^https?$/.test(start)) return;
      expect(parsePullUrl(`${start}://user:s3cr3t@h/${encodeURI(rest.toWellFormed())}`).shown).not.toContain(
        'user',
      );
    }),
  );
});
