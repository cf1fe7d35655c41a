import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAllAmf0, serializeAmf0 } from './amf0.ts';
import { AmfEcmaArray, AmfObject, AmfXml } from './amf-value.ts';
import type { AmfValue } from './amf-value.ts';
import { codeOf } from '../../testing/coded-error.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** Values whose reading and writing are each other's inverse. */
const VECTORS: { name: string; value: AmfValue; bytes: Uint8Array }[] = [
  { name: 'number', value: 1.5, bytes: hex('00 3ff8000000000000') },
  { name: 'boolean', value: true, bytes: hex('01 01') },
  { name: 'string', value: 'héllo', bytes: hex('02 0006 68c3a96c6c6f') },
  { name: 'empty string', value: '', bytes: hex('02 0000') },
  { name: 'null', value: null, bytes: hex('05') },
  { name: 'undefined', value: undefined, bytes: hex('06') },
  {
    name: 'object',
    value: new AmfObject([
      ['b', 1],
      ['a', null],
    ]),
    bytes: hex('03 0001 62 00 3ff0000000000000 0001 61 05 0000 09'),
  },
  {
    name: 'ECMA array',
    value: new AmfEcmaArray([['a', new AmfObject()]]),
    bytes: hex('08 00000001 0001 61 03 0000 09 0000 09'),
  },
  { name: 'strict array', value: [null, 'a'], bytes: hex('0a 00000002 05 02 0001 61') },
  { name: 'date', value: new Date(1000), bytes: hex('0b 408f400000000000 0000') },
  { name: 'XML document', value: new AmfXml('<a/>'), bytes: hex('0f 00000004 3c612f3e') },
  {
    name: 'typed object',
    value: new AmfObject([['x', false]], 'Point'),
    bytes: hex('10 0005 506f696e74 0001 78 01 00 0000 09'),
  },
];

describe.each(VECTORS)('AMF 0 $name', ({ value, bytes }) => {
  test('reads', () => {
    expect(readAllAmf0(bytes)).toStrictEqual([value]);
  });
  test('writes', () => {
    expect(serializeAmf0(value)).toStrictEqual(bytes);
  });
  test('is refused when cut anywhere, unless what is left is whole', () => {
    for (let length = 1; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length);
      if (bytes[0] !== 0x08) expect(codeOf(() => readAllAmf0(cut))).toBe('ERR_TRUNCATED');
    }
  });
});

test('all values of a message are read in order', () => {
  const all = VECTORS.map((vector) => vector.value);
  expect(readAllAmf0(serializeAmf0(...all))).toStrictEqual(all);
});

test('the order of entries survives a round trip', () => {
  const names = ['10', 'z', '2', 'a'];
  const bytes = serializeAmf0(new AmfObject(names.map((name): [string, AmfValue] => [name, 0])));
  const [object] = readAllAmf0(bytes);
  expect([...(object as AmfObject).entries.keys()]).toEqual(names);
});

test('a name such as __proto__ is an entry like any other', () => {
  const [object] = readAllAmf0(hex('03 0009 5f5f70726f746f5f5f 03 0000 09 0000 09'));
  expect([...(object as AmfObject).entries.keys()]).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(object)).toBe(AmfObject.prototype);
});

test('the count of an ECMA array is not believed', () => {
  expect(readAllAmf0(hex('08 ffffffff 0001 61 05 0000 09'))).toStrictEqual([new AmfEcmaArray([['a', null]])]);
  expect(readAllAmf0(hex('08 00000000 0001 61 05 0000 09'))).toStrictEqual([new AmfEcmaArray([['a', null]])]);
});

test('an ECMA array that closes the message may lack its end marker', () => {
  expect(readAllAmf0(hex('08 00000001 0001 61 05'))).toStrictEqual([new AmfEcmaArray([['a', null]])]);
});

test('an empty name with a value behind it does not end an object', () => {
  expect(readAllAmf0(hex('03 0000 05 0000 09'))).toStrictEqual([new AmfObject([['', null]])]);
});

test('unsupported reads as undefined, a long string as a string', () => {
  expect(readAllAmf0(hex('0d 0c 00000001 61'))).toStrictEqual([undefined, 'a']);
});

test('a string beyond 65535 bytes is written as a long string', () => {
  const text = 'x'.repeat(70_000);
  const bytes = serializeAmf0(text);
  expect(bytes[0]).toBe(0x0c);
  expect(readAllAmf0(bytes)).toEqual([text]);
});

test('a reference gives the value read before', () => {
  const [first, second] = readAllAmf0(hex('03 0001 61 05 0000 09 07 0000'));
  expect(second).toBe(first);
});

test('references into nothing, and to the value being read, are refused', () => {
  expect(codeOf(() => readAllAmf0(hex('07 0000')))).toBe('ERR_AMF_REFERENCE');
  expect(codeOf(() => readAllAmf0(hex('03 0001 61 07 0000 0000 09')))).toBe('ERR_AMF_REFERENCE');
});

test('reserved and unknown types are refused', () => {
  for (const marker of [0x04, 0x09, 0x0e, 0x12, 0xff]) {
    expect(codeOf(() => readAllAmf0(Uint8Array.of(marker)))).toBe('ERR_AMF_MARKER');
  }
});

test('objects and arrays nested 10 000 deep are refused', () => {
  expect(codeOf(() => readAllAmf0(hex('03 0001 61'.repeat(10_000))))).toBe('ERR_AMF_DEPTH');
  expect(codeOf(() => readAllAmf0(hex('0a 00000001'.repeat(10_000))))).toBe('ERR_AMF_DEPTH');
  expect(codeOf(() => readAllAmf0(hex('08 00000001 0001 61'.repeat(10_000))))).toBe('ERR_AMF_DEPTH');
});

test('a strict array that claims four billion elements is refused when its bytes end', () => {
  expect(codeOf(() => readAllAmf0(hex('0a ffffffff 05')))).toBe('ERR_TRUNCATED');
});

test('an array of many tiny elements is refused', () => {
  const bytes = new Uint8Array(5 + 200_000).fill(5);
  bytes.set(hex('0a 00030d40'));
  expect(codeOf(() => readAllAmf0(bytes))).toBe('ERR_AMF_COUNT');
});

test('bytes and over-long names cannot be written', () => {
  expect(codeOf(() => serializeAmf0(Uint8Array.of(1)))).toBe('ERR_AMF_UNWRITABLE');
  expect(codeOf(() => serializeAmf0(new AmfObject([['x'.repeat(65_536), 1]])))).toBe('ERR_AMF_UNWRITABLE');
});

test('values that refer to one another do not multiply without bound when written', () => {
  let bytes = '03 0000 09';
  // Each object names the one before twice, so the last stands for 2^30 of them.
  for (let index = 0; index < 30; index += 1) {
    const reference = `07 ${index.toString(16).padStart(4, '0')}`;
    bytes += `03 0001 61 ${reference} 0001 62 ${reference} 0000 09`;
  }
  const values = readAllAmf0(hex(bytes));
  expect(codeOf(() => serializeAmf0(values.at(-1)))).toBe('ERR_AMF_COUNT');
});

test('random and mutated bytes are read or refused with a coded error', () => {
  const seeds = VECTORS.map((vector) => vector.bytes);
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([seed, changes]) => {
      const bytes = Uint8Array.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
      const before = Uint8Array.from(bytes);
      codeOf(() => readAllAmf0(bytes));
      expect(bytes).toEqual(before);
    }),
    { numRuns: 3000 },
  );
});

test('whatever can be written reads back', () => {
  const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(null, undefined),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(fc.string({ minLength: 1 }), tie('value')), { maxLength: 4 })
        .map((entries) => new AmfObject(entries)),
      fc
        .array(fc.tuple(fc.string({ minLength: 1 }), tie('value')), { maxLength: 4 })
        .map((entries) => new AmfEcmaArray(entries)),
    ),
  }));
  fc.assert(
    fc.property(value, (original) => {
      expect(readAllAmf0(serializeAmf0(original))).toStrictEqual([original]);
    }),
  );
});
