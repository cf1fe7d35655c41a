import { expect, test } from 'vitest';
import type { Json } from './json.ts';
import { Names } from './names.ts';
import { normalised, normalisedPlaylist } from './normalise.ts';

function of(value: Json): Json {
  const names = new Names();
  names.namePort(53_123, 'viewer');
  names.learn(value);
  return normalised(value, names);
}

test('sessions and addresses have names, at every depth', () => {
  const session = { session_id: 'FLVPUBSUB7', remote_addr: '127.0.0.1:53123' };
  expect(of({ data: { subs: [session], port: 53_123 } })).toEqual({
    data: {
      subs: [{ session_id: 'FLVPUBSUB<viewer>', remote_addr: '127.0.0.1:<viewer>' }],
      port: '<viewer>',
    },
  });
});

test.each([
  ['start_time', '2024-05-01 08:00:00.5 Z UTC', '<time>'],
  ['start_time', '2020-10-11 19:17:41.586 +0800 CST', '<time>'],
  ['read_bytes_sum', 12, '<bytes>'],
  ['wrote_bytes_sum', 1, '<bytes>'],
  ['bitrate_kbits', 0, '<rate>'],
  ['write_bitrate_kbits', 812, '<rate>'],
  ['duration', 1.04, '<seconds>'],
  ['ts_file', './hls/a/a-1700000000000-3.ts', './hls/a/a-<ms>-3.ts'],
  ['cwd', '/tmp/x/server', '<folder>/server'],
  ['Date', 'Wed, 25 Nov 2026 16:00:00 GMT', '<date>'],
  ['Content-Length', '512', '<length>'],
] as [string, Json, Json][])('%s: what differs from run to run is masked', (key, value, masked) => {
  expect(of({ [key]: value })).toEqual({ [key]: masked });
});

test.each([
  ['start_time', '2024-05-01 08:00:00.500 Z UTC'],
  ['start_time', '2024-05-01 08:00:00'],
  ['start_time', 1_700_000_000],
  ['read_bytes_sum', 0],
  ['read_bytes_sum', '12'],
  ['bitrate_kbits', 1.5],
  ['bitrate_kbits', -1],
  ['bitrate_kbits', null],
  ['duration', 0],
  ['duration', '1.04'],
  ['session_id', 'FLVSUB7'],
  ['Date', 'today'],
  ['Content-Length', ''],
  ['port', 1935],
  ['error_code', 1001],
] as [string, Json][])('%s: what lal would never say stays, and shows as a difference: %j', (key, value) => {
  expect(of({ [key]: value })).toEqual({ [key]: value });
});

test('frame rates stand for one, if they are newest first, a second each', () => {
  const rates = [3, 2, 1].map((second) => ({ unix_sec: second, v: 25 }));
  const one = [{ unix_sec: '<count>', v: '<count>' }];
  expect(of({ in_frame_per_sec: rates })).toEqual({ in_frame_per_sec: one });
  for (const odd of [rates.toReversed(), [rates[0]!, rates[0]!], [{ unix_sec: 1 }], [], null]) {
    expect(of({ in_frame_per_sec: odd as Json })).toEqual({ in_frame_per_sec: odd });
  }
});

test('viewers of a kind are sorted; the order of the kinds stays', () => {
  const sub = (protocol: string, id: number): Json => ({ protocol, session_id: `x${id}` });
  expect(of({ subs: [sub('TS', 2), sub('TS', 1), sub('FLV', 3), sub('TS', 0)] })).toEqual({
    subs: [sub('TS', 0), sub('TS', 1), sub('TS', 2), sub('FLV', 3)],
  });
});

const head = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-ALLOW-CACHE:NO\n#EXT-X-TARGETDURATION:2\n';

test('a playlist: numbers are masked, its entries are one', () => {
  const entry = (number: number): string => `#EXTINF:1.040,\na-1700000000000-${number}.ts\n`;
  expect(normalisedPlaylist(`${head}#EXT-X-MEDIA-SEQUENCE:7\n\n${entry(7)}${entry(8)}`)).toEqual({
    lines: [...head.trim().split('\n'), '#EXT-X-MEDIA-SEQUENCE:<number>', '', '<entry>', ''],
    extra: [],
  });
});

test('a playlist: entries with a session_id are another thing, and extra tags stand apart', () => {
  const id = '0123456789abcdef0123456789abcdef';
  const time = '#EXT-X-PROGRAM-DATE-TIME:2026-11-25T16:00:00.000Z\n';
  const entry = (number: number): string =>
    `${time}#EXTINF:1.040,\na-1700000000000-${number}.ts?session_id=${id}\n`;
  expect(normalisedPlaylist(`${head}#EXT-X-INDEPENDENT-SEGMENTS\n${entry(1)}${entry(2)}`)).toEqual({
    lines: [...head.trim().split('\n'), '<entry with session_id>', ''],
    extra: ['#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-PROGRAM-DATE-TIME'],
  });
});

test('a playlist: what is not as lal writes it stays', () => {
  const odd = '#EXTINF:1.04,\na-1.ts\n';
  expect(normalisedPlaylist(odd)).toEqual({ lines: odd.split('\n'), extra: [] });
});
