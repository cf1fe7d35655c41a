/**
 * Configuration records that ffmpeg 5.1 wrote (x264 164, x265 3.5, from its test source), and what they say. The
 * prefix SEI with x265's settings is cut out of the H.265 ones.
 */
import { hex } from './hex.ts';

/** A record and what must come out of it. */
export interface RecordVector {
  readonly name: string;
  readonly record: Uint8Array;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
}

export const H264_RECORDS: readonly RecordVector[] = [
  {
    name: 'x264 baseline',
    codecString: 'avc1.42c00d',
    width: 320,
    height: 240,
    record: hex(`
      0142c00dffe100186742c00dd90141fb011000000300100000030320f142a48001000568cb83cb20
    `),
  },
  {
    name: 'x264 High with cropping',
    codecString: 'avc1.64000d',
    width: 322,
    height: 242,
    record: hex(`
      0164000dffe100196764000dacd94150878888c04400000fa40003a9803c50a65801000668ebe3cb22c0fdf8f800
    `),
  },
  {
    name: 'x264 interlaced',
    codecString: 'avc1.640028',
    width: 1920,
    height: 1080,
    record: hex(`
      01640028ffe1001a67640028acd94078044fde0220000003002000000643e2c5b2c001000668fba3cb22c0fdf8f800
    `),
  },
  {
    name: 'x264 High 4:2:2 with scaling lists and HRD',
    codecString: 'avc1.7a000d',
    width: 322,
    height: 242,
    record: hex(`
      017a000dffe10026677a000dbcd9415087888fc044000003000400000300c9810003d090007a12930c01e28532c00100
      0668ebecb3002cfef8f800
    `),
  },
  {
    name: 'x264 monochrome with aspect ratio and colours',
    codecString: 'avc1.64000d',
    width: 322,
    height: 242,
    record: hex(`
      0164000dffe100216764000df36505421e3e3fff079005a96e020204800000030080000019078a14cb01000668ebe3cb
      22c0fcf8f800
    `),
  },
  {
    name: 'x264 High 4:4:4, 10 bits',
    codecString: 'avc1.f4000d',
    width: 322,
    height: 242,
    record: hex(`
      01f4000dffe1001c67f4000d90d9b282a10f1f1f80880000030008000003019078a14cb001000668ebe3c44844fffafa
      00
    `),
  },
];

export const H265_RECORDS: readonly RecordVector[] = [
  {
    name: 'x265 Main',
    codecString: 'hev1.1.6.L60.90',
    width: 322,
    height: 242,
    record: hex(`
      0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff0160000003009000000300000300
      3c959809210001002942010101600000030090000003000003003ca00a480f9c9265959a4932bc05a02000007d20000e
      a60122000100074401c172b46240
    `),
  },
  {
    name: 'x265 Main 10 with default scaling lists',
    codecString: 'hev1.2.4.L120.90',
    width: 1920,
    height: 1080,
    record: hex(`
      01022000000090000000000078f000fcfdfafa00000f03200001001840010c01ffff0220000003009000000300000300
      789598092100010036420101022000000300900000030000030078a003c08010e4d96566924e5780b404000003000400
      0003006582725978003d090007a12222000100074401c172b46240
    `),
  },
  {
    name: 'x265 4:4:4 with HRD and colours',
    codecString: 'hev1.4.10.L123.9E.8',
    width: 320,
    height: 240,
    record: hex(`
      0104080000009e08000000007bf000fcfff8f800000f03200001001740010c01ffff0408000003009e0800000300007b
      959809210001003a4201010408000003009e0800000300007b90014101e2cb2b3492657ff80038002350101010400000
      030040000006580525978003d090007a122022000100084401c172860c4624
    `),
  },
  {
    name: 'x265 monochrome',
    codecString: 'hev1.4.10.L60.9F.C8',
    width: 320,
    height: 240,
    record: hex(`
      0104080000009fc8000000003cf000fcfcf8f800000f03200001001740010c01ffff0408000003009fc800000300003c
      95980921000100294201010408000003009fc800000300003cc028203c596566924caf016c08000003000800000300c8
      4022000100074401c172b46240
    `),
  },
  {
    name: 'x265 4:2:2, 10 bits',
    codecString: 'hev1.4.10.L60.9D.8',
    width: 320,
    height: 240,
    record: hex(`
      0104080000009d08000000003cf000fcfefafa00000f03200001001740010c01ffff0408000003009d0800000300003c
      95980921000100294201010408000003009d0800000300003cb00a080f1365959a4932bc05a020000003002000000303
      2122000100074401c172b46240
    `),
  },
];
