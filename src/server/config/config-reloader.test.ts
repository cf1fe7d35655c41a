import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { ConfigError } from './config-finding.ts';
import { ConfigReloader, type ConfigSource } from './config-reloader.ts';
import { ConfigStore } from './config-store.ts';
import { parseConfig, type LoadedConfig } from './load-config.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly changed?: string[];
  readonly keys?: string[];
}

const warn = 40;
const error = 50;

let lines: Line[];
let store: ConfigStore;

beforeEach(() => {
  lines = [];
  store = new ConfigStore(loaded('{}').config);
});

function loaded(text: string): LoadedConfig {
  return parseConfig(text, 'x.json');
}

function reloaderOf(source: ConfigSource | undefined): ConfigReloader {
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Line) });
  return new ConfigReloader(store, source, logger);
}

test('a config that was read again is in force; the answer and the log say what it changed and what not', () => {
  const text = '{ "server_id": "2", "rtmp": { "addr": ":1", "gop": 1 } }';
  const reload = reloaderOf(() => loaded(text)).readAgain();
  expect(reload).toMatchObject({
    applied: [{ key: 'server_id', effect: 'now' }],
    needsRestart: ['rtmp.addr'],
  });
  expect(store.current.server_id).toBe('2');
  expect(lines.find(({ changed }) => changed)?.changed).toEqual(['server_id']);
  expect(lines.find(({ keys }) => keys)).toMatchObject({ level: warn, keys: ['rtmp.addr'] });
  expect(lines.some(({ level, msg }) => level === warn && msg.includes('rtmp.gop: unknown key'))).toBe(true);
  expect('warnings' in reload && reload.warnings.some(({ key }) => key === 'rtmp.gop')).toBe(true);
});

test('one that changes nothing says so', () => {
  expect(reloaderOf(undefined).use(loaded('{}').config)).toEqual({ applied: [], needsRestart: [] });
  expect(lines.map(({ msg }) => msg)).toEqual(['config reloaded: no changes']);
});

test.each([
  ['broken JSON', '{ "server_id": "2"', 'ERR_CONFIG_SYNTAX'],
  ['a wrong value', '{ "server_id": "2", "limits": { "max_streams": -1 } }', 'ERR_CONFIG_INVALID'],
])('%s changes nothing, and is explained', (_, text, code) => {
  const result = reloaderOf(() => loaded(text)).readAgain();
  expect(result).toBeInstanceOf(ConfigError);
  expect(result).toMatchObject({ code });
  expect(store.current).toEqual(loaded('{}').config);
  expect(lines.every(({ level }) => level === error)).toBe(true);
  expect(lines[0]!.msg).toBe('the config cannot be used; nothing has changed');
  expect(lines[1]!.msg).toMatch(/^x\.json:1:\d+: /);
});

test('a server that was started without a file says that there is none', () => {
  expect(reloaderOf(undefined).readAgain()).toMatchObject({
    code: 'ERR_CONFIG_UNREADABLE',
    message: 'config: the server was not started from a file that could be read again',
  });
});

test('a fault of the source is not taken for a mistake in the config', () => {
  const reloader = reloaderOf(() => {
    throw new TypeError('fault');
  });
  expect(() => reloader.readAgain()).toThrow('fault');
});
