import { expect, test } from 'vitest';
import { hex } from '../testing/hex.ts';
import { equalBytes } from './equal-bytes.ts';

test('blocks are equal when length and every byte are', () => {
  expect(equalBytes(hex('0102'), hex('0102'))).toBe(true);
  expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  expect(equalBytes(hex('0102'), hex('0103'))).toBe(false);
  expect(equalBytes(hex('01'), hex('0100'))).toBe(false);
  expect(equalBytes(hex('0100'), hex('01'))).toBe(false);
});

test('a Buffer and a plain array of the same bytes are equal', () => {
  expect(equalBytes(Buffer.from('0102', 'hex'), hex('0102'))).toBe(true);
});
