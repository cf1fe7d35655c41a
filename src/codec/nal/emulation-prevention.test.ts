import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, toHex } from '../../testing/hex.ts';
import { removeEmulationPrevention } from './emulation-prevention.ts';

test.each([
  ['one byte', '67 000003 01', '67 0000 01'],
  ['several bytes', '67 000003 000003 000003 04', '67 0000 0000 0000 04'],
  ['a byte at the end', '67 000003', '67 0000'],
  ['a byte at the start', '000003 02', '0000 02'],
])('removes %s of emulation prevention', (_name, nal, payload) => {
  expect(removeEmulationPrevention(hex(nal))).toEqual(hex(payload));
});

test.each(['', '03', '0003', '67 0003 00 01', '67 000004', '67 010003'])(
  'hands back a NAL unit without emulation prevention as it is: %s',
  (nal) => {
    const bytes = hex(nal);
    expect(removeEmulationPrevention(bytes)).toBe(bytes);
  },
);

test('leaves its input as it was', () => {
  const nal = hex('67 000003 01');
  removeEmulationPrevention(nal);
  expect(toHex(nal)).toBe('6700000301');
});

/** What an encoder does (ISO/IEC 14496-10, 7.3.1), written byte by byte. */
function addEmulationPrevention(payload: readonly number[]): Uint8Array {
  const nal: number[] = [];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      nal.push(3);
      zeros = 0;
    }
    nal.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(nal);
}

test('undoes what an encoder adds', () => {
  const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 255), { maxLength: 100 });
  fc.assert(
    fc.property(bytes, (payload) => {
      expect([...removeEmulationPrevention(addEmulationPrevention(payload))]).toEqual(payload);
    }),
  );
});
