import { expect, test } from 'vitest';
import { hostOf, ipInNormalForm } from './address.ts';

test.each([
  ['192.0.2.1:5000', '192.0.2.1'],
  ['[2001:db8::1]:5000', '2001:db8::1'],
  ['', ''],
])('the host of "%s" is "%s"', (remoteAddress, host) => {
  expect(hostOf(remoteAddress)).toBe(host);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:C000:0201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '::1'],
])('%s is %s in normal form', (text, ip) => {
  expect(ipInNormalForm(text)).toBe(ip);
});

test.each([
  '',
  'localhost',
  '192.0.2',
  '192.0.2.256',
  '010.0.0.1',
  '192.0.2.1:80',
  '[::1]',
  '::1::',
  '%',
  '192.0.2.0/24',
])('"%s" is no IP address', (text) => {
  expect(ipInNormalForm(text)).toBeUndefined();
});
