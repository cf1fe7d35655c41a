import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { parseRtcp, serializeRtcp, type WritableRtcpPacket } from './rtcp.ts';
import type { ReportBlock } from './rtcp/report-block.ts';

const block: ReportBlock = {
  ssrc: 0x8000_0002,
  fractionLost: 64,
  cumulativeLost: -2,
  extendedHighestSequenceNumber: 0x0001_ffff,
  interarrivalJitter: 17,
  lastSenderReport: 0xb705_2000,
  delaySinceLastSenderReport: 0x0005_4000,
};
const blockHex = '80000002 40fffffe 0001ffff 00000011 b7052000 00054000';
const senderHex = '00000001 b44db705 20000000 fedcba98 00000064 ffffffff';

const vectors: { name: string; value: WritableRtcpPacket[]; bytes: string }[] = [
  {
    name: 'a sender report',
    value: [
      {
        type: 'sender-report',
        ssrc: 1,
        ntpSeconds: 0xb44d_b705,
        ntpFraction: 0x2000_0000,
        rtpTimestamp: 0xfedc_ba98,
        packetCount: 100,
        octetCount: 0xffff_ffff,
        reports: [],
      },
    ],
    bytes: `80c80006 ${senderHex}`,
  },
  {
    name: 'a sender report with a block',
    value: [
      {
        type: 'sender-report',
        ssrc: 1,
        ntpSeconds: 0xb44d_b705,
        ntpFraction: 0x2000_0000,
        rtpTimestamp: 0xfedc_ba98,
        packetCount: 100,
        octetCount: 0xffff_ffff,
        reports: [block],
      },
    ],
    bytes: `81c8000c ${senderHex} ${blockHex}`,
  },
  {
    name: 'an empty receiver report',
    value: [{ type: 'receiver-report', ssrc: 0xffff_ffff, reports: [] }],
    bytes: '80c90001 ffffffff',
  },
  {
    name: 'a receiver report with two blocks',
    value: [{ type: 'receiver-report', ssrc: 3, reports: [block, { ...block, cumulativeLost: 0x7f_ffff }] }],
    bytes: `82c9000d 00000003 ${blockHex} 80000002 407fffff ${blockHex.slice(18)}`,
  },
  {
    name: 'a name that leaves one null byte',
    value: [{ type: 'source-description', chunks: [{ ssrc: 4, canonicalName: 'a' }] }],
    bytes: '81ca0002 00000004 01016100',
  },
  {
    name: 'a name that needs a whole word of null bytes',
    value: [{ type: 'source-description', chunks: [{ ssrc: 4, canonicalName: 'ab' }] }],
    bytes: '81ca0003 00000004 01026162 00000000',
  },
  {
    name: 'a source with an empty name and one without a name',
    value: [
      {
        type: 'source-description',
        chunks: [
          { ssrc: 4, canonicalName: '' },
          { ssrc: 5, canonicalName: undefined },
        ],
      },
    ],
    bytes: '82ca0004 00000004 01000000 00000005 00000000',
  },
  {
    name: 'a goodbye of two sources',
    value: [{ type: 'goodbye', ssrcs: [6, 7] }],
    bytes: '82cb0002 00000006 00000007',
  },
  {
    name: 'report, description and goodbye',
    value: [
      { type: 'receiver-report', ssrc: 8, reports: [] },
      { type: 'source-description', chunks: [{ ssrc: 8, canonicalName: 'é' }] },
      { type: 'goodbye', ssrcs: [8] },
    ],
    bytes: '80c90001 00000008 81ca0003 00000008 0102c3a9 00000000 81cb0001 00000008',
  },
];

test.each(vectors)('$name: parses and serializes', ({ value, bytes }) => {
  expect(parseRtcp(hex(bytes))).toEqual(value);
  expect(toHex(serializeRtcp(value))).toBe(toHex(hex(bytes)));
});

test.each([
  ['the extension of a profile', `80c80007 ${senderHex} 11223344`, vectors[0]!.value],
  ['padding', `a0c80007 ${senderHex} 00000004`, vectors[0]!.value],
  [
    'items other than names, and the first of two names',
    '81ca0006 00000004 0604746f6f6c 010161 010162 08040278790a 0000',
    vectors[4]!.value,
  ],
  ['items without a null byte at their end', '81ca0002 00000004 01026162', vectors[5]!.value],
  ['a reason to go', '81cb0003 00000006 05 68656c6c6f 0000', [{ type: 'goodbye', ssrcs: [6] }]],
  ['a goodbye of nobody', '80cb0000', [{ type: 'goodbye', ssrcs: [] }]],
  [
    'feedback and application-defined packets',
    '81ce0002 00000001 00000002 85cc0001 00000009',
    [
      { type: 'other', packetType: 206, count: 1, body: hex('0000000100000002') },
      { type: 'other', packetType: 204, count: 5, body: hex('00000009') },
    ],
  ],
  [
    'a report that does not stand first',
    '81cb0001 00000006 80c90001 00000008',
    [
      { type: 'goodbye', ssrcs: [6] },
      { type: 'receiver-report', ssrc: 8, reports: [] },
    ],
  ],
])('reads packets with %s', (_name, bytes, expected) => {
  expect(parseRtcp(hex(bytes))).toEqual(expected);
});

test.each([
  ['no byte', '', 'ERR_RTCP_TRUNCATED'],
  ['one byte', '80', 'ERR_RTCP_TRUNCATED'],
  ['three bytes', '80c900', 'ERR_RTCP_TRUNCATED'],
  ['three bytes behind a packet', '80c90001 00000008 80c900', 'ERR_RTCP_TRUNCATED'],
  ['version 1', '40c90001 00000008', 'ERR_RTCP_VERSION'],
  ['a length beyond the end', '80c90002 00000008', 'ERR_RTCP_TRUNCATED'],
  ['the greatest length', '80c9ffff 00000008', 'ERR_RTCP_TRUNCATED'],
  ['a length of 0 where a source is needed', '80c90000 00000008', 'ERR_RTCP_TRUNCATED'],
  ['a sender report without its numbers', '80c80001 00000008', 'ERR_RTCP_TRUNCATED'],
  ['fewer blocks than counted', `9fc8000c ${senderHex} ${blockHex}`, 'ERR_RTCP_TRUNCATED'],
  ['fewer chunks than counted', '82ca0002 00000004 01016100', 'ERR_RTCP_TRUNCATED'],
  ['an item beyond the end', '81ca0002 00000004 01ff6162', 'ERR_RTCP_TRUNCATED'],
  ['an item cut off behind its type', '81ca0002 00000004 01016101', 'ERR_RTCP_TRUNCATED'],
  ['fewer goodbyes than counted', '82cb0001 00000004', 'ERR_RTCP_TRUNCATED'],
  ['padding of 0 bytes', 'a0c90002 00000008 00000000', 'ERR_RTCP_PADDING'],
  ['padding larger than the packet', 'a0c90002 00000008 000000ff', 'ERR_RTCP_PADDING'],
  ['padding over all the body', 'a0c90001 00000004', 'ERR_RTCP_TRUNCATED'],
  ['padding without a body', 'a0c90000', 'ERR_RTCP_PADDING'],
  ['more packets than anybody sends', '80cb0000'.repeat(65), 'ERR_RTCP_COUNT'],
])('refuses %s', (_name, bytes, code) => {
  expect(codeOf(() => parseRtcp(hex(bytes)))).toBe(code);
});

test('does not write what the fields cannot say', () => {
  const ssrcs = Array.from({ length: 32 }, (_, index) => index);
  expect(() => serializeRtcp([{ type: 'goodbye', ssrcs }])).toThrow(RangeError);
  const chunks = [{ ssrc: 1, canonicalName: 'x'.repeat(256) }];
  expect(() => serializeRtcp([{ type: 'source-description', chunks }])).toThrow(RangeError);
});

test('names of every length come back', () => {
  for (let length = 0; length <= 255; length += 1) {
    const chunks = [
      { ssrc: 1, canonicalName: 'n'.repeat(length) },
      { ssrc: 2, canonicalName: 'm' },
    ];
    const value: WritableRtcpPacket[] = [{ type: 'source-description', chunks }];
    expect(parseRtcp(serializeRtcp(value))).toEqual(value);
  }
});

test('damaged packets parse or end in a coded error', () => {
  const seeds = vectors.map(({ bytes }) => hex(bytes));
  const codes = ['ERR_RTCP_TRUNCATED', 'ERR_RTCP_VERSION', 'ERR_RTCP_PADDING', 'ERR_RTCP_COUNT'];
  fc.assert(
    fc.property(damagedBytes(seeds, 128), (bytes) => {
      expect([undefined, ...codes]).toContain(codeOf(() => parseRtcp(bytes)));
    }),
    { numRuns: 3000 },
  );
});
