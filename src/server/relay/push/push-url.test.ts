import { describe, expect, test } from 'vitest';
import { endReason } from '../../../media/end-reason.ts';
import { PUSH_URLS, type PushUrl } from './push-url.ts';
import { withoutSecrets } from '../url-redaction.ts';
import { UrlTemplate } from '../url-template.ts';

const ADDRESS = { appName: 'live', streamName: 'test110', urlParam: 'lal_secret=5a3b&x=1' };

function expand(text: string, address: Partial<typeof ADDRESS> = {}): PushUrl {
  return new UrlTemplate(text, PUSH_URLS).expand({ ...ADDRESS, ...address });
}

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
    ['rtsp://u:p/w@h/secret', 'rtsp://h/***'],
  ])('%s as %s', (text, shown) => {
    expect(expand(text).shown).toBe(shown);
  });

  test('names that RTSP encodes are shown all the same', () => {
    expect(expand('rtsp://h/up/{stream}', { streamName: 'a b' }).shown).toBe('rtsp://h/up/a%20b');
  });

  test('what the other side repeats of it is taken out', () => {
    const { secrets } = expand('rtmps://u:pässword@h/live2/abcd-efgh?token=12345&{param}');
    const text = 'no abcd-efgh here (abcd-efgh?token=12345, pässword, 5a3b, 12345)';
    const reason = withoutSecrets(endReason('refused-by-peer', 'abcd-efgh', text), secrets);
    expect(reason).toEqual({
      code: 'refused-by-peer',
      detail: '***',
      message: 'no *** here (***?token=***, ***, ***, ***)',
    });
    expect(withoutSecrets(endReason('kicked'), secrets)).toEqual(endReason('kicked'));
  });

  test('the other side is named as in lal, port and all', () => {
    expect(expand('rtmps://h/a/b').remoteAddress).toBe('h:443');
    expect(expand('rtsp://[::1]/a').remoteAddress).toBe('[::1]:554');
  });
});
