import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { splitAggregate } from './aggregate.ts';

function aggregate(text: string, timestamp: number): Parameters<typeof splitAggregate>[0] {
  const payload = Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
  return { typeId: 22, streamId: 1, timestamp, payload };
}

const TWO = `08 000002 000064 00 000000 aabb 0000000d
             09 000001 00008c 00 000000 cc 0000000c`;

test('sub-messages keep their distance in time, the first at the time of the aggregate', () => {
  expect(splitAggregate(aggregate(TWO, 1000))).toEqual([
    { typeId: 8, streamId: 1, timestamp: 1000, payload: Uint8Array.of(0xaa, 0xbb) },
    { typeId: 9, streamId: 1, timestamp: 1040, payload: Uint8Array.of(0xcc) },
  ]);
});

test('the high byte of the time counts, and the sum wraps at 2^32', () => {
  const text = '08 000001 ffffff ff 000000 aa 0000000c  09 000001 000001 00 000000 bb';
  expect(splitAggregate(aggregate(text, 0xffffffff)).map((message) => message.timestamp)).toEqual([
    0xffffffff, 1,
  ]);
});

test('the last back pointer may be missing; a cut sub-message is refused', () => {
  const full = aggregate(TWO, 0).payload;
  for (let length = 1; length < full.length; length += 1) {
    const code = codeOf(() => splitAggregate({ ...aggregate('', 0), payload: full.subarray(0, length) }));
    expect(code).toBe(length === 13 || length === 17 || length === 29 ? undefined : 'ERR_TRUNCATED');
  }
});

test('an empty aggregate holds nothing', () => {
  expect(splitAggregate(aggregate('', 5))).toEqual([]);
});
