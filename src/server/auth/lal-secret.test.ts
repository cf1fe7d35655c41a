import { expect, test } from 'vitest';
import { parseConfig } from '../config/load-config.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { isLalSecret, lalSecretOf } from './lal-secret.ts';

function auth(key: string, master = ''): ServerConfig['simple_auth'] {
  const text = JSON.stringify({ simple_auth: { key, dangerous_lal_secret: master } });
  return parseConfig(text, 'test config').config.simple_auth;
}

/** Computed with md5sum. */
const EXAMPLES = [
  ['q191201771', 'test110', '700997e1595a06c9ffa60ebef79105b0'],
  ['mykey', 'camera-01', '3bee801946f8718abe714f0a2358e988'],
] as const;

test.each(EXAMPLES)(
  'with the key %s the secret of %s is %s, in letters of either case',
  (key, name, secret) => {
    expect(lalSecretOf(key, name)).toBe(secret);
    expect(isLalSecret(auth(key), name, secret)).toBe(true);
    expect(isLalSecret(auth(key), name, secret.toUpperCase())).toBe(true);
  },
);

test('the secret of another stream, one of another key, and what only begins like it open nothing', () => {
  const [[key, name, secret], [, , other]] = EXAMPLES;
  expect(isLalSecret(auth(key), 'test111', secret)).toBe(false);
  expect(isLalSecret(auth(`${key}x`), name, secret)).toBe(false);
  for (const wrong of [other, secret.slice(1), `${secret}0`, ` ${secret}`, key, '']) {
    expect(isLalSecret(auth(key), name, wrong)).toBe(false);
  }
});

test.each([
  ['master', 'master', true],
  ['master', 'MASTER', true],
  ['Master', 'Master', true],
  ['Master', 'master', false],
  ['Master', 'MASTER', false],
  ['master', 'masters', false],
  ['mäster', 'mÄSTER', true],
])('the master secret %s is opened by %s: %j', (master, received, isRight) => {
  expect(isLalSecret(auth('', master), 'any', received)).toBe(isRight);
});

test('an empty key and an empty master secret open nothing', () => {
  expect(isLalSecret(auth(''), 'test110', lalSecretOf('', 'test110'))).toBe(false);
  expect(isLalSecret(auth(''), 'test110', '')).toBe(false);
});

test('names of streams are hashed as UTF-8', () => {
  expect(lalSecretOf('k', '摄像头')).toBe('00bfb4a72bb6ff869b4693e695482ff6');
});
