import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { checkPlaylist, RecordPlaylistHistory } from '../../testing/hls-rules.ts';
import type { PlaylistEntry } from './playlist-entry.ts';
import { parsePlaylist, withViewerId } from './playlist-text.ts';
import { RecordPlaylist } from './record-playlist.ts';

function entryOf(id: number, durationMs = 3000): PlaylistEntry {
  const programDateTimeMs = Date.UTC(2024, 0, 1) + id * 3000;
  return {
    uri: `a-${id}-${id}.ts`,
    durationMs,
    discontinuity: id === 0,
    isIndependent: true,
    programDateTimeMs,
  };
}

function textOf(list: RecordPlaylist): string {
  return Buffer.concat(list.serializeParts()).toString();
}

test("the record list has lal's head, every entry, and always its end", () => {
  const list = new RecordPlaylist();
  list.append(entryOf(0, 3120), 3000);
  expect(textOf(list).split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-MEDIA-SEQUENCE:0',
    '',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00.000Z',
    '#EXTINF:3.120,',
    'a-0-0.ts',
    '#EXT-X-ENDLIST',
    '',
  ]);
});

test('it only grows, and its target duration only rises', () => {
  const history = new RecordPlaylistHistory();
  const list = new RecordPlaylist();
  for (const [id, durationMs] of [3000, 4200, 3000, 4900, 3000].entries()) {
    list.append(entryOf(id, durationMs), 3000);
    history.check(textOf(list));
  }
  expect(checkPlaylist(textOf(list))).toMatchObject({ targetSec: 5, mediaSequence: 0 });
});

test('a list that lal left is continued, with everything that is in it', () => {
  const text =
    '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n\n' +
    '#EXT-X-DISCONTINUITY\n#EXTINF:3.333,\na-1-0.ts\n#X-UNKNOWN\n#EXTINF:4.867,\na-2-1.ts\n#EXT-X-ENDLIST\n';
  const list = RecordPlaylist.parse(text)!;
  expect(textOf(list)).toBe(text);
  list.append({ ...entryOf(7), discontinuity: true }, 3000);
  const { entries, targetSec } = checkPlaylist(textOf(list));
  expect(entries.map(({ uri, discontinuity }) => [uri, discontinuity])).toEqual([
    ['a-1-0.ts', true],
    ['a-2-1.ts', false],
    ['a-7-7.ts', true],
  ]);
  expect(targetSec).toBe(5);
});

test('the oldest entries can be forgotten, any number of times', () => {
  const list = new RecordPlaylist();
  for (let id = 0; id < 3000; id += 1) list.append(entryOf(id), 3000);
  for (let round = 0; round < 29; round += 1) list.removeOldest(100);
  expect(list.entryCount).toBe(100);
  const { mediaSequence, entries } = checkPlaylist(textOf(list));
  expect([mediaSequence, entries.length, entries[0]!.uri]).toEqual([2900, 100, 'a-2900-2900.ts']);
  list.removeOldest(1000);
  expect(list.entryCount).toBe(0);
});

test('a version that was handed out does not change, and shares its bytes with the next', () => {
  const list = new RecordPlaylist();
  for (let id = 0; id < 2000; id += 1) list.append(entryOf(id), 3000);
  const parts = list.serializeParts();
  const text = Buffer.concat(parts).toString();
  for (let id = 2000; id < 2010; id += 1) list.append(entryOf(id), 3000);
  expect(Buffer.concat(parts).toString()).toBe(text);
  expect(list.serializeParts()[1]).toBe(parts[1]);
  list.removeOldest(10);
  expect(Buffer.concat(parts).toString()).toBe(text);
});

test.each([
  ['nothing', ''],
  ['another text', 'hello\n'],
  ['no target duration', '#EXTM3U\n#EXT-X-VERSION:3\n'],
  ['a target duration that is no number', '#EXTM3U\n#EXT-X-TARGETDURATION:x\n'],
  ['one with more digits than any clock', `#EXTM3U\n#EXT-X-TARGETDURATION:${'9'.repeat(400)}\n`],
])('%s is no playlist to go on with', (_, text) => {
  expect(RecordPlaylist.parse(text)).toBeUndefined();
});

test('line ends of another system, and numbers of the sequences, are understood', () => {
  const text =
    '#EXTM3U\r\n#EXT-X-TARGETDURATION:3\r\n#EXT-X-MEDIA-SEQUENCE:40\r\n#EXT-X-DISCONTINUITY-SEQUENCE:2\r\n\r\n' +
    '#EXT-X-DISCONTINUITY\r\n#EXTINF:3.000,\r\na.ts\r\n#EXTINF:3.000,\r\nb.ts\r\n';
  const playlist = parsePlaylist(text)!;
  expect(playlist).toMatchObject({ mediaSequence: 40, discontinuitySequence: 2, discontinuities: 1 });
  expect(playlist.entries).toEqual([
    '#EXT-X-DISCONTINUITY\n#EXTINF:3.000,\na.ts\n',
    '#EXTINF:3.000,\nb.ts\n',
  ]);
});

test("a viewer's id is added to fragments alone, whatever their names hold", () => {
  const list = '#EXTINF:3.000,\nmy.ts-cam-1-0.ts\n#note.ts\n';
  expect(withViewerId(list, 'f00')).toBe('#EXTINF:3.000,\nmy.ts-cam-1-0.ts?session_id=f00\n#note.ts\n');
});
