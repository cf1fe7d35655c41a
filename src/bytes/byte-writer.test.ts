import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, toHex } from '../testing/hex.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

test('writes each width big endian', () => {
  const writer = new ByteWriter().u8(0x01).u16(0x0203).u24(0x040506).u32(0x0708090a);
  expect(toHex(writer.finish())).toBe('0102030405060708090a');
  expect(writer.length).toBe(10);
});

test('writes words above 2^31 and little endian words', () => {
  expect(toHex(new ByteWriter().u32(0xfffffffe).u32Le(0xfffffffe).finish())).toBe('fffffffefeffffff');
});

test('writes negative 24-bit numbers as two’s complement', () => {
  expect(toHex(new ByteWriter().u24(-1).u24(-8_388_608).finish())).toBe('ffffff800000');
});

test('keeps only the low bits of a value that is too large', () => {
  expect(toHex(new ByteWriter().u8(0x101).u16(0x10203).u24(0x1020304).finish())).toBe('010203020304');
});

test('grows beyond its capacity without losing what was written', () => {
  const writer = new ByteWriter(1);
  const expected: number[] = [];
  for (let value = 0; value < 1000; value += 1) {
    writer.u8(value);
    expected.push(value & 0xff);
  }
  expect([...writer.finish()]).toEqual(expected);
});

test('grows at once for a block larger than twice its capacity', () => {
  const block = new Uint8Array(1000).fill(7);
  const writer = new ByteWriter(4).u8(1).bytes(block);
  expect(writer.length).toBe(1001);
  expect(writer.finish().subarray(1)).toEqual(block);
});

test('can start with no capacity at all', () => {
  expect(new ByteWriter(0).finish()).toHaveLength(0);
  expect(toHex(new ByteWriter(0).u16(0x1234).finish())).toBe('1234');
});

test('copies blocks, so that a later change of the source does not show', () => {
  const source = hex('010203');
  const writer = new ByteWriter().bytes(source);
  source.fill(0);
  expect(toHex(writer.finish())).toBe('010203');
});

test('what it writes, ByteReader reads', () => {
  const fields = fc.record({
    u8: fc.integer({ min: 0, max: 0xff }),
    u16: fc.integer({ min: 0, max: 0xffff }),
    i24: fc.integer({ min: -0x800000, max: 0x7fffff }),
    u32: fc.integer({ min: 0, max: 0xffffffff }),
    f64: fc.double(),
    block: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(fields, fc.nat(16), ({ u8, u16, i24, u32, f64, block }, capacity) => {
      const writer = new ByteWriter(capacity)
        .u8(u8)
        .u16(u16)
        .u24(i24)
        .u32(u32)
        .u32Le(u32)
        .f64(f64)
        .bytes(block);
      const reader = new ByteReader(writer.finish());
      expect(reader.u8()).toBe(u8);
      expect(reader.u16()).toBe(u16);
      expect(reader.i24()).toBe(i24);
      expect(reader.u32()).toBe(u32);
      expect(reader.u32Le()).toBe(u32);
      expect(reader.f64()).toBe(f64);
      expect(reader.rest()).toEqual(block);
    }),
  );
});
