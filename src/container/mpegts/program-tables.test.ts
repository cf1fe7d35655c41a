import { expect, test } from 'vitest';
import { crc32Mpeg } from '../../bytes/crc32-mpeg.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import {
  parseProgramAssociation,
  parseProgramMap,
  serializeProgramAssociation,
  serializeProgramMap,
} from './program-tables.ts';

// What ffmpeg 5.1 writes, without its registration descriptors.
const PAT = '00b00d0001c100000001f0002ab104b2';

test("writes ffmpeg's association table byte for byte", () => {
  expect(toHex(serializeProgramAssociation(1, { programNumber: 1, pmtPid: 0x1000 }))).toBe(PAT);
});

test('reads programs and leaves the network table out', () => {
  expect(parseProgramAssociation(hex(PAT))).toEqual([{ programNumber: 1, pmtPid: 0x1000 }]);
  const two = hex('00b015 0001 c1 00 00 0000e010 0007e100 0008e200 00000000');
  expect(parseProgramAssociation(two)).toEqual([
    { programNumber: 7, pmtPid: 0x100 },
    { programNumber: 8, pmtPid: 0x200 },
  ]);
});

test('reads a map as it was written, with its descriptors', () => {
  const map = {
    programNumber: 1,
    version: 21,
    pcrPid: 0x100,
    streams: [
      { streamType: 0x1b, pid: 0x100, descriptors: new Uint8Array(0) },
      { streamType: 0x06, pid: 0x101, descriptors: hex('05044f707573 7f028002') },
    ],
  };
  const section = serializeProgramMap(map);
  expect(crc32Mpeg(section)).toBe(0);
  expect(parseProgramMap(section)).toEqual(map);
});

test('skips the descriptors of the program', () => {
  const section = hex('02b016 0001 c1 00 00 e100 f004 c102ffff 1be100f000 00000000');
  expect(parseProgramMap(section)).toMatchObject({
    pcrPid: 0x100,
    streams: [{ streamType: 0x1b, pid: 0x100 }],
  });
});

test('a table that is not in force yet says nothing', () => {
  const next = hex(PAT);
  next[5] = 0xc0;
  expect(parseProgramAssociation(next)).toBeUndefined();
});

test.each([
  ['another table', '42b00d0001c100000001f0002ab104b2'],
  ['cut off', '02b00d0001c1'],
  ['with a stream that reaches past its end', '02b012 0001 c1 00 00 e100 f000 1be100f009 00000000'],
])('refuses a map that is %s', (_name, section) => {
  expect(codeOf(() => parseProgramMap(hex(section)))).toBe('ERR_MPEGTS_TABLE');
});
