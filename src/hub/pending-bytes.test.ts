import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingBytes } from './pending-bytes.ts';

function put(pending: PendingBytes, ...values: number[]): void {
  const at = pending.reserve(values.length);
  pending.bytes.set(values, at);
}

test('bytes come out in one piece, and marks count from the start of the flush', () => {
  const pending = new PendingBytes();
  put(pending, 1, 2, 3);
  pending.clear();
  pending.mark(0, true, true);
  put(pending, 4, 5);
  pending.mark(40, false);
  put(pending, 6);
  expect([...pending.view()]).toEqual([4, 5, 6]);
  expect([...pending.view(1, 2)]).toEqual([5]);
  expect(pending.marks).toEqual([
    { offset: 0, timeUs: 0, isRandomAccess: true, startsGroup: true },
    { offset: 2, timeUs: 40, isRandomAccess: false, startsGroup: false },
  ]);
});

test('an empty flush is an empty view', () => {
  const pending = new PendingBytes();
  expect(pending.length).toBe(0);
  expect(pending.view()).toHaveLength(0);
  put(pending, 1);
  pending.clear();
  expect(pending.length).toBe(0);
  expect(pending.marks).toEqual([]);
});

test('what was pending moves along when a larger block is needed', () => {
  const pending = new PendingBytes();
  pending.mark(0, true);
  put(pending, 7, 8);
  const before = pending.view();
  const at = pending.reserve(1_000_000);
  pending.bytes.fill(9, at, at + 1_000_000);
  expect(pending.length).toBe(1_000_002);
  expect([...pending.view(0, 3)]).toEqual([7, 8, 9]);
  expect([...before]).toEqual([7, 8]);
});

test('views that were handed out never change, whatever is written later', () => {
  const write = fc.record({ length: fc.integer({ min: 0, max: 20_000 }), flush: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const pending = new PendingBytes();
      const handedOut: { view: Uint8Array; copy: Uint8Array }[] = [];
      let expected: number[] = [];
      for (const [index, { length, flush }] of writes.entries()) {
        const at = pending.reserve(length);
        pending.bytes.fill(index, at, at + length);
        for (let count = 0; count < length; count += 1) expected.push(index & 0xff);
        if (!flush) continue;
        const view = pending.view();
        expect(Buffer.compare(view, Buffer.from(expected))).toBe(0);
        handedOut.push({ view, copy: view.slice() });
        pending.clear();
        expected = [];
      }
      for (const { view, copy } of handedOut) expect(Buffer.compare(view, copy)).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test('a quiet stream keeps small blocks', () => {
  const pending = new PendingBytes();
  for (let index = 0; index < 100; index += 1) {
    put(pending, 1, 2, 3);
    pending.clear();
  }
  expect(pending.bytes.length).toBeLessThanOrEqual(16 * 1024);
});
