import { expect, test } from 'vitest';
import { matchControl, type ControlMatch } from './control-match.ts';

const BASE = 'rtsp://192.0.2.1:5544/live/a';
const CONTROLS = ['streamid=0', 'streamid=1'];

test.each<[string, string, string, readonly (string | undefined)[], ControlMatch]>([
  ['a control value behind the URL', `${BASE}/streamid=1`, BASE, CONTROLS, 1],
  ['a slash at the end of each', `${BASE}/streamid=1/`, `${BASE}/`, CONTROLS, 1],
  ['two slashes between', `${BASE}//streamid=1`, BASE, CONTROLS, 1],
  ['another host', 'rtsp://camera.example/live/a/streamid=0', BASE, CONTROLS, 0],
  [
    'a control value behind a query, as ffmpeg puts it',
    `${BASE}?token=x/streamid=1`,
    `${BASE}?token=x`,
    CONTROLS,
    1,
  ],
  [
    'a control value before a query, as GStreamer puts it',
    `${BASE}/streamid=1?token=x`,
    `${BASE}?token=x`,
    CONTROLS,
    1,
  ],
  ['escaped characters', `${BASE}/streamid%3D1`, BASE, CONTROLS, 1],
  ['an escape that is none', `${BASE}/100%/streamid=1`, BASE, CONTROLS, 1],
  [
    'absolute control values',
    `${BASE}/track2`,
    BASE,
    ['rtsp://10.0.0.1/live/a/track1', 'rtsp://10.0.0.1/live/a/track2'],
    1,
  ],
  ['a control value alone', 'streamid=1', BASE, CONTROLS, 1],
  ['a control value that is a query', `${BASE}?ctype=video`, BASE, ['?ctype=audio', '?ctype=video'], 1],
  ['the longest of several that fit', `${BASE}/11`, BASE, ['1', '11'], 1],
  ['a whole word before a longer part of one', `${BASE}/x1`, BASE, ['1', 'x1', '/a/x1'], 2],
  ['a value without a border before it, for want of a better', `${BASE}/trackID=1`, BASE, ['D=0', 'D=1'], 1],
  ['a name that ends like a track', 'rtsp://h/live/cam1', 'rtsp://h/live/cam1', ['1', '2'], 'aggregate'],
  ['the whole presentation', BASE, BASE, CONTROLS, 'aggregate'],
  ['the whole, without its query', `${BASE}/`, `${BASE}?token=x`, CONTROLS, 'aggregate'],
  ['no control values', BASE, BASE, [undefined, '*'], 'aggregate'],
  ['something else', `${BASE}/audio`, BASE, CONTROLS, undefined],
  ['the root', 'rtsp://192.0.2.1:5544/', BASE, CONTROLS, undefined],
  ['a slash alone', '/', BASE, CONTROLS, undefined],
  ['the asterisk', '*', BASE, CONTROLS, undefined],
  ['nothing before the query', 'rtsp://h?x', 'rtsp://h?y', [undefined], undefined],
])('finds %s', (_name, uri, presentationUri, controls, match) => {
  expect(matchControl(uri, presentationUri, controls)).toBe(match);
});
