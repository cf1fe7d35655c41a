import { describe, expect, test } from 'vitest';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { codeOf } from '../../testing/coded-error.ts';
import type { StreamAddress } from '../stream-address.ts';
import { PULL_URLS, type PullUrl } from './pull/pull-url.ts';
import { PUSH_URLS, type PushUrl } from './push/push-url.ts';
import { addressTemplate, urlProblemOf, UrlTemplate } from './url-template.ts';

const ADDRESS = { appName: 'live', streamName: 'cam 1', urlParam: 'k=v&x' };

function pulled(text: string, address: Partial<StreamAddress> = {}): PullUrl {
  return new UrlTemplate(text, PULL_URLS).expand({ ...ADDRESS, ...address });
}

function pushed(text: string, address: Partial<StreamAddress> = {}): PushUrl {
  return new UrlTemplate(text, PUSH_URLS).expand({ ...ADDRESS, ...address });
}

describe.each([
  ['pull', pulled],
  ['push', pushed],
] as const)('%s', (_, expand) => {
  test.each([
    ['rtmp://h/{app}/{stream}?{param}', 'rtmp://h/live/cam 1?k=v&x'],
    ['rtmp://h/edge/{stream}', 'rtmp://h/edge/cam 1'],
    ['rtmp://h/live/always-this', 'rtmp://h/live/always-this'],
    ['rtmp://h/{stream}', 'rtmp://h/cam 1'],
    ['RTMPS://u:p@h:444/{app}/{app}-{stream}', 'rtmps://u:p@h:444/live/live-cam 1'],
    ['rtsp://u:p@h/{app}/{stream}?{param}', 'rtsp://u:p@h/live/cam%201?k=v&x'],
    ['rtsp://h', 'rtsp://h'],
    ['rtsp://h?{param}', 'rtsp://h?k=v&x'],
    ['RTSPS://h/{stream}?token=1&{param}', 'rtsps://h/cam%201?token=1&k=v&x'],
  ])('%s', (text, expanded) => {
    expect(expand(text).text).toBe(expanded);
  });

  test.each([
    { name: 'all names', app: 'live', stream: 'test110', param: 'a=b', expected: ['live', 'test110?a=b'] },
    { name: 'no query', app: 'live', stream: 'test110', param: '', expected: ['live', 'test110'] },
    { name: 'no app', app: '', stream: 'test110', param: '', expected: ['', 'test110'] },
    { name: 'slashes', app: 'a/b', stream: 'c/d', param: '', expected: ['a/b', 'c/d'] },
    { name: 'a query in the app', app: 'live?k=v', stream: 'x', param: '', expected: ['live?k=v', 'x'] },
    {
      name: 'odd characters',
      app: 'é',
      stream: '$& #%41{x}',
      param: 'a#b',
      expected: ['é', '$& #%41{x}?a#b'],
    },
  ])('RTMP gets names as they are: $name', ({ app, stream, param, expected }) => {
    const url = expand('rtmp://10.0.0.2/{app}/{stream}?{param}', {
      appName: app,
      streamName: stream,
      urlParam: param,
    });
    expect(url.protocol).toBe('RTMP');
    expect([url.rtmp!.app, url.rtmp!.streamName]).toEqual(expected);
    expect(url.rtmp!.tcUrl).toBe(`rtmp://10.0.0.2/${expected[0]}`);
  });

  test.each([
    ['rtmps://a.rtmps.youtube.com/live2/abcd-efgh', 'live2', 'abcd-efgh', 443],
    ['rtmp://host:1936/{stream}/key?a={param}&', 'cam 1', 'key?a=k=v&x&', 1936],
    ['rtmp://host/up?vhost=x?token=y/{app}-{stream}', 'up?vhost=x?token=y', 'live-cam 1', 1935],
    ['RTMP://user:p%40ss@[::1]:1999/a/b', 'a', 'b', 1999],
  ])('app and stream are the template’s matter: %s', (text, app, streamName, port) => {
    expect(expand(text).rtmp).toMatchObject({ app, streamName, port });
  });

  test('in RTSP names are percent-encoded, and nothing of a query ends it early', () => {
    const text = 'rtsp://h/{app}/{stream}?{param}';
    const odd = { appName: 'a b?k=v', streamName: 'c?d#é/%', urlParam: 'a=#1&b="2"\r\nX: y' };
    expect(expand(text, odd).text).toBe('rtsp://h/a%20b/c%3Fd%23%C3%A9/%25?a=%231&b=%222%22%0D%0AX:%20y');
    expect(expand(text, { appName: '', urlParam: '' }).text).toBe('rtsp://h/cam%201');
    expect(expand('rtsp://h/{stream}', { streamName: '\ud800' }).text).toBe('rtsp://h/%EF%BF%BD');
  });

  test('an empty query takes what joins it along, and only that', () => {
    const textOf = (text: string): string => expand(text, { urlParam: '' }).text;
    expect(textOf('rtmp://h/a/{stream}?k=v&{param}')).toBe('rtmp://h/a/cam 1?k=v');
    expect(textOf('rtmp://h/a/{stream}?{param}&k=v')).toBe('rtmp://h/a/cam 1?&k=v');
    expect(textOf('rtmp://h/a/{stream}?')).toBe('rtmp://h/a/cam 1?');
    expect(textOf('rtsp://h/{stream}?k=v&{param}')).toBe('rtsp://h/cam%201?k=v');
  });

  test('names that make it too long are refused', () => {
    for (const scheme of ['rtmp', 'rtsp'])
      expect(codeOf(() => expand(`${scheme}://h/a/{stream}?{param}`, { urlParam: 'x'.repeat(9000) }))).toBe(
        'ERR_RELAY_URL',
      );
  });

  test.each([
    ['', 'ERR_RELAY_URL'],
    ['h:1935', 'ERR_RELAY_URL'],
    ['ftp://h/a', 'ERR_RELAY_URL'],
    ['rtmp://{app}/a', 'ERR_RELAY_URL'],
    ['rtsp://{param}@h/a', 'ERR_RELAY_URL'],
    ['rtmp://h/{name}', 'ERR_RELAY_URL'],
    ['rtsp://h/{stream', undefined],
    [`rtmp://h/${'x'.repeat(9000)}`, 'ERR_RELAY_URL'],
    ['rtmp://h:99999/a/b', 'ERR_RTMP_URL'],
    ['rtmp:///{stream}', 'ERR_RTMP_URL'],
    ['rtsp:///a', 'ERR_RTSP_URL'],
  ])('%.30s: %s', (text, code) => {
    expect(codeOf(() => expand(text))).toBe(code);
  });
});

test.each([
  ['http://h/{app}/{stream}.flv?token=1&{param}', {}, 'http://h/live/cam%201.flv?token=1&k=v&x'],
  ['https://h/hls/{stream}/index.m3u8', {}, 'https://h/hls/cam%201/index.m3u8'],
  ['http://h/{app}/{stream}.flv?{param}', { appName: '', urlParam: '' }, 'http://h/cam%201.flv'],
  ['http://h/{app}/{stream}.flv?{param}', { urlParam: 'k=v#/../x' }, 'http://h/live/cam%201.flv?k=v%23/../x'],
])('pulls go by HTTP, too: %s of %j', (text, address, expected) => {
  expect(pulled(text, address).text).toBe(expected);
  expect(codeOf(() => pushed(text, address))).toBe('ERR_RELAY_URL');
});

test('the names in a URL are those that were put in, whatever they hold', () => {
  const odd = { appName: 'a/b', streamName: '{app}%2e?&#é', urlParam: '' };
  expect(pulled('http://h/{app}/{stream}.flv', odd).address).toEqual(odd);
  expect(pulled('rtmp://h/{app}/{stream}', { ...odd, streamName: 'c/d' }).address).toEqual({
    ...odd,
    streamName: 'c/d',
  });
});

test("lal's form is host:port", () => {
  const { address, text } = addressTemplate('h:1', '', PULL_URLS).expand({ ...ADDRESS, appName: '' });
  expect([text, address]).toEqual(['rtmp://h:1//cam 1', { appName: '', streamName: 'cam 1', urlParam: '' }]);
  expect(addressTemplate('h:1', '?{param}', PUSH_URLS).expand(ADDRESS).text).toBe(
    'rtmp://h:1/live/cam 1?k=v&x',
  );
  for (const addr of ['', 'rtmp://h', 'h/live', 'h?', '{app}', 'h:0'])
    expect(undefinedIfMalformed(() => addressTemplate(addr, '', PULL_URLS))).toBeUndefined();
});

test('what is wrong is said without the URL', () => {
  expect(urlProblemOf(() => pushed('http://secret@h'))).toBe(
    'the URL does not start with rtmp://, rtmps://, rtsp:// or rtsps://',
  );
  expect(urlProblemOf(() => pulled('rtmp://secret@h:x/a'))).toBe(
    'the host or port of the RTMP URL is not valid',
  );
  expect(urlProblemOf(() => pushed('rtmp://h/a/b'))).toBeUndefined();
});
