import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import {
  concatBytes,
  demuxPs,
  mpeg1PackHeader,
  mpeg1Packet,
  otherUnit,
  packHeader,
  pesPacket,
  psEventLines,
  streamMap,
  systemHeader,
} from '../../testing/ps-kit.ts';
import { ProgramStreamDemuxer } from './program-stream-demuxer.ts';

const IDR = hex('00000001 6588 0102 00000001 6540 0000');
const VECTORS = [
  concatBytes(
    packHeader(),
    systemHeader(),
    streamMap([
      { streamType: 0x1b, streamId: 0xe0 },
      { streamType: 0x90, streamId: 0xc0 },
    ]),
    pesPacket(0xe0, IDR, { ptsTicks: 3600, dtsTicks: 0 }),
    pesPacket(0xc0, hex('d5d5d5')),
  ),
  concatBytes(
    mpeg1PackHeader(),
    mpeg1Packet(0xe0, IDR, { ptsTicks: 1 }),
    otherUnit(0xbd, hex('0000')),
    pesPacket(0xe1, IDR, { length: 0 }),
  ),
  concatBytes(pesPacket(0xe0, IDR, { length: 8 }), pesPacket(0xe0, IDR, { length: 2000 }), packHeader()),
];

test('whatever comes, it ends, and however it is cut, it is read the same', () => {
  const bytes = fc.array(damagedBytes(VECTORS), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
      const stream = concatBytes(...parts);
      const offsets = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort(
        (a, b) => a - b,
      );
      const pieces = offsets.slice(1).map((end, index) => stream.slice(offsets[index], end));
      expect(demuxPs(...pieces)).toEqual(demuxPs(stream.slice()));
    }),
    { numRuns: 2000 },
  );
});

test('what is handed out, skipped and read as headers is what came in', () => {
  fc.assert(
    fc.property(damagedBytes(VECTORS, 512), (bytes) => {
      const demuxer = new ProgramStreamDemuxer();
      demuxer.receive(bytes);
      demuxer.end();
      const events = demuxer.takeEvents();
      const handedOut = events.reduce(
        (sum, event) => sum + (event.type === 'data' ? event.bytes.length : 0),
        0,
      );
      expect(handedOut + demuxer.counters.skippedBytes).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

test('each packet that begins ends, or is damaged, before the next', () => {
  const step = fc.oneof(
    damagedBytes(VECTORS).map((bytes) => ({ action: 'receive' as const, bytes })),
    fc.constantFrom({ action: 'lose' as const }, { action: 'endUnit' as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const demuxer = new ProgramStreamDemuxer();
      for (const each of steps) {
        if (each.action === 'receive') demuxer.receive(each.bytes);
        else demuxer[each.action]();
      }
      demuxer.end();
      let open: number | undefined;
      for (const event of demuxer.takeEvents()) {
        if (event.type === 'begin') {
          expect(open).toBeUndefined();
          open = event.streamId;
        } else if (event.type !== 'map') {
          if (open !== undefined) expect(event.streamId).toBe(open);
          if (event.type !== 'data') open = undefined;
        }
      }
      expect(open).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test('a megabyte of what looks most like a stream takes no time', () => {
  for (const unit of ['000001', '00', '000001e00000800000', '000001ba', '000001bc03f0', '000001e0ffff']) {
    const piece = hex(unit.repeat(Math.ceil(65_536 / unit.length)));
    const demuxer = new ProgramStreamDemuxer();
    for (let count = 0; count < 32; count += 1) {
      demuxer.receive(piece);
      demuxer.takeEvents();
    }
    demuxer.end();
    expect(psEventLines(demuxer.takeEvents()).length).toBeLessThan(10);
  }
});
