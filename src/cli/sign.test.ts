import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { signedQuery } from '../server/auth/signed-query.ts';
import { signCommand } from './sign.ts';

const NOW_SEC = 1_700_000_000;
let folder: string;
let printed: string[];
let complaints: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-sign-'));
  printed = [];
  complaints = '';
  vi.useFakeTimers({ now: NOW_SEC * 1000 + 999, toFake: ['Date'] });
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void (complaints += text));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complaints += String(text);
    return true;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  process.exitCode = undefined;
});

function configFile(simpleAuth: object): string {
  const file = join(folder, 'lal.conf.json');
  writeFileSync(file, JSON.stringify({ simple_auth: simpleAuth }));
  return file;
}

async function sign(...args: string[]): Promise<void> {
  await signCommand().exitOverride().parseAsync(args, { from: 'user' });
}

test('signs for playing within an hour, with the key of a config', async () => {
  await sign('test110', '-c', configFile({ sign_key: 'k' }));
  expect(printed).toEqual([
    signedQuery('k', { action: 'play', streamKey: 'test110', expiresSec: NOW_SEC + 3600 }),
  ]);
});

test('signs for publishing, from one address, for another time, with the key of the environment', async () => {
  vi.stubEnv('LAL_SIGN_KEY', 'k');
  await sign('live/a', '--publish', '-t', '2d', '--ip', '2001:DB8:0::1');
  expect(printed).toEqual([
    signedQuery('k', {
      action: 'publish',
      streamKey: 'live/a',
      expiresSec: NOW_SEC + 2 * 86_400,
      ip: '2001:db8::1',
    }),
  ]);
});

test('says so when there is no key', async () => {
  vi.stubEnv('LAL_SIGN_KEY', '');
  for (const [args, complaint] of [
    [[], /^No key: .*LAL_SIGN_KEY/],
    [['-c', configFile({ key: 'x' })], /sign_key is empty/],
    [['-c', join(folder, 'none.json')], /cannot be read/],
  ] as const) {
    complaints = '';
    process.exitCode = undefined;
    await sign('a', ...args);
    expect(complaints).toMatch(complaint);
    expect(process.exitCode).toBe(1);
  }
  expect(printed).toEqual([]);
});

test.each([
  ['-t', '0s'],
  ['-t', '1'],
  ['-t', '1.5h'],
  ['-t', '1w'],
  ['--ip', 'localhost'],
])('%s %s is refused', async (option, value) => {
  vi.stubEnv('LAL_SIGN_KEY', 'k');
  await expect(sign('a', option, value)).rejects.toThrow(/argument '.*' is invalid/);
  expect(printed).toEqual([]);
});
