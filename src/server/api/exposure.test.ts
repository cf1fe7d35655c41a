import { expect, test } from 'vitest';
import { parseConfig } from '../config/load-config.ts';
import { exposureWarning } from './exposure.ts';

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
  expect(warning?.startsWith('SECURITY: whoever reaches :8083 ') ?? false).toBe(isWarned);
});
