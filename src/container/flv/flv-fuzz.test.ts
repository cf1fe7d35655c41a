import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { FLV_VECTORS, hex } from '../../testing/flv-vectors.ts';
import { flvCanCarry, flvSequenceHeader } from './body-header.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { flvFrameBody, serializeFlvTag } from './flv-muxer.ts';
import { FlvTagType } from './flv-types.ts';
import { flvFileHeader } from './tag-header.ts';
import { FlvTagToFrames } from './tag-to-frames.ts';

const SEEDS: readonly Uint8Array[] = FLV_VECTORS.flatMap(({ header, body }) =>
  [header, body].filter((digits) => digits !== undefined).map(hex),
);

const anyType = fc.constantFrom(...Object.values(FlvTagType));

/** A vector with some bytes changed, perhaps cut off. */
const mutated = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    changes: fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }),
    length: fc.option(fc.nat(120)),
  })
  .map(({ seed, changes, length }) => {
    const bytes = seed.slice();
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return length === null ? bytes : bytes.slice(0, length);
  });

const anyBody = fc.oneof(mutated, fc.uint8Array({ maxLength: 80 }));

test('whatever a publisher sends, tags become frames or are counted, and the input stays as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyType, anyBody), { maxLength: 12 }), (sent) => {
      const tags = new FlvTagToFrames();
      for (const [type, body] of sent) {
        const before = body.slice();
        tags.read({ type, timestampMs: 1, body });
        expect(body).toEqual(before);
      }
      expect(tags.damagedTags).toBeLessThanOrEqual(sent.length);
    }),
    { numRuns: 2000 },
  );
});

test('every frame that comes of it can be written in every form, and reads back as the same data', () => {
  const forms = ['source', 'legacy', 'enhanced'] as const;
  fc.assert(
    fc.property(
      fc.array(anyBody, { maxLength: 8 }),
      fc.constantFrom(8, 9),
      fc.constantFrom(...forms),
      (sent, type, form) => {
        const tags = new FlvTagToFrames();
        for (const body of sent) tags.read({ type, timestampMs: 1, body });
        for (const event of tags.takeEvents()) {
          if (event.type !== 'frame' || !flvCanCarry(event.frame.track, form)) continue;
          const { frame } = event;
          const header = flvSequenceHeader(frame.track, form);
          const again = new FlvTagToFrames();
          if (header !== undefined) again.read({ type, timestampMs: 1, body: header });
          again.read({ type, timestampMs: 1, body: flvFrameBody(frame, form) });
          const copy = again.takeEvents().find((one) => one.type === 'frame')?.frame;
          // A frame in mid-stream need not start one: without its record it may be refused, but never read as another.
          if (copy === undefined) expect(again.damagedTags).toBe(1);
          else expect(copy).toMatchObject({ data: frame.data, ptsUs: frame.ptsUs, isKey: frame.isKey });
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('random and mutated files are split into tags or refused with a coded error', () => {
  const file = Buffer.concat([
    flvFileHeader({ audio: true, video: true }),
    ...SEEDS.slice(0, 6).map((body, index) => serializeFlvTag(9, index, body)),
  ]);
  const changedFile = fc
    .array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 4 })
    .map((changes) => {
      const bytes = new Uint8Array(file);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(
      fc.oneof(changedFile, fc.uint8Array({ maxLength: 60 })),
      fc.integer({ min: 1, max: 50 }),
      (bytes, size) => {
        const demuxer = new FlvDemuxer();
        const code = codeOf(() => {
          for (let at = 0; at < bytes.length; at += size) {
            demuxer.receive(bytes.subarray(at, at + size));
            while (demuxer.nextTag() !== undefined);
          }
        });
        expect(code ?? 'ERR_FLV_').toMatch(/^ERR_FLV_/);
      },
    ),
    { numRuns: 1000 },
  );
});
