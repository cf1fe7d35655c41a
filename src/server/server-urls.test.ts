import { expect, test } from 'vitest';
import { builtInConfig } from './config/built-in-config.ts';
import { parseConfig } from './config/load-config.ts';
import { serverUrls, streamsPageUrl } from './server-urls.ts';

test('the built-in config: RTMP and RTSP to publish, everything to play', () => {
  expect(serverUrls(builtInConfig(), 'test')).toEqual({
    publish: [
      'rtmp://localhost:1935/live/test',
      'rtmps://localhost:4935/live/test',
      'rtsp://localhost:5544/live/test',
      'rtsps://localhost:5322/live/test',
    ],
    play: [
      'rtmp://localhost:1935/live/test',
      'rtmps://localhost:4935/live/test',
      'rtsp://localhost:5544/live/test',
      'rtsps://localhost:5322/live/test',
      'http://localhost:8080/live/test.flv',
      'ws://localhost:8080/live/test.flv',
      'https://localhost:4433/live/test.flv',
      'wss://localhost:4433/live/test.flv',
      'http://localhost:8080/live/test.ts',
      'ws://localhost:8080/live/test.ts',
      'https://localhost:4433/live/test.ts',
      'wss://localhost:4433/live/test.ts',
      'http://localhost:8080/hls/test.m3u8',
      'https://localhost:4433/hls/test.m3u8',
    ],
  });
});

test('only what is switched on, at the address and under the pattern of the config', () => {
  const { config } = parseConfig(
    `{"rtmp": {"enable": true, "addr": "[::1]:1936"},
      "httpflv": {"enable": true, "enable_https": true, "http_listen_addr": "0.0.0.0:80", "url_pattern": "/a/b"}}`,
    'c.json',
  );
  expect(serverUrls(config, 'x')).toEqual({
    publish: ['rtmp://[::1]:1936/live/x'],
    play: ['rtmp://[::1]:1936/live/x', 'http://localhost:80/a/b/x.flv', 'ws://localhost:80/a/b/x.flv'],
  });
});

test('where the app is part of the key, HLS URLs have it too', () => {
  const { config } = parseConfig(
    `{"stream_key": "app_stream", "hls": {"enable": true, "http_listen_addr": ":80"}}`,
    'c.json',
  );
  expect(serverUrls(config, 'x').play).toEqual(['http://localhost:80/hls/live/x.m3u8']);
});

test('the page that shows streams is where the HTTP API is', () => {
  expect(streamsPageUrl(builtInConfig())).toBe('http://127.0.0.1:8083/lal.html');
  const { config } = parseConfig('{"http_api": {"addr": ":8083"}}', 'c.json');
  expect(streamsPageUrl(config)).toBeUndefined();
});
