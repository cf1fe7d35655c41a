import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../testing/coded-error.ts';
import { hex } from '../testing/hex.ts';
import { ByteReader } from './byte-reader.ts';
import { ProtocolError } from './protocol-error.ts';

test('reads each width big endian and unsigned', () => {
  const reader = new ByteReader(hex('ff fffe fffffd fffffffc'));
  expect(reader.u8()).toBe(0xff);
  expect(reader.u16()).toBe(0xfffe);
  expect(reader.u24()).toBe(0xfffffd);
  expect(reader.u32()).toBe(0xfffffffc);
  expect(reader.remaining).toBe(0);
});

test('reads little endian words unsigned', () => {
  expect(new ByteReader(hex('fcffffff')).u32Le()).toBe(0xfffffffc);
  expect(new ByteReader(hex('01000000')).u32Le()).toBe(1);
});

test.each([
  ['000000', 0],
  ['000001', 1],
  ['7fffff', 8_388_607],
  ['800000', -8_388_608],
  ['ffffff', -1],
])('reads signed 24 bits %s as %i', (bytes, value) => {
  expect(new ByteReader(hex(bytes)).i24()).toBe(value);
});

test('reads doubles from a view that does not start its buffer', () => {
  const bytes = hex('aa 3ff8000000000000 bb').subarray(1);
  const reader = new ByteReader(bytes);
  expect(reader.f64()).toBe(1.5);
  expect(reader.u8()).toBe(0xbb);
});

test('starts at the position it is given and tells where it stands', () => {
  const reader = new ByteReader(hex('00010203'), 2);
  expect(reader.position).toBe(2);
  expect(reader.u8()).toBe(2);
  expect(reader.position).toBe(3);
  expect(reader.remaining).toBe(1);
});

test('hands out views that share memory with the input', () => {
  const bytes = hex('0001020304');
  const reader = new ByteReader(bytes);
  reader.skip(1);
  const view = reader.view(2);
  const rest = reader.rest();
  expect([...view]).toEqual([1, 2]);
  expect([...rest]).toEqual([3, 4]);
  expect(view.buffer).toBe(bytes.buffer);
  expect(rest.buffer).toBe(bytes.buffer);
  expect(reader.rest()).toHaveLength(0);
});

test.each([
  ['u8', (reader: ByteReader) => reader.u8(), 1],
  ['u16', (reader: ByteReader) => reader.u16(), 2],
  ['u24', (reader: ByteReader) => reader.u24(), 3],
  ['i24', (reader: ByteReader) => reader.i24(), 3],
  ['u32', (reader: ByteReader) => reader.u32(), 4],
  ['u32Le', (reader: ByteReader) => reader.u32Le(), 4],
  ['f64', (reader: ByteReader) => reader.f64(), 8],
  ['view', (reader: ByteReader) => reader.view(5), 5],
  ['skip', (reader: ByteReader) => reader.skip(5), 5],
])('%s refuses to read past the end and does not move', (_name, read, width) => {
  const reader = new ByteReader(new Uint8Array(width - 1));
  expect(codeOf(() => read(reader))).toBe('ERR_TRUNCATED');
  expect(reader.position).toBe(0);
  expect(codeOf(() => read(new ByteReader(new Uint8Array(width))))).toBeUndefined();
});

test('the error for reading past the end tells offset, need and supply', () => {
  const reader = new ByteReader(hex('010203'));
  reader.skip(2);
  try {
    reader.u32();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as ProtocolError).details).toEqual({ offset: 2, needed: 4, available: 1 });
  }
});

test('reads what DataView reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
      expect(new ByteReader(bytes).u16()).toBe(view.getUint16(0));
      expect(new ByteReader(bytes).u32()).toBe(view.getUint32(0));
      expect(new ByteReader(bytes).u32Le()).toBe(view.getUint32(0, true));
      expect(new ByteReader(bytes).f64()).toBe(view.getFloat64(0));
      expect(new ByteReader(bytes).u24()).toBe(view.getUint32(0) >>> 8);
      expect(new ByteReader(bytes).i24()).toBe(view.getInt32(0) >> 8);
    }),
  );
});
