import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHlsPath, type HlsPathRules } from './hls-path.ts';

const byName: HlsPathRules = { pattern: '/hls/', keyMode: 'stream', maxNameBytes: 255 };
const byApp: HlsPathRules = { ...byName, keyMode: 'app_stream' };

describe("lal's URL forms", () => {
  test.each([
    ['/hls/test110.m3u8', 'live', 'test110', ''],
    ['/hls/test110/playlist.m3u8', 'live', 'test110', ''],
    ['/hls/test110/record.m3u8', 'record', 'test110', ''],
    ['/hls/live/test110.m3u8?a=b', 'live', 'test110', 'live'],
    ['/hls/live/test110/playlist.m3u8', 'live', 'test110', 'live'],
    ['/hls/a/b/test110/record.m3u8', 'record', 'test110', 'a/b'],
    ['/hls/camera-01.b.m3u8', 'live', 'camera-01.b', ''],
    ['/hls/%E6%91%84%20x.m3u8', 'live', '摄 x', ''],
    ['/hls/live%2Ftest110.m3u8', 'live', 'test110', 'live'],
    ['/hls//test110.m3u8', 'live', 'test110', ''],
  ])('%s is the %s list of %s', (path, list, streamName, appName) => {
    const target = parseHlsPath(path, byName);
    expect(target).toMatchObject({
      kind: 'playlist',
      list,
      folder: streamName,
      address: { streamName, appName },
    });
  });

  test.each([
    ['/hls/test110/test110-1620540712084-0.ts', 'test110', 'test110-1620540712084-0.ts'],
    ['/hls/test110-1620540712084-0.ts', 'test110', 'test110-1620540712084-0.ts'],
    ['/hls/x/y/camera-01-1620540712084-12.ts?session_id=1', 'camera-01', 'camera-01-1620540712084-12.ts'],
    ['/hls/a%20b-1-0.ts', 'a b', 'a b-1-0.ts'],
  ])('%s is a fragment of %s', (path, folder, name) => {
    const target = parseHlsPath(path, byName);
    expect(target).toMatchObject({ kind: 'fragment', name });
    expect(target).toHaveProperty('places[0].folder', folder);
  });

  test('with apps in the key, folders are the app', () => {
    expect(parseHlsPath('/hls/live/a.m3u8', byApp)).toMatchObject({ folder: 'live/a', streamKey: 'live/a' });
    expect(parseHlsPath('/hls/live/a/playlist.m3u8', byApp)).toMatchObject({ folder: 'live/a' });
    expect(parseHlsPath('/hls/a.m3u8', byApp)).toMatchObject({ folder: 'a', streamKey: 'a' });
    const target = parseHlsPath('/hls/live/a/a-1-0.ts', byApp);
    expect(target).toMatchObject({ places: [{ folder: 'live/a' }, { folder: 'live/a/a' }] });
  });
});

const climbs = [
  '../../etc/passwd',
  '../../etc/passwd.m3u8',
  '../secret-1-0.ts',
  '../../x/playlist.m3u8',
  './playlist.m3u8',
  '../playlist.m3u8',
  '..\\..\\x.m3u8',
  'a/../../x-1-0.ts',
  '../-1-0.ts',
  '..-1-0.ts',
  '.-1-0.ts',
  '...m3u8',
  '..m3u8',
  'x\0.m3u8',
  'x\0-1-0.ts',
  'x\n-1-0.ts',
];

describe('paths that lead elsewhere are refused', () => {
  const encodings: [string, (path: string) => string][] = [
    ['plain', (path) => path],
    [
      'percent-coded',
      (path) => [...Buffer.from(path)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    ],
    ['slashes coded', (path) => path.replaceAll('/', '%2f').replaceAll('\0', '%00')],
    ['dots coded', (path) => path.replaceAll('.', '%2E').replaceAll('\0', '%00')],
    ['below another folder', (path) => `live/${path}`],
    ['doubled slashes', (path) => path.replaceAll('/', '//')],
  ];
  test.each(encodings.flatMap(([how, encode]) => climbs.map((path) => [how, path, encode(path)])))(
    '%s: %j',
    (_, path, coded) => {
      const isFolderNamed = path === '..-1-0.ts' || path === '.-1-0.ts';
      const target = parseHlsPath(`/hls/${coded}`, byName);
      if (!isFolderNamed || typeof target === 'number') expect(target).toBe(404);
      expect(parseHlsPath(`/hls/${coded}`, byApp)).toBe(404);
    },
  );

  test.each([
    '',
    'x',
    'x.mp4',
    '.m3u8',
    'x.M3U8',
    '.ts',
    '-1-0.ts',
    'x-0.ts',
    'x.m3u8/',
    'playlist.m3u8',
    `${'x'.repeat(256)}.m3u8`,
  ])('unknown: %s', (path) => {
    expect(parseHlsPath(`/hls/${path}`, byName)).toBe(404);
  });

  test.each(['%', '%zz.m3u8', '%c0%ae%c0%ae/x.m3u8', '%ff.m3u8'])('not well coded: %s', (path) => {
    expect(parseHlsPath(`/hls/${path}`, byName)).toBe(400);
  });

  test('twice-coded dots are a name like any other', () => {
    expect(parseHlsPath('/hls/%252e%252e/playlist.m3u8', byName)).toMatchObject({ folder: '%2e%2e' });
  });
});

test('whatever is asked for lies below the root', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e',
    '%2f',
    '%5c',
    '%00',
    'a',
    '-1-0.ts',
    '.m3u8',
    'playlist.m3u8',
    '?',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }),
      fc.boolean(),
      (pieces, isByApp) => {
        const target = parseHlsPath(`/hls/${pieces.join('')}`, isByApp ? byApp : byName);
        if (typeof target === 'number') return;
        const folders =
          target.kind === 'playlist' ? [target.folder] : target.places.map(({ folder }) => folder);
        const name = target.kind === 'fragment' ? target.name : 'playlist.m3u8';
        expect(name).not.toMatch(/[/\\\0]/);
        for (const folder of folders) {
          expect(folder).not.toMatch(/\\|\0|^\/|\/\//);
          for (const part of folder.split('/')) expect(['', '.', '..']).not.toContain(part);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
