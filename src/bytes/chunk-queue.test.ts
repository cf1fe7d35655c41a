import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, toHex } from '../testing/hex.ts';
import { splitEveryWay } from '../testing/split-every-way.ts';
import { ChunkQueue } from './chunk-queue.ts';

function queueOf(...chunks: Uint8Array[]): ChunkQueue {
  const queue = new ChunkQueue();
  for (const chunk of chunks) queue.push(chunk);
  return queue;
}

test('gives back what was put in, whichever way it was cut', () => {
  const bytes = hex('000102030405060708090a0b');
  for (const chunks of splitEveryWay(bytes)) {
    const queue = queueOf(...chunks);
    expect(queue.length).toBe(bytes.length);
    expect(toHex(queue.take(5)!)).toBe('0001020304');
    expect(toHex(queue.take(7)!)).toBe('05060708090a0b');
    expect(queue.length).toBe(0);
  }
});

test('waits when there is not enough and keeps what it has', () => {
  const queue = queueOf(hex('0102'));
  expect(queue.take(3)).toBeUndefined();
  expect(queue.length).toBe(2);
  queue.push(hex('03'));
  expect(toHex(queue.take(3)!)).toBe('010203');
  expect(queue.take(1)).toBeUndefined();
});

test('hands out a view where the bytes lie in one piece, a copy where they span pieces', () => {
  const first = hex('01020304');
  const second = hex('05060708');
  const queue = queueOf(first, second);
  expect(queue.take(3)!.buffer).toBe(first.buffer);
  const spanning = queue.take(2)!;
  expect(toHex(spanning)).toBe('0405');
  expect(spanning.buffer).not.toBe(first.buffer);
  expect(spanning.buffer).not.toBe(second.buffer);
  expect(queue.take(3)!.buffer).toBe(second.buffer);
});

test('a copy that spans pieces does not change its sources', () => {
  const first = hex('0102');
  const second = hex('0304');
  queueOf(first, second).take(4)!.fill(9);
  expect(toHex(first)).toBe('0102');
  expect(toHex(second)).toBe('0304');
});

test('takes nothing from an empty queue as an empty block', () => {
  expect(new ChunkQueue().take(0)).toHaveLength(0);
  expect(new ChunkQueue().take(1)).toBeUndefined();
});

test('ignores empty pieces', () => {
  const queue = queueOf(new Uint8Array(0), hex('01'), new Uint8Array(0), hex('02'));
  expect(queue.length).toBe(2);
  expect(queue.byteAt(1)).toBe(2);
  expect(toHex(queue.take(2)!)).toBe('0102');
});

test('looks ahead without taking', () => {
  const queue = queueOf(hex('0102'), hex('03'), hex('0405'));
  queue.skip(1);
  expect([0, 1, 2, 3].map((index) => queue.byteAt(index))).toEqual([2, 3, 4, 5]);
  expect(queue.length).toBe(4);
});

test('copies into a block at an offset and leaves the rest of it alone', () => {
  const queue = queueOf(hex('0102'), hex('0304'));
  const target = new Uint8Array(6).fill(0xff);
  queue.copyTo(target, 1, 3);
  expect(toHex(target)).toBe('ff010203ffff');
  expect(queue.length).toBe(1);
});

test('forgets everything when cleared and can be used again', () => {
  const queue = queueOf(hex('0102'), hex('0304'));
  queue.skip(1);
  queue.clear();
  expect(queue.length).toBe(0);
  queue.push(hex('05'));
  expect(toHex(queue.take(1)!)).toBe('05');
});

test('survives thousands of one-byte pieces taken in blocks of another size', () => {
  const queue = new ChunkQueue();
  const taken: number[] = [];
  for (let value = 0; value < 5000; value += 1) {
    queue.push(Uint8Array.of(value));
    const block = value % 7 === 6 ? queue.take(5) : undefined;
    if (block !== undefined) taken.push(...block);
  }
  taken.push(...queue.take(queue.length)!);
  expect(taken).toEqual(Array.from({ length: 5000 }, (_, value) => value & 0xff));
});

test('behaves like one long block under any order of pushes, takes, skips and looks', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), bytes: fc.uint8Array({ maxLength: 12 }) }),
    fc.record({ kind: fc.constantFrom('take', 'skip', 'copyTo', 'byteAt'), length: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const queue = new ChunkQueue();
      let model: number[] = [];
      for (const step of actions) {
        if ('bytes' in step) {
          queue.push(step.bytes);
          model.push(...step.bytes);
        } else if (step.kind === 'byteAt') {
          if (step.length < model.length) expect(queue.byteAt(step.length)).toBe(model[step.length]);
        } else if (step.length > model.length) {
          expect(queue.take(step.length)).toBeUndefined();
        } else {
          const expected = model.slice(0, step.length);
          model = model.slice(step.length);
          const target = new Uint8Array(step.length);
          if (step.kind === 'take') expect([...queue.take(step.length)!]).toEqual(expected);
          else if (step.kind === 'skip') queue.skip(step.length);
          else queue.copyTo(target, 0, step.length);
          if (step.kind === 'copyTo') expect([...target]).toEqual(expected);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

test('what is kept is a view where it makes up much of its piece, else a copy that keeps no large piece alive', () => {
  const queue = new ChunkQueue();
  const piece = new Uint8Array(100).fill(7);
  queue.push(piece);
  const large = queue.takeToKeep(25);
  expect(large.buffer).toBe(piece.buffer);
  const small = queue.takeToKeep(24);
  expect(small.buffer).not.toBe(piece.buffer);
  expect([...small]).toEqual([...new Uint8Array(24).fill(7)]);
  queue.push(Uint8Array.of(8, 8));
  expect([...queue.takeToKeep(52)]).toEqual([...new Uint8Array(51).fill(7), 8]);
  expect(queue.length).toBe(1);
});
