import { describe, expect, test } from 'vitest';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import {
  AAC_RECORD,
  AVC_RECORD,
  FLV_VECTORS,
  HEVC_RECORD,
  MP3_FRAME,
  OPUS_HEAD,
  hex,
  toHex,
} from '../../testing/flv-vectors.ts';
import type { FlvVector } from '../../testing/flv-vectors.ts';
import {
  flvBodyHeaderLength,
  flvCanCarry,
  flvSequenceHeader,
  flvTagTypeOf,
  writeFlvBodyHeader,
} from './body-header.ts';
import { flvFrameBody } from './flv-muxer.ts';
import type { FlvForm } from './flv-types.ts';
import { FlvTagToFrames } from './tag-to-frames.ts';

const TIME_MS = 2 ** 32 + 5;

function readVector(vector: FlvVector): { track: Track; frame: SourceFrame; tags: FlvTagToFrames } {
  const tags = new FlvTagToFrames();
  for (const body of [vector.header, vector.body]) {
    if (body !== undefined) tags.read({ type: vector.type, timestampMs: TIME_MS, body: hex(body) });
  }
  const events = tags.takeEvents();
  const frame = events.find((event) => event.type === 'frame')!.frame;
  return { track: frame.track, frame, tags };
}

/** The vector's frame written in another form, and the sequence header that goes with it. */
function rewritten(name: string, form: FlvForm): { header: string | undefined; body: string } {
  const { frame, track } = readVector(FLV_VECTORS.find((vector) => vector.name === name)!);
  const header = flvSequenceHeader(track, form);
  return { header: header && toHex(header), body: toHex(flvFrameBody(frame, form)) };
}

const digits = (text: string): string => text.replaceAll(/\s/g, '');

describe.each(FLV_VECTORS)('$name', (vector) => {
  test('is read as its codec, times and data', () => {
    const { track, frame, tags } = readVector(vector);
    expect(track).toMatchObject({
      id: vector.type === 9 ? 1 : 2,
      kind: vector.type === 9 ? 'video' : 'audio',
    });
    expect(track.config.codec).toBe(vector.codec);
    expect(track.sourceTag).toBe(vector.sourceTag);
    expect(frame.dtsUs).toBe(TIME_MS * 1000);
    expect(frame.ptsUs).toBe((TIME_MS + (vector.compositionTimeMs ?? 0)) * 1000);
    expect(frame.isKey).toBe(vector.isKey ?? true);
    expect(frame.data).toEqual(hex(vector.data));
    expect(tags.damagedTags).toBe(0);
    expect(tags.unsupportedPackets).toBe(0);
  });

  test('comes out byte for byte in form source', () => {
    const { track, frame } = readVector(vector);
    expect(flvTagTypeOf(track)).toBe(vector.type);
    expect(flvFrameBody(frame, 'source')).toEqual(hex(vector.body));
    const header = vector.header === undefined ? undefined : hex(vector.header);
    expect(flvSequenceHeader(track, 'source')).toEqual(header);
  });

  test('leaves its tag body unchanged and takes the data as a view of it', () => {
    const body = hex(vector.body);
    const tags = new FlvTagToFrames();
    if (vector.header !== undefined)
      tags.read({ type: vector.type, timestampMs: 0, body: hex(vector.header) });
    tags.read({ type: vector.type, timestampMs: 0, body });
    const frame = tags.takeEvents().find((event) => event.type === 'frame')!.frame;
    expect(body).toEqual(hex(vector.body));
    expect(frame.data.buffer).toBe(body.buffer);
  });

  test.each(['source', 'legacy', 'enhanced'] as const)('has the header length it says in form %s', (form) => {
    const { frame } = readVector(vector);
    const target = new Uint8Array(32).fill(0xee);
    const length = writeFlvBodyHeader(target, 7, frame, form);
    expect(length).toBe(flvBodyHeaderLength(frame, form));
    expect(target.subarray(0, 7)).toEqual(new Uint8Array(7).fill(0xee));
    expect(target.subarray(7 + length)).toEqual(new Uint8Array(25 - length).fill(0xee));
  });

  test.each(['legacy', 'enhanced'] as const)('means the same after writing it in form %s', (form) => {
    const { frame, track } = readVector(vector);
    const header = flvSequenceHeader(track, form);
    const tags = new FlvTagToFrames();
    if (header !== undefined) tags.read({ type: vector.type, timestampMs: TIME_MS, body: header });
    tags.read({ type: vector.type, timestampMs: TIME_MS, body: flvFrameBody(frame, form) });
    const again = tags.takeEvents().find((event) => event.type === 'frame')!.frame;
    expect(again).toMatchObject({
      dtsUs: frame.dtsUs,
      ptsUs: frame.ptsUs,
      isKey: frame.isKey,
      data: frame.data,
    });
    expect(again.track.config.codec).toBe(vector.codec);
  });
});

test('form legacy writes code points wherever there is one', () => {
  expect(rewritten('HEVC by FourCC, coded frames X', 'legacy')).toEqual({
    header: digits(`1c 00 000000 ${HEVC_RECORD}`),
    body: digits('1c 01 000000 00000005 2801ac76a1'),
  });
  expect(rewritten('AVC by FourCC with composition time', 'legacy').header).toBe(
    digits(`17 00 000000 ${AVC_RECORD}`),
  );
  expect(rewritten('AAC by FourCC', 'legacy')).toEqual({
    header: digits(`af 00 ${AAC_RECORD}`),
    body: 'af012110',
  });
  expect(rewritten('MP3 by FourCC', 'legacy')).toEqual({ header: undefined, body: `2e${MP3_FRAME}` });
  expect(rewritten('Opus by FourCC', 'legacy')).toEqual({ header: undefined, body: 'dffc1122' });
});

test('form enhanced writes a FourCC where the code point is not of the specification', () => {
  expect(rewritten('HEVC by legacy id 12', 'enhanced')).toEqual({
    header: digits(`90 68766331 ${HEVC_RECORD}`),
    body: digits('91 68766331 000028 00000005 2801ac76a1'),
  });
  expect(rewritten("Opus by lal's legacy id 13", 'enhanced')).toEqual({
    header: digits(`90 4f707573 ${OPUS_HEAD.replace('3801', '0000')}`),
    body: digits('91 4f707573 fc1122'),
  });
});

test.each(['AVC key frame', 'AAC', 'MP3', 'G.711 A-law'])(
  'form enhanced leaves %s at its code point',
  (name) => {
    expect(rewritten(name, 'enhanced')).toEqual(rewritten(name, 'source'));
  },
);

test('a track from another kind of source is written in the legacy form', () => {
  const { track } = readVector(FLV_VECTORS.find(({ name }) => name === 'HEVC by FourCC, coded frames X')!);
  const fromRtsp: Track = { id: 1, kind: 'video', config: track.config };
  expect(flvSequenceHeader(fromRtsp, 'source')?.[0]).toBe(0x1c);
});

test('a codec without a name in FLV can not be carried', () => {
  const config = {
    kind: 'video',
    codec: 'other',
    codecString: 'theora',
    description: hex(''),
    width: 0,
    height: 0,
  } as const;
  const track: Track = { id: 1, kind: 'video', config, sourceTag: 'theora' };
  expect(flvCanCarry(track, 'source')).toBe(false);
  expect(flvSequenceHeader(track, 'source')).toBeUndefined();
  expect(() => flvBodyHeaderLength({ track, dtsUs: 0, ptsUs: 0, isKey: true }, 'source')).toThrow(TypeError);
});

test('composition times beyond 24 bits are written as the nearest that fits', () => {
  const { frame } = readVector(FLV_VECTORS[0]!);
  const body = (offsetUs: number): string =>
    toHex(flvFrameBody({ ...frame, ptsUs: frame.dtsUs + offsetUs }, 'source')).slice(0, 10);
  expect(body(9e12)).toBe('17017fffff');
  expect(body(-9e12)).toBe('1701800000');
});

test('times finer than a millisecond keep the presentation time nearest to the truth', () => {
  const { frame } = readVector(FLV_VECTORS[0]!);
  const body = flvFrameBody({ ...frame, dtsUs: 33_367, ptsUs: 66_733 }, 'source');
  expect(toHex(body).slice(0, 10)).toBe('1701000022'); // 67 - 33
});
