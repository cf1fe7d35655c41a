import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { NonceMint } from './nonce.ts';

const mint = new NonceMint(new Uint8Array(16).fill(1), 1000);

test('a nonce is good for one address, from its issue to the end of its life', () => {
  const nonce = mint.issue('192.0.2.1', 1_700_000_000_000.75);
  expect(nonce).toMatch(/^018bcfe56800[0-9a-f]{32}$/);
  for (const [address, wallMs, expected] of [
    ['192.0.2.1', 1_700_000_000_000, true],
    ['192.0.2.1', 1_700_000_000_999, true],
    ['192.0.2.1', 1_700_000_001_000, false],
    ['192.0.2.1', 1_699_999_990_000, true],
    ['192.0.2.1', 1_699_999_989_999, false],
    ['192.0.2.2', 1_700_000_000_000, false],
  ] as const) {
    expect(mint.isValid(nonce, address, wallMs), `${address} ${wallMs}`).toBe(expected);
  }
});

test('processes that share the key take each other’s nonces, others do not', () => {
  const nonce = mint.issue('::1', 5000);
  expect(new NonceMint(new Uint8Array(16).fill(1), 1000).isValid(nonce, '::1', 5000)).toBe(true);
  expect(new NonceMint(new Uint8Array(16).fill(2), 1000).isValid(nonce, '::1', 5000)).toBe(false);
});

test('a nonce with any digit changed is not good', () => {
  const nonce = mint.issue('::1', 5000);
  fc.assert(
    fc.property(fc.nat(nonce.length - 1), fc.constantFrom(...'0123456789abcdefx'.split('')), (at, digit) => {
      fc.pre(nonce[at] !== digit);
      expect(mint.isValid(nonce.slice(0, at) + digit + nonce.slice(at + 1), '::1', 5000)).toBe(false);
    }),
  );
});
