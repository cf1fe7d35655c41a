import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  hasSignature,
  signatureFaultOf,
  signedQuery,
  type SignedGrant,
  type SignedRequest,
} from './signed-query.ts';

const KEY = 'a key of the operator';
const EXPIRES_SEC = 1_700_003_600;
const GRANT: SignedGrant = { action: 'play', streamKey: 'test110', expiresSec: EXPIRES_SEC };
const REQUEST: SignedRequest = {
  action: 'play',
  streamKey: 'test110',
  remoteHost: '192.0.2.1',
  wallMs: 1_700_000_000_000,
};

function faultOf(query: string, request: Partial<SignedRequest> = {}, key = KEY): string | undefined {
  return signatureFaultOf(key, new URLSearchParams(query), { ...REQUEST, ...request });
}

test('a signature lets in until it expires, to the millisecond', () => {
  const query = signedQuery(KEY, GRANT);
  expect(query).toMatch(/^lal_expire=1700003600&lal_sign=[\da-f]{64}$/);
  expect(faultOf(query)).toBeUndefined();
  expect(faultOf(query.replace(/[\da-f]{64}/, (sign) => sign.toUpperCase()))).toBeUndefined();
  expect(faultOf(query, { wallMs: EXPIRES_SEC * 1000 - 1 })).toBeUndefined();
  expect(faultOf(query, { wallMs: EXPIRES_SEC * 1000 })).toBe('ERR_AUTH_EXPIRED');
});

test('it is good for one stream, one direction and one key', () => {
  const query = signedQuery(KEY, GRANT);
  expect(faultOf(query, { streamKey: 'test111' })).toBe('ERR_AUTH_SIGNATURE');
  expect(faultOf(query, { action: 'publish' })).toBe('ERR_AUTH_SIGNATURE');
  expect(faultOf(query, {}, 'another key')).toBe('ERR_AUTH_SIGNATURE');
  expect(faultOf(signedQuery(KEY, { ...GRANT, action: 'publish' }), { action: 'publish' })).toBeUndefined();
});

test('one with an address is good for that address alone, however it is written', () => {
  const query = signedQuery(KEY, { ...GRANT, ip: '192.0.2.1' });
  expect(query).toMatch(/^lal_expire=1700003600&lal_ip=192\.0\.2\.1&lal_sign=/);
  expect(faultOf(query)).toBeUndefined();
  expect(faultOf(query, { remoteHost: '192.0.2.2' })).toBe('ERR_AUTH_ADDRESS');
  expect(faultOf(query, { remoteHost: '' })).toBe('ERR_AUTH_ADDRESS');
  const mapped = signedQuery(KEY, { ...GRANT, ip: '::ffff:192.0.2.1' });
  expect(faultOf(mapped)).toBeUndefined();
  const six = signedQuery(KEY, { ...GRANT, ip: '2001:DB8:0:0::1' });
  expect(faultOf(six, { remoteHost: '2001:db8::1' })).toBeUndefined();
  expect(faultOf(six)).toBe('ERR_AUTH_ADDRESS');
});

test('what is signed cannot be changed, added or taken away', () => {
  const free = signedQuery(KEY, GRANT);
  const bound = signedQuery(KEY, { ...GRANT, ip: '192.0.2.1' });
  for (const query of [
    free.replace('1700003600', '1800000000'),
    free.replace('lal_expire=1700003600&', ''),
    `${free}&lal_ip=192.0.2.1`,
    bound.replace('lal_ip=192.0.2.1&', ''),
    bound.replace('192.0.2.1', '192.0.2.2'),
    bound.replace('lal_ip', 'lal_ip=192.0.2.2&lal_ip'),
    free.slice(0, -1),
    `${free}0`,
    'lal_expire=1700003600&lal_sign=',
  ]) {
    expect(faultOf(query, { remoteHost: '192.0.2.2' }), query).toBe('ERR_AUTH_SIGNATURE');
  }
});

test('an expiry that is no number of seconds is none, even if it was signed', () => {
  for (const expiresSec of [-1, 1.5, 1e12, 1e21, NaN, Infinity]) {
    expect(faultOf(signedQuery(KEY, { ...GRANT, expiresSec }))).toBe('ERR_AUTH_SIGNATURE');
  }
});

test('only a signature that is not empty counts as one', () => {
  expect(hasSignature(new URLSearchParams(signedQuery(KEY, GRANT)))).toBe(true);
  expect(hasSignature(new URLSearchParams('lal_expire=1&lal_sign='))).toBe(false);
  expect(hasSignature(new URLSearchParams('lal_secret=x'))).toBe(false);
});

test.each(['', '2001:db8::1'])(
  'the shell lines of docs/auth.md make the same signature (address "%s")',
  (ip) => {
    const page = readFileSync(fileURLToPath(new URL('../../../docs/auth.md', import.meta.url)), 'utf8');
    const script = /```sh\n(KEY=[^]*?openssl[^]*?)```/
      .exec(page)![1]!
      .replace(/^KEY=.*$/m, `KEY='${KEY}'`)
      .replace(/^STREAM=.*$/m, 'STREAM=test110')
      .replace(/^EXPIRE=.*$/m, `EXPIRE=${EXPIRES_SEC}`)
      .replace(/^IP=.*$/m, `IP=${ip}`);
    const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    const expected = new URLSearchParams(signedQuery(KEY, { ...GRANT, ip }));
    for (const [name, value] of expected) expect(new URLSearchParams(printed.trim()).get(name)).toBe(value);
  },
);
