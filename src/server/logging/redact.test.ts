import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretName, redactJsonLine, redactUrl } from './redact.ts';

describe('secrets in text', () => {
  test.each([
    ['rtmp://h/live/a?lal_secret=700997e1595a06c9', 'rtmp://h/live/a?lal_secret=***'],
    ['rtmp://h/live/a?x=1&lal_secret=abc&y=2', 'rtmp://h/live/a?x=1&lal_secret=***&y=2'],
    ['rtmp://user:pass@h:1935/live/a', 'rtmp://***@h:1935/live/a'],
    ['rtsp://user:p@ss:w0rd@h/live/a and more', 'rtsp://***@h/live/a and more'],
    ['rtmp://h/app?vhost=x?token=y/stream', 'rtmp://h/app?vhost=x?token=***'],
    ['publish refused: "http://h/a.flv?Token=abc"', 'publish refused: "http://h/a.flv?Token=***"'],
    ['http://h/a?lal%5Fsecret=abc', 'http://h/a?lal%5Fsecret=***'],
    ['http://h/a?access_token=a%20b&api-key=c#top', 'http://h/a?access_token=***&api-key=***'],
    ['http://h/a.flv?lal_expire=1&lal_sign=abc', 'http://h/a.flv?lal_expire=1&lal_sign=***'],
    ['urlParam=lal_secret=abc', 'urlParam=lal_secret=***'],
    ['lal_secret=abc', 'lal_secret=***'],
    ['two rtmp://a:b@h/x, http://c:d@i/y', 'two rtmp://***@h/x, http://***@i/y'],
    ['rtmp://h/app?authmod=adobe&user=u&response=abc=', 'rtmp://h/app?authmod=adobe&user=u&response=***'],
    ['token=a?b', 'token=***'],
  ])('%s', (text, expected) => {
    expect(redactUrl(text)).toBe(expected);
  });

  test.each([
    'rtmp://h/live/monkey?keyboard=1&hotkeys=2&design=3',
    'mail@example.org wrote: a = b',
    'http://h/a?lal_secret=&x=1',
    'gop_num=3 isKey=true',
    '%=1 ?%zz=1',
  ])('"%s" holds none and stays as it is', (text) => {
    expect(redactUrl(text)).toBe(text);
  });
});

describe('secrets in JSON lines', () => {
  test('members named like secrets are masked, at any depth', () => {
    const line = JSON.stringify({ token: 'abc"d', a: { password: 'x', key: 'k' }, msg: 'token' });
    expect(JSON.parse(redactJsonLine(line))).toEqual({
      token: '***',
      a: { password: '***', key: '***' },
      msg: 'token',
    });
  });

  test('a line stays valid JSON whatever it holds, and the secret is gone', () => {
    const value = fc.string({
      unit: fc.constantFrom('"', '\\', '&', '?', '=', ' ', 'a', '\n', "'", '@', '/'),
    });
    fc.assert(
      fc.property(value, value, (before, after) => {
        const message = `${before}?lal_secret=S3CRET${after}`;
        const line = redactJsonLine(JSON.stringify({ msg: message }));
        expect(JSON.parse(line)).toHaveProperty('msg');
        expect(line).not.toContain('S3CRET');
      }),
    );
  });
});

test('long hostile text is done in time', () => {
  const started = performance.now();
  for (const unit of ['a', 'a=', '://', 'a://', '?', '@', '%', '&token=', '\\'])
    redactUrl(unit.repeat(50_000));
  expect(performance.now() - started).toBeLessThan(2000);
});

test('secret names are told from others', () => {
  expect(
    ['lal_secret', 'LAL-SECRET', 'passwd', 'streamKey', 'x-api-key', 'jwt', 'key'].every(isSecretName),
  ).toBe(true);
  expect(['stream', 'monkey', 'keys', 'compass_point', 'design'].some(isSecretName)).toBe(false);
});
