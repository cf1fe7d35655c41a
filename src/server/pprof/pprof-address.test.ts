import { expect, test } from 'vitest';
import { pprofAddress } from './pprof-address.ts';

test.each([
  [':8084', '127.0.0.1:8084', true],
  ['0.0.0.0:8084', '127.0.0.1:8084', true],
  ['192.168.1.7:8084', '127.0.0.1:8084', true],
  ['[::]:8084', '127.0.0.1:8084', true],
  ['example.org:8084', '127.0.0.1:8084', true],
  ['127.example.org:8084', '127.0.0.1:8084', true],
  ['127.0.0.1:8084', '127.0.0.1:8084', false],
  ['127.1.2.3:0', '127.1.2.3:0', false],
  ['localhost:8084', 'localhost:8084', false],
  ['[::1]:8084', '[::1]:8084', false],
])('%s is taken as %s unless other machines are allowed', (addr, address, isNarrowed) => {
  expect(pprofAddress({ addr, allow_remote: false })).toEqual({ address, isNarrowed });
  expect(pprofAddress({ addr, allow_remote: true })).toEqual({ address: addr, isNarrowed: false });
});
