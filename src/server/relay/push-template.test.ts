import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { withoutSecrets } from './push-redaction.ts';
import { PushTemplate, type PushUrl } from './push-template.ts';

const ADDRESS = { appName: 'live', streamName: 'test110', urlParam: 'lal_secret=5a3b&x=1' };

function expand(text: string, address: Partial<typeof ADDRESS> = {}): PushUrl {
  return new PushTemplate(text).expand({ ...ADDRESS, ...address });
}

describe('RTMP', () => {
  const LAL = 'rtmp://10.0.0.2/{app}/{stream}?{param}';

  test.each([
    { name: 'all names', app: 'live', stream: 'test110', param: 'a=b', expected: ['live', 'test110?a=b'] },
    { name: 'no query', app: 'live', stream: 'test110', param: '', expected: ['live', 'test110'] },
    { name: 'no app', app: '', stream: 'test110', param: '', expected: ['', 'test110'] },
    { name: 'slashes', app: 'a/b', stream: 'c/d', param: '', expected: ['a/b', 'c/d'] },
    { name: 'a query in the app', app: 'live?k=v', stream: 'x', param: '', expected: ['live?k=v', 'x'] },
    { name: 'odd characters', app: 'é', stream: '$& #%41{x}', param: '', expected: ['é', '$& #%41{x}'] },
  ])('names go into lal’s form as they are: $name', ({ app, stream, param, expected }) => {
    const { rtmp, protocol } = expand(LAL, { appName: app, streamName: stream, urlParam: param });
    expect(protocol).toBe('RTMP');
    expect([rtmp!.app, rtmp!.streamName]).toEqual(expected);
    expect(rtmp!.tcUrl).toBe(`rtmp://10.0.0.2/${expected[0]}`);
  });

  test.each([
    ['rtmps://a.rtmps.youtube.com/live2/abcd-efgh', 'live2', 'abcd-efgh', 443],
    ['rtmp://host:1936/{stream}/key?a={param}&', 'test110', 'key?a=lal_secret=5a3b&x=1&', 1936],
    ['rtmp://host/up?vhost=x?token=y/{app}-{stream}', 'up?vhost=x?token=y', 'live-test110', 1935],
    ['RTMP://user:p%40ss@[::1]:1999/a/b', 'a', 'b', 1999],
  ])('%s', (text, app, streamName, port) => {
    expect(expand(text).rtmp).toMatchObject({ app, streamName, port });
  });

  test('an empty query takes what joins it along, and only that', () => {
    const nameOf = (text: string): string => expand(text, { urlParam: '' }).rtmp!.streamName;
    expect(nameOf('rtmp://h/a/{stream}?k=v&{param}')).toBe('test110?k=v');
    expect(nameOf('rtmp://h/a/{stream}?{param}&k=v')).toBe('test110?&k=v');
    expect(nameOf('rtmp://h/a/{stream}?')).toBe('test110?');
  });
});

describe('RTSP', () => {
  test.each([
    ['rtsp://h/{app}/{stream}?{param}', {}, 'rtsp://h/live/test110?lal_secret=5a3b&x=1'],
    ['rtsps://u:p@h:322/{app}/{stream}', {}, 'rtsps://u:p@h:322/live/test110'],
    [
      'rtsp://h/{app}/{stream}',
      { appName: 'a b?k=v', streamName: 'c?d#é/%' },
      'rtsp://h/a%20b/c%3Fd%23%C3%A9/%25',
    ],
    ['rtsp://h/{app}/{stream}', { appName: '' }, 'rtsp://h/test110'],
    ['rtsp://h/{stream}', { streamName: '\ud800' }, 'rtsp://h/%EF%BF%BD'],
  ])('%s of %j', (text, address, expected) => {
    const url = expand(text, address);
    expect(url).toMatchObject({ protocol: 'RTSP', rtsp: expected, rtmp: undefined });
  });

  test('a query that no request line can hold is refused', () => {
    const template = new PushTemplate('rtsp://h/{stream}?{param}');
    expect(codeOf(() => template.expand({ ...ADDRESS, urlParam: 'a\nb' }))).toBe('ERR_RTSP_URL');
  });
});

test.each([
  ['http://h/a', 'ERR_PUSH_URL'],
  ['', 'ERR_PUSH_URL'],
  ['rtmp://{app}/a', 'ERR_PUSH_URL'],
  ['rtmp://h/{name}', 'ERR_PUSH_URL'],
  [`rtmp://h/${'x'.repeat(9000)}`, 'ERR_PUSH_URL'],
  ['rtmp://h:99999/a/b', 'ERR_RTMP_URL'],
  ['rtsp:///a', 'ERR_RTSP_URL'],
])('%.30s is refused', (text, code) => {
  expect(codeOf(() => new PushTemplate(text))).toBe(code);
});

describe('what is shown', () => {
  test.each([
    ['rtmps://a.rtmps.youtube.com/live2/abcd-efgh', 'rtmps://a.rtmps.youtube.com/live2/***'],
    ['rtmp://h/abcd-efgh', 'rtmp://h/***'],
    ['rtmps://h/rtmp/FB-1-2?s_bl=1&a=Ab', 'rtmps://h/rtmp/***?***'],
    ['rtmps://h/live/5f3c9a/{stream}', 'rtmps://h/live/***/test110'],
    ['rtmp://10.0.0.2:1936/{app}/{stream}', 'rtmp://10.0.0.2:1936/live/test110'],
    ['rtmp://10.0.0.2/live/test110', 'rtmp://10.0.0.2/live/test110'],
    ['rtmp://h/{app}/{stream}?{param}', 'rtmp://h/live/test110?lal_secret=***&x=1'],
    ['rtmp://h/{app}/{stream}?k=v&{param}', 'rtmp://h/live/test110?***'],
    ['rtsp://admin:pass@h:8554/{app}/{stream}', 'rtsp://h:8554/live/test110'],
    ['rtsp://h/secret', 'rtsp://h/***'],
  ])('%s as %s', (text, shown) => {
    expect(expand(text).shown).toBe(shown);
  });

  test('names that RTSP encodes are shown all the same', () => {
    expect(expand('rtsp://h/up/{stream}', { streamName: 'a b' }).shown).toBe('rtsp://h/up/a%20b');
  });

  test('what the other side repeats of it is taken out', () => {
    const { secrets } = expand('rtmps://u:pässword@h/live2/abcd-efgh?token=12345');
    const text = 'no abcd-efgh here (abcd-efgh?token=12345, pässword)';
    expect(withoutSecrets(text, secrets)).toBe('no *** here (***?***, ***)');
  });

  test('the other side is named as in lal, port and all', () => {
    expect(expand('rtmps://h/a/b').remoteAddress).toBe('h:443');
    expect(expand('rtsp://[::1]/a').remoteAddress).toBe('[::1]:554');
  });
});
