import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import { av1ConfigFromRecord } from '../../codec/av1/av1-config.ts';
import type { CodecConfig } from '../../codec/codec-config.ts';
import { g711Config } from '../../codec/g711/g711-config.ts';
import { h264ConfigFromParameterSets, h264ConfigFromRecord } from '../../codec/h264/h264-config.ts';
import { h265ConfigFromParameterSets } from '../../codec/h265/h265-config.ts';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import { vp9ConfigFromRecord } from '../../codec/vp9/vp9-config.ts';
import { hex } from '../../testing/hex.ts';
import { codecConfigOf } from './codec-config-of.ts';
import { decodeParameterSets } from './parameter-sets.ts';
import { rtpFormatOf } from './rtp-format-of.ts';

const SPS = 'Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY';
const PPS = 'aO+Pyw==';
const H265_VPS = 'QAEMAf//AWAAAAMAkAAAAwAAAwB4lZQJ';
const H265_SPS = 'QgEBAWAAAAMAkAAAAwAAAwB4oAPAgBEHy5ZWVKTC8BaAgAAAAwCAAAAMhA==';
const H265_PPS = 'RAHAc8GJ';

const h264 = h264ConfigFromParameterSets(decodeParameterSets(SPS), decodeParameterSets(PPS));
const h265 = h265ConfigFromParameterSets(
  decodeParameterSets(H265_VPS),
  decodeParameterSets(H265_SPS),
  decodeParameterSets(H265_PPS),
);
const opus = opusConfigFromHead(new Uint8Array(0));
const aac = (config: string): CodecConfig => aacConfigFromAudioSpecificConfig(hex(config));
const mp3: CodecConfig = {
  kind: 'audio',
  codec: 'mp3',
  codecString: 'mp3',
  description: new Uint8Array(0),
  sampleRate: 44_100,
  channels: 2,
};
const hbr = 'mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';

const FORMATS: [name: string, config: CodecConfig, rtpmap: string, fmtp: string][] = [
  [
    'H.264',
    h264,
    'video H264/90000/1',
    `packetization-mode=1;profile-level-id=640028;sprop-parameter-sets=${SPS},${PPS}`,
  ],
  [
    'H.265',
    h265,
    'video H265/90000/1',
    `profile-space=0;profile-id=1;tier-flag=0;level-id=120;sprop-vps=${H265_VPS};sprop-sps=${H265_SPS};sprop-pps=${H265_PPS}`,
  ],
  ['AV1', av1ConfigFromRecord(hex('81 28 8c 00')), 'video AV1/90000/1', 'profile=1;level-idx=8;tier=1'],
  ['VP9', vp9ConfigFromRecord(hex('021fa00202020000')), 'video VP9/90000/1', 'profile-id=2'],
  [
    'AAC-LC stereo',
    aac('1190'),
    'audio MPEG4-GENERIC/48000/2',
    `streamtype=5;profile-level-id=41;${hbr};config=1190`,
  ],
  [
    'AAC-LC mono at a low rate, its config verbatim',
    aac('140856e500'),
    'audio MPEG4-GENERIC/16000/1',
    `streamtype=5;profile-level-id=40;${hbr};config=140856E500`,
  ],
  [
    'AAC-LC 5.1',
    aac('11b0'),
    'audio MPEG4-GENERIC/48000/6',
    `streamtype=5;profile-level-id=42;${hbr};config=11B0`,
  ],
  [
    'AAC-LC stereo at 96 kHz',
    aac('1010'),
    'audio MPEG4-GENERIC/96000/2',
    `streamtype=5;profile-level-id=43;${hbr};config=1010`,
  ],
  [
    'AAC-LC 7.1',
    aac('11b8'),
    'audio MPEG4-GENERIC/48000/8',
    `streamtype=5;profile-level-id=254;${hbr};config=11B8`,
  ],
  [
    'HE-AAC',
    aac('2b118800'),
    'audio MPEG4-GENERIC/24000/2',
    `streamtype=5;profile-level-id=44;${hbr};config=2B118800`,
  ],
  [
    'HE-AAC v2',
    aac('eb098800'),
    'audio MPEG4-GENERIC/24000/1',
    `streamtype=5;profile-level-id=48;${hbr};config=EB098800`,
  ],
  ['Opus stereo', opus, 'audio opus/48000/2', 'sprop-stereo=1'],
  ['Opus mono', { ...opus, channels: 1 }, 'audio opus/48000/2', 'sprop-stereo=0'],
  ['A-law', g711Config('g711a'), 'audio PCMA/8000/1', ''],
  ['mu-law at another rate', g711Config('g711u', 16_000, 2), 'audio PCMU/16000/2', ''],
  ['MP3', mp3, 'audio MPA/90000/2', ''],
  [
    'media that nobody knows',
    {
      kind: 'opaque',
      codec: 'rtp',
      media: 'application',
      encodingName: 'vnd.onvif.metadata',
      clockRate: 90_000,
      channels: 1,
      formatParameters: 'DecoderTag=h3c-v3 RTCP=0',
    },
    'application vnd.onvif.metadata/90000/1',
    'DecoderTag=h3c-v3 RTCP=0',
  ],
];

test.each(FORMATS)('%s', (_name, config, rtpmap, fmtp) => {
  const format = rtpFormatOf(config, 100)!;
  const { media, encodingName, clockRate, channels } = format;
  expect(`${media} ${encodingName}/${clockRate}/${channels}`).toBe(rtpmap);
  expect(format.formatParameters).toBe(fmtp);
  expect(format.payloadType).toBe(100);
});

test.each(FORMATS.filter(([, { codec }]) => !['av1', 'vp9', 'mp3', 'rtp'].includes(codec)))(
  'what a receiver makes of it is the same codec: %s',
  (_name, config) => {
    expect(codecConfigOf(rtpFormatOf(config, 100)!)).toEqual(config);
  },
);

test.each(FORMATS.filter(([, { codec }]) => ['av1', 'vp9', 'mp3', 'rtp'].includes(codec)))(
  'the parameters come with the packets, or are nobody’s business: %s',
  (_name, config) => {
    expect(codecConfigOf(rtpFormatOf(config, 100)!)).toBeUndefined();
  },
);

test('H.264 whose parameter sets are not known yet is described without them', () => {
  const config = h264ConfigFromRecord(hex('01 64 00 28 ff e0 00'));
  const format = rtpFormatOf(config, 96)!;
  expect(format.formatParameters).toBe('packetization-mode=1');
  expect(codecConfigOf(format)).toBeUndefined();
});

test.each<[string, CodecConfig]>([
  ['Opus of more than two channels', { ...opus, channels: 6 }],
  [
    'sound that is carried as it is',
    {
      kind: 'audio',
      codec: 'ac3',
      codecString: 'ac-3',
      description: new Uint8Array(0),
      sampleRate: 48_000,
      channels: 6,
    },
  ],
  ['metadata', { kind: 'data', codec: 'script' }],
])('there is no payload format for %s', (_name, config) => {
  expect(rtpFormatOf(config, 100)).toBeUndefined();
});
