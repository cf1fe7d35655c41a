import { expect, test } from 'vitest';
import { hex, toHex } from '../../testing/hex.ts';
import { equalParameterSets, mergeParameterSet, type ParameterSetRules } from './parameter-set-list.ts';

/** Sets whose second byte is their id; 0xff is no id. */
const rules: ParameterSetRules = { idOf: (nal) => (nal[1] === 0xff ? undefined : nal[1]), maxSets: 3 };
const list = [hex('6701aa'), hex('6702bb')];

test('a set that is there already changes nothing', () => {
  expect(mergeParameterSet(list, hex('6702bb'), rules)).toBe(list);
});

test('a set with zeros behind it counts as the same set', () => {
  expect(mergeParameterSet(list, hex('6702bb0000'), rules)).toBe(list);
});

test('a set with a known id takes the place of the old one', () => {
  expect(mergeParameterSet(list, hex('6701cc'), rules).map(toHex)).toEqual(['6701cc', '6702bb']);
});

test('a set with a new id stands last', () => {
  expect(mergeParameterSet(list, hex('6703cc'), rules).map(toHex)).toEqual(['6701aa', '6702bb', '6703cc']);
});

test('a set beyond the limit pushes the oldest out', () => {
  const full = [...list, hex('6703cc')];
  expect(mergeParameterSet(full, hex('6704dd'), rules).map(toHex)).toEqual(['6702bb', '6703cc', '6704dd']);
});

test('a set without a readable id is ignored', () => {
  expect(mergeParameterSet(list, hex('67ffcc'), rules)).toBe(list);
});

test('a set that no record could hold is ignored', () => {
  const huge = new Uint8Array(0x10000).fill(5);
  expect(mergeParameterSet(list, huge, rules)).toBe(list);
});

test('the list owns its sets and leaves the old list alone', () => {
  // A Buffer, as sockets hand out: its `slice` would be a view.
  const frame = Buffer.from('6703cc', 'hex');
  const merged = mergeParameterSet(list, frame, rules);
  frame.fill(0);
  expect(toHex(merged[2]!)).toBe('6703cc');
  expect(list).toHaveLength(2);
});

test('lists are equal when the same bytes stand in the same order', () => {
  expect(equalParameterSets(list, [hex('6701aa'), hex('6702bb')])).toBe(true);
  expect(equalParameterSets(list, [hex('6702bb'), hex('6701aa')])).toBe(false);
  expect(equalParameterSets(list, [hex('6701aa')])).toBe(false);
});
