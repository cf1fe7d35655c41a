import pino from 'pino';
import { expect, test } from 'vitest';
import { ConfigStore } from '../config/config-store.ts';
import { parseConfig } from '../config/load-config.ts';
import { exposureWarning, warnOfExposure } from './exposure.ts';

test.each([
  ['::', '', true],
  ['0.0.0.0', '', true],
  ['192.168.1.2', '', true],
  ['127.0.0.1', '', false],
  ['::1', '', false],
  ['::', 'secret', false],
])('a port on %s with the token "%s" is warned about: %s', (address, token, isWarned) => {
  const { config } = parseConfig(JSON.stringify({ http_api: { addr: ':8083', token } }), 'test config');
  const warning = exposureWarning(config.http_api, address);
  expect(warning?.startsWith('whoever reaches :8083 ') ?? false).toBe(isWarned);
});

test('the log says so at the start, and again when a reload takes the token away', () => {
  const configOf = (section: object) =>
    parseConfig(JSON.stringify({ http_api: { addr: ':8083', ...section } }), 'test config').config;
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const configStore = new ConfigStore(configOf({}));
  const stop = warnOfExposure({ config: configStore.current, configStore, logger }, '::');
  expect(lines.splice(0)).toMatchObject([expect.stringContaining('SECURITY: whoever reaches :8083 ')]);
  configStore.apply(configOf({ token: 'secret' }));
  configStore.apply(configOf({ token: 'secret', metrics_enable: true }));
  expect(lines).toEqual([]);
  configStore.apply(configOf({ metrics_enable: true }));
  expect(lines.splice(0)).toMatchObject([expect.stringContaining('SECURITY: whoever reaches :8083 ')]);
  stop();
  configStore.apply(configOf({ token: 'secret' }));
  configStore.apply(configOf({}));
  expect(lines).toEqual([]);
});
