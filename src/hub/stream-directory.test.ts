import { expect, test } from 'vitest';
import { LocalStreamDirectory } from './stream-directory.ts';

test('a stream is claimed by one at a time', async () => {
  const directory = new LocalStreamDirectory();
  const [first, second, other] = await Promise.all(['a', 'a', 'b'].map((key) => directory.claim(key)));
  expect(first?.key).toBe('a');
  expect(second).toBeUndefined();
  expect(other?.key).toBe('b');
});

test('a stream that was given back can be claimed again, under a higher epoch', async () => {
  const directory = new LocalStreamDirectory();
  const first = await directory.claim('a');
  first!.release();
  const second = await directory.claim('a');
  expect(second!.epoch).toBeGreaterThan(first!.epoch);
});

test("an old owner's late release does not touch its successor", async () => {
  const directory = new LocalStreamDirectory();
  const first = await directory.claim('a');
  first!.release();
  const second = await directory.claim('a');
  first!.release();
  expect(await directory.claim('a')).toBeUndefined();
  second!.release();
  second!.release();
  expect(await directory.claim('a')).toBeDefined();
});
