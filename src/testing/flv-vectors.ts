import type { CodecConfig } from '../codec/codec-config.ts';

/** Bytes from hexadecimal digits; spaces are allowed. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
}

/** Hexadecimal digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** avcC of x264, High, 96x64. */
export const AVC_RECORD =
  '0164000affe100186764000aacd94626c044000003000400000300c83c48965801000668ebe3cb22c0fdf8f800';
/** hvcC of x265, Main, 64x48, with VPS, SPS and PPS. */
export const HEVC_RECORD =
  '0101600000009000000000001ef000fcfdf8f800000f03200001001840010c01ffff0160000003009000000300' +
  '0003001e959409210001002942010101600000030090000003000003001ea0208316595952930bc05a02000003' +
  '000200000300321022000100064401c073c089';
/** av1C of libaom, Main, 64x48; its sequence header is the first OBU of the temporal unit. */
export const AV1_RECORD = '81000c000a0a00000002aff79b5f2008';
export const AV1_KEY_UNIT = '0a0a00000002aff79b5f2008 3202c102';
/** vpcC with version and flags, and the start of a 64x48 key frame, both of libvpx. */
const VP9_RECORD = '01000000000a820202020000';
export const VP9_KEY_FRAME = '824983420003f002f60438241c184200';
/** AAC-LC, 44.1 kHz, stereo. */
export const AAC_RECORD = '1210';
/** Stereo, pre-skip 312, 48 kHz. */
export const OPUS_HEAD = '4f70757348656164 01 02 3801 80bb0000 0000 00';
/** Signature and STREAMINFO: 44.1 kHz, 2 channels, 16 bits. */
const FLAC_HEADER = `664c6143 80000022 1000 1000 000000 000000 0ac442f0 00000000
  00000000000000000000000000000000`;
/** One MPEG-1 layer III header, 44.1 kHz, mono, and a little data. */
export const MP3_FRAME = 'fffb10c400000474135554908030a609';

const SLICE = '00000006 6588840055aa';
const INTER_SLICE = '00000004 419a2301';
const HEVC_SLICE = '00000005 2801ac76a1';
const HEVC_INTER_SLICE = '00000004 0201d002';

/** One codec in one spelling: its sequence header, one frame, and what they mean. */
export interface FlvVector {
  readonly name: string;
  readonly type: 8 | 9;
  /** Whole body of the sequence header; absent for codecs without one. */
  readonly header?: string;
  readonly body: string;
  readonly codec: CodecConfig['codec'];
  readonly sourceTag?: string;
  readonly compositionTimeMs?: number;
  /** False for video frames that are no key frame. */
  readonly isKey?: boolean;
  /** What the frame carries. */
  readonly data: string;
}

const hvc1 = '68766331';
const avc1 = '61766331';
const av01 = '61763031';
const vp09 = '76703039';
const opus = '4f707573';
const mp4a = '6d703461';

const FLAC_STREAM_INFO = FLAC_HEADER.replaceAll(/\s/g, '').slice(16);

/** Every codec in every spelling as ffmpeg, OBS and lal write it; bodies come out again byte for byte. */
export const FLV_VECTORS: readonly FlvVector[] = [
  {
    name: 'AVC key frame',
    type: 9,
    header: `17 00 000000 ${AVC_RECORD}`,
    body: `17 01 000050 ${SLICE}`,
    codec: 'h264',
    compositionTimeMs: 80,
    data: SLICE,
  },
  {
    name: 'AVC inter frame with negative composition time',
    type: 9,
    header: `17 00 000000 ${AVC_RECORD}`,
    body: `27 01 ffffd8 ${INTER_SLICE}`,
    codec: 'h264',
    compositionTimeMs: -40,
    isKey: false,
    data: INTER_SLICE,
  },
  {
    name: 'AVC by FourCC with composition time',
    type: 9,
    header: `90 ${avc1} ${AVC_RECORD}`,
    body: `91 ${avc1} 000028 ${SLICE}`,
    codec: 'h264',
    sourceTag: 'avc1',
    compositionTimeMs: 40,
    data: SLICE,
  },
  {
    name: 'AVC by FourCC, coded frames X',
    type: 9,
    header: `90 ${avc1} ${AVC_RECORD}`,
    body: `a3 ${avc1} ${INTER_SLICE}`,
    codec: 'h264',
    sourceTag: 'avc1',
    isKey: false,
    data: INTER_SLICE,
  },
  {
    name: 'HEVC by legacy id 12',
    type: 9,
    header: `1c 00 000000 ${HEVC_RECORD}`,
    body: `1c 01 000028 ${HEVC_SLICE}`,
    codec: 'h265',
    compositionTimeMs: 40,
    data: HEVC_SLICE,
  },
  {
    name: 'HEVC by legacy id 12, inter',
    type: 9,
    header: `1c 00 000000 ${HEVC_RECORD}`,
    body: `2c 01 800000 ${HEVC_INTER_SLICE}`,
    codec: 'h265',
    compositionTimeMs: -8_388_608,
    isKey: false,
    data: HEVC_INTER_SLICE,
  },
  {
    name: 'HEVC by FourCC with negative composition time',
    type: 9,
    header: `90 ${hvc1} ${HEVC_RECORD}`,
    body: `a1 ${hvc1} fffff6 ${HEVC_INTER_SLICE}`,
    codec: 'h265',
    sourceTag: 'hvc1',
    compositionTimeMs: -10,
    isKey: false,
    data: HEVC_INTER_SLICE,
  },
  {
    name: 'HEVC by FourCC, coded frames X',
    type: 9,
    header: `90 ${hvc1} ${HEVC_RECORD}`,
    body: `93 ${hvc1} ${HEVC_SLICE}`,
    codec: 'h265',
    sourceTag: 'hvc1',
    data: HEVC_SLICE,
  },
  {
    name: 'AV1 by FourCC',
    type: 9,
    header: `90 ${av01} ${AV1_RECORD}`,
    body: `91 ${av01} ${AV1_KEY_UNIT}`,
    codec: 'av1',
    sourceTag: 'av01',
    data: AV1_KEY_UNIT,
  },
  {
    name: 'VP9 by FourCC',
    type: 9,
    header: `90 ${vp09} ${VP9_RECORD}`,
    body: `91 ${vp09} ${VP9_KEY_FRAME}`,
    codec: 'vp9',
    sourceTag: 'vp09',
    data: VP9_KEY_FRAME,
  },
  {
    name: 'VP8 by FourCC, carried',
    type: 9,
    header: '90 76703038 0102',
    body: 'a1 76703038 3102',
    codec: 'other',
    sourceTag: 'vp08',
    isKey: false,
    data: '3102',
  },
  {
    name: 'VVC by FourCC, carried with its composition time',
    type: 9,
    header: '90 76766331 0102',
    body: '91 76766331 000021 3102',
    codec: 'other',
    sourceTag: 'vvc1',
    compositionTimeMs: 33,
    data: '3102',
  },
  {
    name: 'unknown FourCC, carried',
    type: 9,
    header: '90 7a7a7a7a 01',
    body: '91 7a7a7a7a 0102',
    codec: 'other',
    sourceTag: 'zzzz',
    data: '0102',
  },
  {
    name: 'Sorenson H.263, carried',
    type: 9,
    body: '12 000084',
    codec: 'other',
    sourceTag: 'flv:2',
    data: '000084',
  },
  {
    name: 'VP6 inter frame, carried',
    type: 9,
    body: '24 00aabb',
    codec: 'other',
    sourceTag: 'flv:4',
    isKey: false,
    data: '00aabb',
  },
  { name: 'AAC', type: 8, header: `af 00 ${AAC_RECORD}`, body: 'af 01 2110', codec: 'aac', data: '2110' },
  {
    name: 'AAC by FourCC',
    type: 8,
    header: `90 ${mp4a} ${AAC_RECORD}`,
    body: `91 ${mp4a} 2110`,
    codec: 'aac',
    sourceTag: 'mp4a',
    data: '2110',
  },
  { name: 'MP3', type: 8, body: `2e ${MP3_FRAME}`, codec: 'mp3', data: MP3_FRAME },
  {
    name: 'MP3 by FourCC',
    type: 8,
    body: `91 2e6d7033 ${MP3_FRAME}`,
    codec: 'mp3',
    sourceTag: '.mp3',
    data: MP3_FRAME,
  },
  { name: 'G.711 A-law', type: 8, body: '72 d5d5', codec: 'g711a', data: 'd5d5' },
  { name: 'G.711 mu-law, stereo', type: 8, body: '83 ffff', codec: 'g711u', data: 'ffff' },
  { name: "Opus by lal's legacy id 13", type: 8, body: 'df fc1122', codec: 'opus', data: 'fc1122' },
  {
    name: 'Opus by FourCC',
    type: 8,
    header: `90 ${opus} ${OPUS_HEAD}`,
    body: `91 ${opus} fc1122`,
    codec: 'opus',
    sourceTag: 'Opus',
    data: 'fc1122',
  },
  {
    name: 'FLAC by FourCC',
    type: 8,
    header: `90 664c6143 ${FLAC_HEADER}`,
    body: '91 664c6143 fff8',
    codec: 'flac',
    sourceTag: 'fLaC',
    data: 'fff8',
  },
  {
    name: 'FLAC by FourCC, STREAMINFO alone',
    type: 8,
    header: `90 664c6143 ${FLAC_STREAM_INFO}`,
    body: '91 664c6143 fff8',
    codec: 'flac',
    sourceTag: 'fLaC',
    data: 'fff8',
  },
  {
    name: 'AC-3 by FourCC',
    type: 8,
    header: '90 61632d33',
    body: '91 61632d33 0b77',
    codec: 'ac3',
    sourceTag: 'ac-3',
    data: '0b77',
  },
  {
    name: 'E-AC-3 by FourCC',
    type: 8,
    header: '90 65632d33',
    body: '91 65632d33 0b77',
    codec: 'eac3',
    sourceTag: 'ec-3',
    data: '0b77',
  },
  { name: 'Speex, carried', type: 8, body: 'b6 3054', codec: 'other', sourceTag: 'flv:11', data: '3054' },
  {
    name: 'linear PCM, carried',
    type: 8,
    body: '37 91009100',
    codec: 'other',
    sourceTag: 'flv:3',
    data: '91009100',
  },
];
