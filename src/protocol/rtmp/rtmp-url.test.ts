import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { parseRtmpUrl } from './rtmp-url.ts';

const LOCAL = { scheme: 'rtmp', host: 'h', port: 1935, credentials: undefined };

describe('an RTMP URL', () => {
  test.each([
    ['rtmp://h/live/a', { ...LOCAL, app: 'live', streamName: 'a', tcUrl: 'rtmp://h/live' }],
    [
      'rtmp://h:1936/live/a',
      { ...LOCAL, port: 1936, app: 'live', streamName: 'a', tcUrl: 'rtmp://h:1936/live' },
    ],
    [
      'rtmps://h/live/a',
      { ...LOCAL, scheme: 'rtmps', port: 443, app: 'live', streamName: 'a', tcUrl: 'rtmps://h/live' },
    ],
    ['RTMP://h/live/a', { ...LOCAL, app: 'live', streamName: 'a', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h/a/b/c/d', { ...LOCAL, app: 'a/b/c', streamName: 'd', tcUrl: 'rtmp://h/a/b/c' }],
    ['rtmp://h/live/a?t=1', { ...LOCAL, app: 'live', streamName: 'a?t=1', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h/live/a?t=1/2', { ...LOCAL, app: 'live', streamName: 'a?t=1/2', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h/live/%20', { ...LOCAL, app: 'live', streamName: '%20', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h/live', { ...LOCAL, app: 'live', streamName: '', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h/live/', { ...LOCAL, app: 'live', streamName: '', tcUrl: 'rtmp://h/live' }],
    ['rtmp://h', { ...LOCAL, app: '', streamName: '', tcUrl: 'rtmp://h/' }],
    [
      'rtmp://h/app?vhost=x?token=y/stream',
      {
        ...LOCAL,
        app: 'app?vhost=x?token=y',
        streamName: 'stream',
        tcUrl: 'rtmp://h/app?vhost=x?token=y',
      },
    ],
    ['rtmp://h/app/a?x=1?y=2', { ...LOCAL, app: 'app', streamName: 'a?x=1?y=2', tcUrl: 'rtmp://h/app' }],
    [
      'rtmp://[::1]:1936/live/a',
      { ...LOCAL, host: '::1', port: 1936, app: 'live', streamName: 'a', tcUrl: 'rtmp://[::1]:1936/live' },
    ],
    [
      'rtmp://[fe80::1]/live/a',
      { ...LOCAL, host: 'fe80::1', app: 'live', streamName: 'a', tcUrl: 'rtmp://[fe80::1]/live' },
    ],
    [
      'rtmp://me:p@ss:w%21@h/live/a',
      {
        ...LOCAL,
        app: 'live',
        streamName: 'a',
        tcUrl: 'rtmp://h/live',
        credentials: { user: 'me', password: 'p@ss:w!' },
      },
    ],
    [
      'rtmp://me:100%@h/live/a',
      {
        ...LOCAL,
        app: 'live',
        streamName: 'a',
        tcUrl: 'rtmp://h/live',
        credentials: { user: 'me', password: '100%' },
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseRtmpUrl(text)).toEqual(expected);
  });

  test.each([
    '',
    'h/live/a',
    'http://h/live/a',
    'rtmp://',
    'rtmp:///live/a',
    'rtmp://h:0/a',
    'rtmp://h:70000/a',
    'rtmp://h:x/a',
    'rtmp://::1/a',
    'rtmp://h\u0000/live/a',
    'rtmp://a b/live/a',
    'rtmp://h\r\n/live/a',
  ])('is refused: %j', (text) => {
    expect(codeOf(() => parseRtmpUrl(text))).toBe('ERR_RTMP_URL');
  });
});
