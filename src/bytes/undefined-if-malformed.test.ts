import { expect, test } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import { undefinedIfMalformed } from './undefined-if-malformed.ts';

test('gives what is read, nothing for what is malformed, and passes on faults of our own', () => {
  expect(undefinedIfMalformed(() => 7)).toBe(7);
  expect(
    undefinedIfMalformed(() => {
      throw new ProtocolError('ERR_CUT_OFF', 'cut off');
    }),
  ).toBeUndefined();
  expect(() =>
    undefinedIfMalformed(() => {
      throw new TypeError('a fault');
    }),
  ).toThrow(TypeError);
});
