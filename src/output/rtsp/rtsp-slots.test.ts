import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import type { OpaqueConfig, OpusConfig } from '../../codec/codec-config.ts';
import { g711Config } from '../../codec/g711/g711-config.ts';
import type { Track } from '../../media/track.ts';
import { hex } from '../../testing/hex.ts';
import { scriptTrack } from '../../testing/hub-kit.ts';
import {
  aacTrack,
  g711Track,
  h264HighTrack,
  h264Track,
  h265Track,
  mp3Track,
  opusTrack,
} from '../../testing/ts-kit.ts';
import { fitsSlot, rtspSlotsOf } from './rtsp-slots.ts';

const opaqueConfig: OpaqueConfig = {
  kind: 'opaque',
  codec: 'rtp',
  media: 'video',
  encodingName: 'MP4V-ES',
  clockRate: 90_000,
  channels: 1,
  formatParameters: 'config=000001B001',
};
const opaqueTrack: Track = { id: 9, kind: 'opaque', config: opaqueConfig };

function aac(audioSpecificConfig: string): Track {
  return { ...aacTrack, config: aacConfigFromAudioSpecificConfig(hex(audioSpecificConfig)) };
}

function fits(track: Track, described: Track): boolean {
  return fitsSlot(track, rtspSlotsOf({ tracks: [described], stickyFrames: [] })[0]!);
}

test('a description has what RTP can carry, in the order of the stream', () => {
  const surround: OpusConfig = { ...(opusTrack.config as OpusConfig), channels: 6 };
  const other = { ...h264Track.config, codec: 'other' } as never;
  const tracks: Track[] = [
    { id: 1, kind: 'video', config: other },
    { ...h264Track, id: 2 },
    { ...opusTrack, id: 3, config: surround },
    { ...aacTrack, id: 4 },
    { ...aacTrack, id: 5 },
    { ...scriptTrack(), id: 6 },
    opaqueTrack,
  ];
  const slots = rtspSlotsOf({ tracks, stickyFrames: [] });
  expect(slots.map(({ index, kind, format }) => ({ index, kind, name: format.encodingName }))).toEqual([
    { index: 0, kind: 'video', name: 'H264' },
    { index: 1, kind: 'audio', name: 'MPEG4-GENERIC' },
    { index: 2, kind: 'audio', name: 'MPEG4-GENERIC' },
    { index: 3, kind: 'opaque', name: 'MP4V-ES' },
  ]);
  expect(slots.map(({ format }) => format.payloadType)).toEqual([96, 97, 102, 103]);
});

test.each<{ name: string; track: Track; described: Track; isFit: boolean }>([
  { name: 'the same track', track: h264Track, described: h264Track, isFit: true },
  {
    name: 'pictures of another size, since parameter sets come in-band',
    track: h264HighTrack,
    described: h264Track,
    isFit: true,
  },
  { name: 'another codec', track: h265Track, described: h264Track, isFit: false },
  { name: 'another kind of media', track: aacTrack, described: h264Track, isFit: false },
  {
    name: 'AAC that says less or more of itself',
    track: aac('119056e500'),
    described: aacTrack,
    isFit: true,
  },
  {
    name: 'AAC with SBR that the description says',
    track: aac('2b118800'),
    described: aac('1310'),
    isFit: true,
  },
  { name: 'AAC of another sampling rate', track: aac('1210'), described: aacTrack, isFit: false },
  { name: 'AAC of other channels', track: aac('1188'), described: aacTrack, isFit: false },
  { name: 'AAC of another object type', track: aac('0990'), described: aacTrack, isFit: false },
  {
    name: 'Opus in mono',
    track: { ...opusTrack, config: { ...(opusTrack.config as OpusConfig), channels: 1 } },
    described: opusTrack,
    isFit: true,
  },
  {
    name: 'MP3 of another rate and in mono, since its frames say so',
    track: { ...mp3Track, config: { ...mp3Track.config, sampleRate: 32_000, channels: 1 } as never },
    described: mp3Track,
    isFit: true,
  },
  {
    name: 'A-law in stereo',
    track: { ...g711Track, config: g711Config('g711a', 8000, 2) },
    described: g711Track,
    isFit: false,
  },
  {
    name: 'mu-law',
    track: { ...g711Track, config: g711Config('g711u') },
    described: g711Track,
    isFit: false,
  },
  {
    name: 'unknown media by the same name',
    track: { ...opaqueTrack, config: { ...opaqueConfig, encodingName: 'mp4v-es' } },
    described: opaqueTrack,
    isFit: true,
  },
  {
    name: 'unknown media with other parameters, which nobody knows the meaning of',
    track: { ...opaqueTrack, config: { ...opaqueConfig, formatParameters: 'config=000001B003' } },
    described: opaqueTrack,
    isFit: false,
  },
  { name: 'data', track: scriptTrack(), described: h264Track, isFit: false },
])('a slot has room for: $name ($isFit)', ({ track, described, isFit }) => {
  expect(fits(track, described)).toBe(isFit);
});
