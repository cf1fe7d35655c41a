import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { parseAttributes } from './attribute-list.ts';
import { chooseVariant } from './choose-variant.ts';
import {
  absoluteUrl,
  parseSourcePlaylist,
  type SourceMasterPlaylist,
  type SourceMediaPlaylist,
} from './source-playlist.ts';

const BASE = 'http://origin.example/hls/cam/playlist.m3u8?token=1';

function media(...lines: string[]): SourceMediaPlaylist {
  const playlist = parseSourcePlaylist(['#EXTM3U', ...lines, ''].join('\n'), BASE);
  if (playlist.kind !== 'media') throw new Error('a master playlist');
  return playlist;
}

function master(...lines: string[]): SourceMasterPlaylist {
  const playlist = parseSourcePlaylist(['#EXTM3U', ...lines, ''].join('\n'), BASE);
  if (playlist.kind !== 'master') throw new Error('a media playlist');
  return playlist;
}

describe('a media playlist', () => {
  test('of lal', () => {
    const list = media(
      '#EXT-X-VERSION:3',
      '#EXT-X-ALLOW-CACHE:NO',
      '#EXT-X-TARGETDURATION:5',
      '#EXT-X-MEDIA-SEQUENCE:7',
      '',
      '#EXT-X-DISCONTINUITY',
      '#EXTINF:3.333,',
      'cam-1620540712084-7.ts',
      '#EXTINF:4.867,',
      'cam-1620540716951-8.ts',
    );
    expect(list).toEqual({
      kind: 'media',
      targetDurationMs: 5000,
      mediaSequence: 7,
      isEnded: false,
      baseUrl: BASE,
      fragments: [
        {
          uri: 'cam-1620540712084-7.ts',
          durationMs: 3333,
          discontinuity: true,
          isGap: false,
          range: undefined,
        },
        {
          uri: 'cam-1620540716951-8.ts',
          durationMs: 4867,
          discontinuity: false,
          isGap: false,
          range: undefined,
        },
      ],
    });
  });

  test('may have line ends of another system, a byte order mark, titles, dates and tags nobody knows', () => {
    const text =
      '\uFEFF#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00Z\r\n' +
      '#EXTINF:6,a title, with a comma\r\n#EXT-X-NOBODY-KNOWS:1\r\n# a comment\r\n/abs/1.ts\r\n#EXT-X-ENDLIST\r\n';
    const list = parseSourcePlaylist(text, BASE);
    expect(list).toMatchObject({
      isEnded: true,
      fragments: [{ uri: '/abs/1.ts', durationMs: 6000 }],
    });
  });

  test('may name parts of one file, and gaps', () => {
    const list = media(
      '#EXT-X-TARGETDURATION:2',
      '#EXTINF:2,',
      '#EXT-X-BYTERANGE:100@50',
      'a.ts',
      '#EXTINF:2,',
      '#EXT-X-BYTERANGE:30',
      'a.ts',
      '#EXTINF:2,',
      '#EXT-X-GAP',
      '#EXT-X-BYTERANGE:30',
      'b.ts',
    );
    expect(list.fragments.map(({ range }) => range)).toEqual([
      { offset: 50, length: 100 },
      { offset: 150, length: 30 },
      { offset: 0, length: 30 },
    ]);
    expect(list.fragments.map(({ isGap }) => isGap)).toEqual([false, false, true]);
  });

  test('without a target duration goes by its longest fragment, with none and nothing listed it is refused', () => {
    expect(media('#EXTINF:2.5,', 'a.ts').targetDurationMs).toBe(2500);
    expect(codeOf(() => media())).toBe('ERR_HLS_PLAYLIST');
    expect(media('#EXT-X-TARGETDURATION:4').fragments).toEqual([]);
  });

  test.each([
    ['#EXT-X-KEY:METHOD=AES-128,URI="key"', 'ERR_HLS_ENCRYPTED'],
    ['#EXT-X-KEY:METHOD=SAMPLE-AES', 'ERR_HLS_ENCRYPTED'],
    ['#EXT-X-MAP:URI="init.mp4"', 'ERR_HLS_FORMAT'],
    ['#EXT-X-BYTERANGE:x', 'ERR_HLS_PLAYLIST'],
    ['#EXT-X-BYTERANGE:0@1', 'ERR_HLS_PLAYLIST'],
    [`#EXT-X-BYTERANGE:5@${'9'.repeat(20)}`, 'ERR_HLS_PLAYLIST'],
  ])('with %s is refused: %s', (line, code) => {
    expect(codeOf(() => media('#EXT-X-TARGETDURATION:4', '#EXTINF:4,', line, 'a.ts'))).toBe(code);
  });

  test('may say that it is not encrypted', () => {
    expect(media('#EXT-X-TARGETDURATION:4', '#EXT-X-KEY:METHOD=NONE', 'a.ts').fragments).toHaveLength(1);
  });

  test('has a bound', () => {
    const lines = Array.from({ length: 100_001 }, () => 'a.ts');
    expect(codeOf(() => media('#EXT-X-TARGETDURATION:4', ...lines))).toBe('ERR_HLS_PLAYLIST');
  });

  test('numbers and durations that are none count as 0, endless ones are cut', () => {
    const list = media(
      '#EXT-X-TARGETDURATION:4',
      `#EXT-X-MEDIA-SEQUENCE:${'9'.repeat(30)}`,
      '#EXTINF:-3,',
      'a.ts',
      '#EXTINF:nan,',
      'b.ts',
      '#EXTINF:1e300,',
      'c.ts',
    );
    expect(list.mediaSequence).toBe(0);
    expect(list.fragments.map(({ durationMs }) => durationMs)).toEqual([0, 0, 3_600_000]);
  });
});

describe('a master playlist', () => {
  const apple = [
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud",NAME="English",URI="audio.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="sub",NAME="English",URI="sub.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=9000000,AUDIO="aud",CODECS="avc1.640028,mp4a.40.2"',
    'split.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720',
    'low.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=2560000,SUBTITLES="sub",CODECS="avc1.4d401f, mp4a.40.2"',
    'mid.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=8000000,CODECS="dvh1.05.06,mp4a.40.2"',
    'dolby.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="iframe.m3u8"',
  ];

  test('lists its variants', () => {
    expect(
      master(...apple).variants.map(({ url, bandwidth, lacksAudio }) => [url, bandwidth, lacksAudio]),
    ).toEqual([
      ['http://origin.example/hls/cam/split.m3u8', 9_000_000, true],
      ['http://origin.example/hls/cam/low.m3u8', 1_280_000, false],
      ['http://origin.example/hls/cam/mid.m3u8', 2_560_000, false],
      ['http://origin.example/hls/cam/dolby.m3u8', 8_000_000, false],
    ]);
  });

  test('the best that can be received whole is chosen', () => {
    expect(chooseVariant(master(...apple)).url).toMatch(/mid\.m3u8$/);
    expect(chooseVariant(master(...apple.slice(0, 4))).url).toMatch(/split\.m3u8$/);
    expect(chooseVariant(master('#EXT-X-STREAM-INF:', 'a.m3u8', '#EXT-X-STREAM-INF:', 'b.m3u8')).url).toMatch(
      /a\.m3u8$/,
    );
  });

  test('without a variant, or with too many, is refused', () => {
    expect(codeOf(() => master('#EXT-X-STREAM-INF:BANDWIDTH=1'))).toBe('ERR_HLS_PLAYLIST');
    const many = Array.from({ length: 1001 }, () => ['#EXT-X-STREAM-INF:BANDWIDTH=1', 'a.m3u8']).flat();
    expect(codeOf(() => master(...many))).toBe('ERR_HLS_PLAYLIST');
  });
});

test.each([
  ['1.ts', 'http://origin.example/hls/cam/1.ts'],
  ['/1.ts?x', 'http://origin.example/1.ts?x'],
  ['//other.example/1.ts', 'http://other.example/1.ts'],
  ['https://other.example/1.ts', 'https://other.example/1.ts'],
  ['file:///etc/passwd', undefined],
  ['data:video/mp2t,G', undefined],
  ['http://[', undefined],
])('the URI %j is %j', (uri, url) => {
  expect(codeOf(() => absoluteUrl(uri, BASE))).toBe(url === undefined ? 'ERR_HLS_URI' : undefined);
  if (url !== undefined) expect(absoluteUrl(uri, BASE)).toBe(url);
  expect(codeOf(() => master('#EXT-X-STREAM-INF:BANDWIDTH=1', uri))).toBe(
    url === undefined ? 'ERR_HLS_URI' : undefined,
  );
});

test.each(['', 'hello', '<html>', '\n#EXTM3U\n'])('%j is no playlist', (text) => {
  expect(codeOf(() => parseSourcePlaylist(text, BASE))).toBe('ERR_HLS_PLAYLIST');
});

test('attributes are quoted or not, and what is none is passed over', () => {
  const attributes = parseAttributes('A=1,B="x, y=z",C=,,D="open,E=5');
  expect([...attributes]).toEqual([
    ['A', '1'],
    ['B', 'x, y=z'],
    ['C', ''],
    ['D', ''],
    ['E', '5'],
  ]);
});

test('whatever lines come in whatever order, they are a playlist or refused', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:9',
      '#EXTINF:4,',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-GAP',
      '#EXT-X-BYTERANGE:5',
      '#EXT-X-BYTERANGE:5@7',
      '#EXT-X-ENDLIST',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXT-X-MAP:URI="x"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="b"',
      'a.ts',
    ),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = ['#EXTM3U', ...lines].join('\n');
      const code = codeOf(() => parseSourcePlaylist(text, BASE));
      expect([undefined, 'ERR_HLS_PLAYLIST', 'ERR_HLS_ENCRYPTED', 'ERR_HLS_FORMAT', 'ERR_HLS_URI']).toContain(
        code,
      );
    }),
  );
});
