import { expect, test } from 'vitest';
import { parseListenAddress } from './listen-address.ts';

test.each([
  [':1935', { port: 1935 }],
  ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['[::1]:1935', { host: '::1', port: 1935 }],
  ['[::]:65535', { host: '::', port: 65_535 }],
  ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
])('%s is an address', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each([
  '',
  '1935',
  ':',
  ':65536',
  ':-1',
  '::1:1935',
  'a b:1',
  'http://h:1',
  ':1935 ',
  '[::1]',
  ':123456',
])('"%s" is none', (text) => {
  expect(parseListenAddress(text)).toBeUndefined();
});
