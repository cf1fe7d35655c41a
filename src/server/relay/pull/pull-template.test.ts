import { expect, test } from 'vitest';
import { codeOf } from '../../../testing/coded-error.ts';
import { lalTemplate, PullTemplate } from './pull-template.ts';

const address = { appName: 'live', streamName: 'cam 1', urlParam: 'k=v&x' };

test.each([
  ['rtmp://h/{app}/{stream}?{param}', 'rtmp://h/live/cam 1?k=v&x'],
  ['rtmp://h/edge/{stream}', 'rtmp://h/edge/cam 1'],
  ['rtsp://u:p@h/{app}/{stream}?{param}', 'rtsp://u:p@h/live/cam%201?k=v&x'],
  ['http://h/{app}/{stream}.flv?token=1&{param}', 'http://h/live/cam%201.flv?token=1&k=v&x'],
  ['https://h/hls/{stream}/index.m3u8', 'https://h/hls/cam%201/index.m3u8'],
  ['rtmp://h/live/always-this', 'rtmp://h/live/always-this'],
])('%s', (text, expanded) => {
  expect(new PullTemplate(text).expand(address).text).toBe(expanded);
});

test('without parameters their mark goes too, without an app its slash, but for RTMP', () => {
  const bare = { appName: '', streamName: 'a', urlParam: '' };
  expect(new PullTemplate('http://h/{app}/{stream}.flv?{param}').expand(bare).text).toBe('http://h/a.flv');
  expect(new PullTemplate('http://h/{stream}.flv?t=1&{param}').expand(bare).text).toBe('http://h/a.flv?t=1');
  expect(lalTemplate('h:1').expand(bare)).toMatchObject({
    text: 'rtmp://h:1//a',
    address: { appName: '', streamName: 'a' },
  });
});

test('a query in the app of an RTMP viewer, and a mark that would cut the query, are left out', () => {
  const odd = { appName: 'live?vhost=x', streamName: 'a', urlParam: 'k=v#/../x' };
  expect(new PullTemplate('http://h/{app}/{stream}.flv?{param}').expand(odd).text).toBe(
    'http://h/live/a.flv?k=v',
  );
  expect(lalTemplate('h').expand(odd).text).toBe('rtmp://h/live/a');
});

test('names stay what they are, whatever they hold', () => {
  const odd = { appName: 'a/b', streamName: '{app}%2e?&#é', urlParam: '' };
  expect(new PullTemplate('http://h/{app}/{stream}.flv').expand(odd)).toMatchObject({
    address: { appName: 'a/b', streamName: '{app}%2e?&#é' },
  });
});

test.each([
  ['http://{app}/x.flv', 'ERR_PULL_URL'],
  ['http://{param}@h/x.flv', 'ERR_PULL_URL'],
  ['http://h/{stream', undefined],
  ['http://h/{name}.flv', 'ERR_PULL_URL'],
  ['h:1935', 'ERR_PULL_URL'],
  ['rtmp:///{stream}', 'ERR_RTMP_URL'],
])('%s: %s', (text, code) => {
  expect(codeOf(() => new PullTemplate(text))).toBe(code);
});
