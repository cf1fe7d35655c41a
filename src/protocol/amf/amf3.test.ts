import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAllAmf0 } from './amf0.ts';
import { AmfEcmaArray, AmfObject, AmfXml } from './amf-value.ts';
import type { AmfValue } from './amf-value.ts';
import { codeOf } from '../../testing/coded-error.ts';

/** One AMF 3 value behind the avmplus marker of AMF 0. */
function read(text: string): AmfValue {
  const bytes = Uint8Array.from(Buffer.from(`11${text.replaceAll(' ', '')}`, 'hex'));
  return readAllAmf0(bytes)[0];
}

test.each<{ name: string; bytes: string; value: AmfValue }>([
  { name: 'undefined', bytes: '00', value: undefined },
  { name: 'null', bytes: '01', value: null },
  { name: 'false', bytes: '02', value: false },
  { name: 'true', bytes: '03', value: true },
  { name: 'integer of one byte', bytes: '04 05', value: 5 },
  { name: 'integer of four bytes', bytes: '04 bfffffff', value: 268_435_455 },
  { name: 'negative integer', bytes: '04 ffffffff', value: -1 },
  { name: 'double', bytes: '05 3ff8000000000000', value: 1.5 },
  { name: 'string', bytes: '06 07 616263', value: 'abc' },
  { name: 'XML document', bytes: '07 09 3c612f3e', value: new AmfXml('<a/>') },
  { name: 'date', bytes: '08 01 408f400000000000', value: new Date(1000) },
  { name: 'dense array', bytes: '09 05 01 02 03', value: [false, true] },
  {
    name: 'array with names',
    bytes: '09 03 03 61 01 01 02',
    value: new AmfEcmaArray([
      ['a', null],
      ['0', false],
    ]),
  },
  {
    name: 'dynamic object',
    bytes: '0a 0b 01 03 61 04 01 01',
    value: new AmfObject([['a', 1]]),
  },
  {
    name: 'typed object with sealed members',
    bytes: '0a 13 03 50 03 78 02',
    value: new AmfObject([['x', false]], 'P'),
  },
  { name: 'byte array', bytes: '0c 05 0102', value: Uint8Array.of(1, 2) },
  { name: 'vector of int', bytes: '0d 03 00 ffffffff', value: [-1] },
  { name: 'vector of uint', bytes: '0e 03 00 ffffffff', value: [4_294_967_295] },
  { name: 'vector of double', bytes: '0f 03 00 3ff8000000000000', value: [1.5] },
  { name: 'vector of objects', bytes: '10 03 00 01 03', value: [true] },
])('AMF 3 $name reads', ({ bytes, value }) => {
  expect(read(bytes)).toStrictEqual(value);
});

test('strings, objects and traits may be references', () => {
  expect(read('09 05 01 06 03 61 06 00')).toStrictEqual(['a', 'a']);
  const pair = read('09 05 01 0a 0b 01 01 0a 02') as readonly AmfValue[];
  expect(pair[1]).toBe(pair[0]);
  expect(read('09 05 01 0a 13 03 50 03 78 02 0a 01 03')).toStrictEqual([
    new AmfObject([['x', false]], 'P'),
    new AmfObject([['x', true]], 'P'),
  ]);
});

test('references into nothing, and to the value being read, are refused', () => {
  expect(codeOf(() => read('06 02'))).toBe('ERR_AMF_REFERENCE');
  expect(codeOf(() => read('0a 02'))).toBe('ERR_AMF_REFERENCE');
  expect(codeOf(() => read('0a 01'))).toBe('ERR_AMF_REFERENCE');
  expect(codeOf(() => read('09 03 01 09 00'))).toBe('ERR_AMF_REFERENCE');
});

test('externalizable objects, dictionaries and unknown types are refused', () => {
  expect(codeOf(() => read('0a 07 03 50'))).toBe('ERR_AMF_EXTERNALIZABLE');
  expect(codeOf(() => read('11 01 00'))).toBe('ERR_AMF_MARKER');
  expect(codeOf(() => read('ff'))).toBe('ERR_AMF_MARKER');
});

test('deep nesting and endless member lists are refused', () => {
  expect(codeOf(() => read('09 03 01'.repeat(10_000)))).toBe('ERR_AMF_DEPTH');
  // Traits with 2^25 members, all named by the same two bytes.
  expect(codeOf(() => read(`0a ffffffff 01`))).toBe('ERR_AMF_EXTERNALIZABLE');
  expect(codeOf(() => read(`0a fffffff3 01 ${'01'.repeat(300_000)}`))).toBe('ERR_AMF_COUNT');
});

test('random bytes are read or refused with a coded error', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x11 }), fc.uint8Array({ maxLength: 200 }), (marker, rest) => {
      codeOf(() => readAllAmf0(Uint8Array.of(0x11, marker, ...rest)));
    }),
    { numRuns: 3000 },
  );
});
