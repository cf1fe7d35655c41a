import { describe, expect, test } from 'vitest';
import { hex } from '../../testing/hex.ts';
import {
  concatBytes,
  demuxPs,
  mpeg1PackHeader,
  mpeg1Packet,
  otherUnit,
  packHeader,
  pesPacket,
  streamMap,
  systemHeader,
} from '../../testing/ps-kit.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { newPsDemuxerCounters, type PsDemuxerCounters } from './demuxer-events.ts';
import { ProgramStreamDemuxer } from './program-stream-demuxer.ts';

interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly lines: readonly string[];
  readonly counters?: Partial<PsDemuxerCounters>;
}

const VIDEO = 0xe0;
const AUDIO = 0xc0;
const IDR = hex('00000001 6588 0102');
const SLICE = hex('000001 41e0 0304');
const toHexDigits = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const IDR_HEX = toHexDigits(IDR);
const SLICE_HEX = toHexDigits(SLICE);
/** Contains what looks like a pack header. */
const SOUND = hex('d5 000001ba 000001e0 d5');
const MAP = streamMap([
  { streamType: 0x1b, streamId: VIDEO },
  { streamType: 0x90, streamId: AUDIO },
]);
const MAX_TICKS = 2 ** 33 - 1;

const VECTORS: readonly Vector[] = [
  {
    name: 'a key picture as devices send it: pack, system header, map, packet',
    bytes: concatBytes(packHeader(900), systemHeader(), MAP, pesPacket(VIDEO, IDR, { ptsTicks: 3600 })),
    lines: ['map e0=1b c0=90', 'begin e0 3600', `e0 ${IDR_HEX}`, 'end e0'],
    counters: { packs: 1, packets: 1 },
  },
  {
    name: 'packets of sound, in which anything may occur, between those of pictures',
    bytes: concatBytes(
      pesPacket(VIDEO, IDR, { ptsTicks: 0, dtsTicks: MAX_TICKS }),
      pesPacket(AUDIO, SOUND, { ptsTicks: MAX_TICKS }),
      pesPacket(VIDEO, SLICE),
    ),
    lines: [
      `begin e0 0 ${MAX_TICKS}`,
      `e0 ${IDR_HEX}`,
      'end e0',
      `begin c0 ${MAX_TICKS}`,
      `c0 ${toHexDigits(SOUND)}`,
      'end c0',
      'begin e0',
      `e0 ${SLICE_HEX}`,
      'end e0',
    ],
    counters: { packets: 3 },
  },
  {
    name: 'the program end, stuffing and zeros in between',
    bytes: concatBytes(
      packHeader(0, 7),
      pesPacket(VIDEO, IDR, { ptsTicks: 1, stuffing: 9 }),
      hex('0000'),
      packHeader(),
      hex('000001b9'),
      pesPacket(AUDIO, hex('d5d5')),
    ),
    lines: ['begin e0 1', `e0 ${IDR_HEX}`, 'end e0', 'begin c0', 'c0 d5d5', 'end c0'],
    counters: { packs: 2, packets: 2, skippedBytes: 2 },
  },
  {
    name: 'units that nobody reads, whatever is in them',
    bytes: concatBytes(
      ...[0xbd, 0xbe, 0xbf, 0xf0, 0xf1, 0xff, 0xbd].map((id) =>
        otherUnit(id, id === 0xbe ? hex('ffff') : concatBytes(packHeader(), hex('000001e0'))),
      ),
      otherUnit(0xbf, hex('')),
      pesPacket(VIDEO, IDR),
    ),
    lines: ['begin e0', `e0 ${IDR_HEX}`, 'end e0'],
    counters: { packets: 1, skippedPackets: 8 },
  },
  {
    name: 'a packet without length: up to the next start code, or the end',
    bytes: concatBytes(
      pesPacket(VIDEO, IDR, { ptsTicks: 5, length: 0 }),
      packHeader(),
      pesPacket(VIDEO, SLICE, { length: 0 }),
    ),
    lines: ['begin e0 5', `e0 ${IDR_HEX}`, 'end e0', 'begin e0', `e0 ${SLICE_HEX}`, 'end e0'],
    counters: { packs: 1, packets: 2 },
  },
  {
    name: 'a length told too small: pictures go on to the next start code',
    bytes: concatBytes(pesPacket(VIDEO, concatBytes(IDR, SLICE), { length: 7 }), packHeader()),
    lines: [
      'begin e0',
      `e0 ${IDR_HEX.slice(0, 8)}`,
      'end e0',
      `e0 ${IDR_HEX.slice(8)}${SLICE_HEX}`,
      'end e0',
    ],
    counters: { packs: 1, packets: 1, wrongLengths: 1 },
  },
  {
    name: 'a length told too large: pictures end at the next start code',
    bytes: concatBytes(pesPacket(VIDEO, IDR, { length: 300 }), packHeader(), pesPacket(AUDIO, hex('d5'))),
    lines: ['begin e0', `e0 ${IDR_HEX}`, 'end e0', 'begin c0', 'c0 d5', 'end c0'],
    counters: { packs: 1, packets: 2, wrongLengths: 1 },
  },
  {
    name: 'a length of sound told too small: what is left over is passed over',
    bytes: concatBytes(pesPacket(AUDIO, hex('d5d5d5d5'), { length: 5 }), pesPacket(AUDIO, hex('d4'))),
    lines: ['begin c0', 'c0 d5d5', 'end c0', 'begin c0', 'c0 d4', 'end c0'],
    counters: { packets: 2, skippedBytes: 2 },
  },
  {
    name: 'a length of padding told too large: it ends at the next start code',
    bytes: concatBytes(hex('000001be 0100 ffff'), pesPacket(AUDIO, hex('d4'))),
    lines: ['begin c0', 'c0 d4', 'end c0'],
    counters: { packets: 1, skippedPackets: 1, wrongLengths: 1 },
  },
  {
    name: 'a packet that is cut off at the end',
    bytes: concatBytes(pesPacket(VIDEO, IDR), pesPacket(VIDEO, IDR).subarray(0, 15)),
    lines: ['begin e0', `e0 ${IDR_HEX}`, 'end e0', 'begin e0', 'e0 000000016588', 'damage e0'],
    counters: { packets: 2, damagedPackets: 1 },
  },
  {
    name: 'a header that is none, or longer than its packet',
    bytes: concatBytes(
      hex('000001e0 0003 00 0000'),
      hex('000001c0 0004 8080 0521 0001 0001'),
      pesPacket(VIDEO, IDR),
    ),
    lines: ['damage e0', 'damage c0', 'begin e0', `e0 ${IDR_HEX}`, 'end e0'],
    counters: { packets: 3, damagedPackets: 2, skippedBytes: 11 },
  },
  {
    name: 'flags of times for which there is no room',
    bytes: concatBytes(
      hex('000001e0 000d 80c0 05 2100010001 0000014101'),
      hex('000001e0 0008 80c0 00 0000014101'),
    ),
    lines: ['begin e0 0', 'e0 0000014101', 'end e0', 'begin e0', 'e0 0000014101', 'end e0'],
    counters: { packets: 2 },
  },
  {
    name: 'maps and pack headers that make no sense',
    bytes: concatBytes(
      hex('000001ba 00'),
      hex('000001bc 0004 e0ff 0000'),
      hex('000001bc 000e e0ff ffff 0004 1be0 0000 00000000'),
      hex('000001bc ffff'),
      MAP,
      MAP,
      streamMap([]),
    ),
    lines: ['map e0=1b c0=90', 'map'],
    counters: { damagedHeaders: 4, skippedBytes: 19 },
  },
  {
    name: 'a map that counts its streams wrongly and has no checksum',
    bytes: hex('000001bc 0012 e0ff 0000 ffff 1be0 0000 90c0 0000 00000000'),
    lines: ['map e0=1b c0=90'],
  },
  {
    name: 'a map with descriptors',
    bytes: hex('000001bc 0014 e0ff 0002 0500 0008 24e0 0004 05020102 00000000'),
    lines: ['map e0=24'],
  },
  {
    name: 'MPEG-1: pack and packets with and without times, stuffing, buffer size',
    bytes: concatBytes(
      mpeg1PackHeader(),
      mpeg1Packet(VIDEO, IDR, { ptsTicks: 7, dtsTicks: 3, stuffing: 16 }),
      mpeg1Packet(VIDEO, SLICE, { ptsTicks: 8 }),
      mpeg1Packet(AUDIO, hex('fffd'), { stuffing: 2 }),
      hex('000001c0 0003 0f fffc'),
    ),
    lines: [
      'begin e0 7 3',
      `e0 ${IDR_HEX}`,
      'end e0',
      'begin e0 8',
      `e0 ${SLICE_HEX}`,
      'end e0',
      'begin c0',
      'c0 fffd',
      'end c0',
      'begin c0',
      'c0 fffc',
      'end c0',
    ],
    counters: { packs: 1, packets: 4 },
  },
  {
    name: 'a stream that is joined in the middle',
    bytes: concatBytes(hex('0102 000001 41e0 0000'), packHeader(), pesPacket(VIDEO, IDR)),
    lines: ['begin e0', `e0 ${IDR_HEX}`, 'end e0'],
    counters: { packs: 1, packets: 1, skippedBytes: 9 },
  },
  {
    name: 'no program stream at all',
    bytes: hex('47 40 00 10 00 00 01 b3 00 00 01'),
    lines: [],
    counters: { skippedBytes: 11 },
  },
];

test.each(VECTORS)('$name', ({ bytes, lines, counters }) => {
  const before = toHexDigits(bytes);
  for (const pieces of splitEveryWay(bytes)) {
    expect(demuxPs(...pieces)).toEqual({ lines, counters: { ...newPsDemuxerCounters(), ...counters } });
  }
  expect(toHexDigits(bytes)).toBe(before);
});

describe('bytes that are missing', () => {
  function receive(demuxer: ProgramStreamDemuxer, bytes: Uint8Array): string[] {
    demuxer.receive(bytes);
    return demuxer.takeEvents().map(({ type }) => type);
  }

  test('cost the packet that is open, and all up to the next start code', () => {
    const demuxer = new ProgramStreamDemuxer();
    expect(receive(demuxer, pesPacket(VIDEO, IDR).subarray(0, 15))).toEqual(['begin', 'data']);
    demuxer.lose();
    expect(demuxer.takeEvents()).toEqual([{ type: 'damage', streamId: VIDEO }]);
    expect(receive(demuxer, hex('0506 000001 4101 0000'))).toEqual([]);
    expect(receive(demuxer, hex('01'))).toEqual([]);
    expect(receive(demuxer, pesPacket(AUDIO, hex('d5')).subarray(3))).toEqual(['begin', 'data', 'end']);
    expect(demuxer.counters).toMatchObject({ packets: 2, damagedPackets: 1, skippedBytes: 7 });
  });

  test('behind a packet that is complete cost nothing else', () => {
    const demuxer = new ProgramStreamDemuxer();
    receive(demuxer, concatBytes(pesPacket(VIDEO, IDR), hex('0000')));
    demuxer.lose();
    expect(demuxer.takeEvents()).toEqual([]);
    // Not taken for the rest of a packet whose length was wrong.
    expect(receive(demuxer, concatBytes(hex('4101'), pesPacket(VIDEO, IDR)))).toEqual([
      'begin',
      'data',
      'end',
    ]);
    expect(demuxer.counters).toMatchObject({ skippedBytes: 4, wrongLengths: 0 });
  });
});

describe('the end of an access unit', () => {
  test('is possible between packets, and in one without length, which it ends', () => {
    const demuxer = new ProgramStreamDemuxer();
    expect(demuxer.isBetweenUnits).toBe(false);
    demuxer.receive(pesPacket(VIDEO, IDR).subarray(0, 13));
    expect(demuxer.isBetweenUnits).toBe(false);
    demuxer.endUnit();
    demuxer.receive(pesPacket(VIDEO, IDR).subarray(13));
    expect(demuxer.isBetweenUnits).toBe(true);
    demuxer.receive(pesPacket(VIDEO, concatBytes(SLICE, hex('00')), { length: 0 }));
    expect(demuxer.isBetweenUnits).toBe(true);
    demuxer.takeEvents();
    demuxer.endUnit();
    demuxer.endUnit();
    expect(demuxer.takeEvents()).toEqual([
      { type: 'data', streamId: VIDEO, bytes: hex('00') },
      { type: 'end', streamId: VIDEO },
    ]);
    demuxer.receive(hex('000001'));
    expect(demuxer.isBetweenUnits).toBe(false);
  });

  test('that was none costs nothing: the packet goes on', () => {
    const demuxer = new ProgramStreamDemuxer();
    demuxer.receive(pesPacket(VIDEO, IDR, { length: 0 }));
    demuxer.endUnit();
    demuxer.receive(concatBytes(SLICE, packHeader()));
    expect(demuxer.takeEvents().map(({ type }) => type)).toEqual(['begin', 'data', 'end', 'data', 'end']);
  });
});
