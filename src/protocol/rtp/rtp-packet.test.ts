import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { RTP_HEADER_BYTES, parseRtpPacket, writeRtpHeader, type RtpHeader } from './rtp-packet.ts';

const header: RtpHeader = {
  payloadType: 96,
  marker: true,
  sequenceNumber: 0xfffe,
  timestamp: 0xfedc_ba98,
  ssrc: 0x8000_0001,
};
const plain = '80 e0 fffe fedcba98 80000001';

test('writes the fixed header and nothing else', () => {
  const target = new Uint8Array(RTP_HEADER_BYTES + 2).fill(0x55);
  writeRtpHeader(target, 1, header);
  expect(toHex(target)).toBe('5580e0fffefedcba988000000155');
  writeRtpHeader(target, 1, { ...header, marker: false, sequenceNumber: 0x1_0002, timestamp: 2 ** 32 + 5 });
  expect(toHex(target)).toBe('5580600002000000058000000155');
});

test.each([
  ['a plain packet', `${plain} 010203`, '010203'],
  ['no payload', plain, ''],
  ['one CSRC', `81${plain.slice(2)} 11111111 0a0b`, '0a0b'],
  ['fifteen CSRCs', `8f${plain.slice(2)} ${'22222222'.repeat(15)} 0c`, '0c'],
  ['an empty extension', `90${plain.slice(2)} bede 0000 0d`, '0d'],
  ['an extension of two words', `90${plain.slice(2)} bede 0002 1122334455667788 0e`, '0e'],
  ['an extension up to the end', `90${plain.slice(2)} bede 0001 11223344`, ''],
  ['one byte of padding', `a0${plain.slice(2)} 010203 01`, '010203'],
  ['four bytes of padding', `a0${plain.slice(2)} 010203 00000004`, '010203'],
  ['nothing but padding', `a0${plain.slice(2)} 00000004`, ''],
  [
    'CSRC, extension and padding',
    `b2${plain.slice(2)} ${'33'.repeat(8)} 1000 0001 44444444 0f10 000003`,
    '0f10',
  ],
])('parses %s', (_name, packet, payload) => {
  const bytes = hex(packet);
  const before = toHex(bytes);
  const parsed = parseRtpPacket(bytes);
  expect(parsed).toEqual({ ...header, payload: hex(payload) });
  expect(parsed.payload.buffer).toBe(bytes.buffer);
  expect(toHex(bytes)).toBe(before);
});

test.each([
  ['no byte', '', 'ERR_RTP_TRUNCATED'],
  ['one byte', '80', 'ERR_RTP_TRUNCATED'],
  ['eleven bytes', plain.slice(0, -2), 'ERR_RTP_TRUNCATED'],
  ['version 0', `00${plain.slice(2)} 01`, 'ERR_RTP_VERSION'],
  ['version 1', `40${plain.slice(2)} 01`, 'ERR_RTP_VERSION'],
  ['version 3', `c0${plain.slice(2)} 01`, 'ERR_RTP_VERSION'],
  ['CSRCs beyond the end', `82${plain.slice(2)} 11111111 222222`, 'ERR_RTP_TRUNCATED'],
  ['an extension header beyond the end', `90${plain.slice(2)} bede00`, 'ERR_RTP_TRUNCATED'],
  ['an extension beyond the end', `90${plain.slice(2)} bede 0002 11223344`, 'ERR_RTP_TRUNCATED'],
  ['the longest extension', `90${plain.slice(2)} bede ffff 11223344`, 'ERR_RTP_TRUNCATED'],
  ['padding without bytes behind the header', `a0${plain.slice(2)}`, 'ERR_RTP_PADDING'],
  ['padding of 0 bytes', `a0${plain.slice(2)} 010200`, 'ERR_RTP_PADDING'],
  ['padding larger than the payload', `a0${plain.slice(2)} 010204`, 'ERR_RTP_PADDING'],
  ['padding larger than the packet', `a0${plain.slice(2)} 0102ff`, 'ERR_RTP_PADDING'],
  ['padding that reaches into an extension', `b0${plain.slice(2)} bede 0001 00000001`, 'ERR_RTP_PADDING'],
])('refuses %s', (_name, packet, code) => {
  expect(codeOf(() => parseRtpPacket(hex(packet)))).toBe(code);
});

const headers = fc.record({
  payloadType: fc.nat(127),
  marker: fc.boolean(),
  sequenceNumber: fc.nat(0xffff),
  timestamp: fc.nat(0xffff_ffff),
  ssrc: fc.nat(0xffff_ffff),
});

test('parses what it wrote', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 50 }), (fields, payload) => {
      const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
      writeRtpHeader(packet, 0, fields);
      packet.set(payload, RTP_HEADER_BYTES);
      expect(parseRtpPacket(packet)).toEqual({ ...fields, payload });
    }),
  );
});

test('damaged packets parse or end in a coded error, and a payload never leaves its packet', () => {
  const seeds = [
    hex(`${plain} 010203`),
    hex(`b2${plain.slice(2)} ${'33'.repeat(8)} 1000 0001 44444444 0f10 000003`),
    hex(`b0${plain.slice(2)} bede 0002 1122334455667788 0e0f 0002`),
  ];
  fc.assert(
    fc.property(damagedBytes(seeds, 64), (bytes) => {
      let payloadLength = 0;
      const code = codeOf(() => {
        payloadLength = parseRtpPacket(bytes).payload.length;
      });
      expect([undefined, 'ERR_RTP_TRUNCATED', 'ERR_RTP_VERSION', 'ERR_RTP_PADDING']).toContain(code);
      expect(payloadLength).toBeLessThanOrEqual(Math.max(0, bytes.length - RTP_HEADER_BYTES));
    }),
    { numRuns: 3000 },
  );
});
