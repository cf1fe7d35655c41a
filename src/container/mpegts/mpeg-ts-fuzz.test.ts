import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { fixture } from '../../testing/fixture.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import {
  TsCollector,
  aacTrack,
  av1Track,
  demuxAll,
  framesOf,
  g711Track,
  h264HighTrack,
  h264Track,
  h265Track,
  mediaFrame,
  mp3Track,
  muxAll,
  opusTrack,
} from '../../testing/ts-kit.ts';
import { checkTs } from '../../testing/ts-checker.ts';
import { MpegTsMuxer } from './mpeg-ts-muxer.ts';
import { opusHeadOfDescriptors } from './opus-descriptor.ts';
import { parseOpusControlHeader } from './opus-control-header.ts';
import { parsePesHeader } from './pes-header.ts';
import { parseProgramAssociation, parseProgramMap, serializeProgramMap } from './program-tables.ts';

const streams = ['h264-aac', 'hevc-opus', 'h264-mp3', 'aac-alone'].map((name) =>
  fixture(`ts/${name}.mpegts`),
);
streams.push(muxAll(framesOf(h264Track, opusTrack, 0.2)).all);

/** Either a value or a ProtocolError. */
function tolerant(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
  return undefined;
}

test('damaged streams are read as far as they go, or are none', () => {
  fc.assert(
    fc.property(damagedBytes(streams, 4096), (bytes) => {
      const pieces = [bytes.slice(0, bytes.length >>> 1), bytes.slice(bytes.length >>> 1)];
      expect([undefined, 'ERR_MPEGTS_SYNC']).toContain(tolerant(() => demuxAll(...pieces)));
    }),
    { numRuns: 400 },
  );
});

test('damage inside packets, checksums mended, costs no more than frames', () => {
  const damage = fc.array(
    fc.record({ packet: fc.nat(), at: fc.integer({ min: 4, max: 187 }), value: fc.nat(255) }),
    {
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(fc.constantFrom(...streams), damage, (stream, changes) => {
      const bytes = stream.slice();
      for (const { packet, at, value } of changes) bytes[(packet % (bytes.length / 188)) * 188 + at] = value;
      const read = demuxAll(bytes);
      for (const { dtsUs, ptsUs, data } of read.frames) {
        expect(Number.isSafeInteger(dtsUs) && Number.isSafeInteger(ptsUs)).toBe(true);
        expect(data.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 300 },
  );
});

test('damaged headers and tables parse or end in the coded errors', () => {
  const map = serializeProgramMap({
    programNumber: 1,
    version: 3,
    pcrPid: 0x100,
    streams: [
      {
        streamType: 6,
        pid: 0x101,
        descriptors: Uint8Array.of(5, 4, 0x4f, 0x70, 0x75, 0x73, 0x7f, 2, 0x80, 2),
      },
    ],
  });
  const opus = Uint8Array.of(0x7f, 0xe0, 3, 0xfc, 1, 2);
  const pes = Uint8Array.of(0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, 0x31, 0, 1, 0, 1, 0x11, 0, 1, 0, 1, 9);
  fc.assert(
    fc.property(damagedBytes([map, opus, pes]), (bytes) => {
      expect([undefined, 'ERR_MPEGTS_TABLE']).toContain(tolerant(() => parseProgramMap(bytes)));
      expect([undefined, 'ERR_MPEGTS_TABLE']).toContain(tolerant(() => parseProgramAssociation(bytes)));
      expect([undefined, 'ERR_MPEGTS_PES']).toContain(tolerant(() => parsePesHeader(bytes)));
      expect([undefined, 'ERR_MPEGTS_OPUS']).toContain(tolerant(() => parseOpusControlHeader(bytes, 0)));
      expect(tolerant(() => opusHeadOfDescriptors(bytes))).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
});

test('whatever frames a source sends, the stream is sound', () => {
  const tracks = [h264Track, h264HighTrack, h265Track, av1Track, aacTrack, mp3Track, opusTrack, g711Track];
  const step = fc.record({
    track: fc.constantFrom(...tracks),
    stepMs: fc.integer({ min: 0, max: 2000 }),
    offsetMs: fc.integer({ min: -100, max: 400 }),
    isKey: fc.boolean(),
    discontinuity: fc.boolean(),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc
        .nat(600)
        .map((length) => Uint8Array.of(0, 0, length >>> 8, length, ...new Uint8Array(length).fill(0x65))),
    ),
    action: fc.constantFrom('none', 'none', 'none', 'flush', 'end', 'forget'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const out = new TsCollector();
      const muxer = new MpegTsMuxer();
      let timeMs = 0;
      for (const { track, stepMs, offsetMs, isKey, discontinuity, data, action } of steps) {
        timeMs += stepMs;
        const options = { isKey: isKey || track.kind === 'audio', ptsMs: timeMs + offsetMs, discontinuity };
        muxer.write(mediaFrame(track, timeMs, data, options), out);
        if (action === 'flush') muxer.flush(out);
        else if (action === 'end') muxer.end(out);
        else if (action === 'forget') muxer.setTracks([], out);
      }
      muxer.end(out);
      expect(checkTs(out.all).problems).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
