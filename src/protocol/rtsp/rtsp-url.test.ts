import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { controlBaseUrl, parseRtspUrl, resolveControlUrl, resolveRedirect } from './rtsp-url.ts';

const H = { scheme: 'rtsp', host: 'h', port: 554, credentials: undefined };

describe('an RTSP URL', () => {
  test.each([
    ['rtsp://h/live/a', { ...H, requestUrl: 'rtsp://h/live/a' }],
    ['rtsp://h:8554/live/a', { ...H, port: 8554, requestUrl: 'rtsp://h:8554/live/a' }],
    ['RTSPS://h/a', { ...H, scheme: 'rtsps', port: 322, requestUrl: 'rtsps://h/a' }],
    ['rtsp://h', { ...H, requestUrl: 'rtsp://h/' }],
    ['rtsp://h?a=b', { ...H, requestUrl: 'rtsp://h/?a=b' }],
    ['rtsp://h/a?b=c/d&e=@f', { ...H, requestUrl: 'rtsp://h/a?b=c/d&e=@f' }],
    ['rtsp://h/a@2x/b', { ...H, requestUrl: 'rtsp://h/a@2x/b' }],
    ['rtsp://h/a%20b', { ...H, requestUrl: 'rtsp://h/a%20b' }],
    ['rtsp://h/a b"ü', { ...H, requestUrl: 'rtsp://h/a%20b%22%C3%BC' }],
    ['rtsp://h/\ud800', { ...H, requestUrl: 'rtsp://h/%EF%BF%BD' }],
    ['rtsp://[::1]:8554/a', { ...H, host: '::1', port: 8554, requestUrl: 'rtsp://[::1]:8554/a' }],
    ['rtsp://[fe80::1%eth0]/a', { ...H, host: 'fe80::1%eth0', requestUrl: 'rtsp://[fe80::1%eth0]/a' }],
  ])('%s', (text, expected) => {
    expect(parseRtspUrl(text)).toEqual(expected);
  });

  test.each([
    ['rtsp://me:secret@h:8554/a', 'me', 'secret', 'rtsp://h:8554/a'],
    ['rtsp://me@h/a', 'me', '', 'rtsp://h/a'],
    ['rtsp://:secret@h/a', '', 'secret', 'rtsp://h/a'],
    ['rtsp://@h/a', '', '', 'rtsp://h/a'],
    ['rtsp://me:p@ss:w%21@h/a', 'me', 'p@ss:w!', 'rtsp://h/a'],
    ['rtsp://me:100%@h/a', 'me', '100%', 'rtsp://h/a'],
    ['rtsp://me:a#b+c@h/a', 'me', 'a#b+c', 'rtsp://h/a'],
    ['rtsp://me:a/b?c@h/a', 'me', 'a/b?c', 'rtsp://h/a'],
    ['rtsp://me:a/b@c@h:1/a@b', 'me', 'a/b@c', 'rtsp://h:1/a@b'],
    ['rtsp://me:a/b@h', 'me', 'a/b', 'rtsp://h/'],
    ['rtsp://d%5Cme:%C3%BC@[::1]/a', 'd\\me', 'ü', 'rtsp://[::1]/a'],
  ])('with a user: %s', (text, user, password, requestUrl) => {
    expect(parseRtspUrl(text)).toMatchObject({ credentials: { user, password }, requestUrl });
  });

  test.each([
    '',
    'h/a',
    'rtmp://h/a',
    'rtsp://',
    'rtsp:///a',
    'rtsp://h:0/a',
    'rtsp://h:65536/a',
    'rtsp://h:x/a',
    'rtsp://::1/a',
    'rtsp://a b/c',
    'rtsp://h/a\r\nTransport: x',
    'rtsp://me:a%0d%0ab@h/',
  ])('is refused: %s', (text) => {
    expect(codeOf(() => parseRtspUrl(text))).toBe('ERR_RTSP_URL');
  });

  test('longer than any real one is refused', () => {
    expect(codeOf(() => parseRtspUrl(`rtsp://h/${'a'.repeat(9000)}`))).toBe('ERR_RTSP_URL');
  });

  test.each(['rtsp://me:top-secret@h:0/a', 'rtsp://me:top-secret\n@h/a', 'http://me:top-secret@h'])(
    'that is refused is not in the text of the error: %j',
    (text) => {
      expect(() => parseRtspUrl(text)).toThrow(/^(?!.*top-secret).*RTSP URL/);
    },
  );
});

describe('a control URL', () => {
  test.each([
    ['rtsp://h/a', undefined, 'rtsp://h/a'],
    ['rtsp://h/a/', '*', 'rtsp://h/a/'],
    ['rtsp://h/a', ' ', 'rtsp://h/a'],
    ['rtsp://h/a', 'trackID=1', 'rtsp://h/a/trackID=1'],
    ['rtsp://h/a/', 'trackID=1', 'rtsp://h/a/trackID=1'],
    ['rtsp://h/a/', '/trackID=1', 'rtsp://h/a/trackID=1'],
    ['rtsp://h/a', '/trackID=1', 'rtsp://h/a/trackID=1'],
    ['rtsp://h/a', 'b/c?d=e', 'rtsp://h/a/b/c?d=e'],
    ['rtsp://h/cam?channel=1&subtype=0', 'trackID=0', 'rtsp://h/cam?channel=1&subtype=0/trackID=0'],
    ['rtsp://h/cam?channel=1/', 'trackID=0', 'rtsp://h/cam?channel=1/trackID=0'],
    ['rtsp://h/a', '?ctype=video', 'rtsp://h/a/?ctype=video'],
    ['rtsp://h/a', 'rtsp://other:8554/b/track1', 'rtsp://other:8554/b/track1'],
    ['rtsp://h/a', 'RTSP://me:secret@h/a/t', 'RTSP://h/a/t'],
    ['rtsp://h/a', 'track 1', 'rtsp://h/a/track%201'],
  ])('%s with %s', (base, control, expected) => {
    expect(resolveControlUrl(base, control)).toBe(expected);
  });

  test('with a line break is refused', () => {
    expect(codeOf(() => resolveControlUrl('rtsp://h/a', 'x\r\ny'))).toBe('ERR_RTSP_URL');
  });

  test.each([
    [undefined, undefined, 'rtsp://h:1/a'],
    ['rtsp://h:1/a/', 'rtsp://no', 'rtsp://h:1/a/'],
    ['rtsp://me:secret@10.0.0.1/a/', undefined, 'rtsp://10.0.0.1/a/'],
    [undefined, 'rtsp://h/b', 'rtsp://h/b'],
    ['192.168.1.57:8086/', undefined, 'rtsp://h:1/a'],
    ['', '/b/', 'rtsp://h:1/b/'],
    ['rtsp:///b', undefined, 'rtsp://h:1/a'],
  ])('has a base: Content-Base %s, Content-Location %s', (contentBase, contentLocation, expected) => {
    expect(controlBaseUrl('rtsp://h:1/a', contentBase, contentLocation)).toBe(expected);
  });
});

describe('a redirect', () => {
  const from = parseRtspUrl('rtsps://me:secret@h:1/a');

  test.each([
    ['rtsps://h:2/b', 'h', 2, 'rtsps://h:2/b'],
    ['rtsps:///b?c', 'h', 1, 'rtsps://h:1/b?c'],
    [' /b ', 'h', 1, 'rtsps://h:1/b'],
  ])('to the same host keeps the credentials: %s', (location, host, port, requestUrl) => {
    expect(resolveRedirect(from, location)).toMatchObject({
      host,
      port,
      requestUrl,
      credentials: { user: 'me', password: 'secret' },
    });
  });

  test.each(['rtsps://other/a', 'rtsp://h/a'])('elsewhere, or without TLS, loses them: %s', (location) => {
    expect(resolveRedirect(from, location).credentials).toBeUndefined();
  });

  test('may bring its own', () => {
    expect(resolveRedirect(from, 'rtsp://you:x@other/a').credentials).toEqual({ user: 'you', password: 'x' });
  });

  test.each(['', 'b', 'http://h/a'])('to "%s" leads nowhere', (location) => {
    expect(codeOf(() => resolveRedirect(from, location))).toBe('ERR_RTSP_URL');
  });
});

test('any text is an RTSP URL or refused with a code, and what comes out fits a request line', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...Array.from('rtsp:/@?#[]%1a')) }).map((rest) => `rtsp://${rest}`),
  );
  fc.assert(
    fc.property(text, text, (url, control) => {
      try {
        const { requestUrl } = parseRtspUrl(url);
        expect(requestUrl).toMatch(/^rtsps?:\/\/[\x21-\x7e]+$/);
        expect(resolveControlUrl(requestUrl, control)).toMatch(/^[\x21-\x7e]+$/);
        resolveRedirect(parseRtspUrl(requestUrl), control);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});
