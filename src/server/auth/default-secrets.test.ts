import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { builtInConfig } from '../config/built-in-config.ts';
import { effectiveConfigJson } from '../config/effective-config.ts';
import { loadConfigFile, parseConfig } from '../config/load-config.ts';
import { MediaServer } from '../media-server.ts';
import { securityWarnings } from './default-secrets.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Those of lal's samples, in the order in which lal writes them. */
const [KEY, MASTER] = ['q191201771', 'pengrl'];

/** The keys that are warned about. */
function warnedKeys(config: object): string[] {
  return securityWarnings(parseConfig(JSON.stringify(config), 'test config').config).map((text) => {
    expect(text).not.toMatch(`${KEY}|${MASTER}`);
    return text.split(' ', 1)[0]!;
  });
}

const both = { key: KEY, dangerous_lal_secret: MASTER };

test.each([
  [
    'a check is on',
    { simple_auth: { ...both, sub_httpts_enable: true } },
    ['simple_auth.key', 'simple_auth.dangerous_lal_secret'],
  ],
  [
    'one of them is left',
    { simple_auth: { key: 'own', dangerous_lal_secret: MASTER, pub_rtmp_enable: true } },
    ['simple_auth.dangerous_lal_secret'],
  ],
  ['it signs URLs', { simple_auth: { sign_key: MASTER, pub_rtmp_enable: true } }, ['simple_auth.sign_key']],
  ['no check is on', { simple_auth: both }, []],
  ['all are own', { simple_auth: { key: 'a', dangerous_lal_secret: 'b', pub_rtmp_enable: true } }, []],
  [
    'RTSP asks players',
    { rtsp: { auth_enable: true, username: KEY, password: MASTER } },
    ['rtsp.username', 'rtsp.password'],
  ],
  [
    'RTSP asks publishers',
    { rtsp: { auth_publish_enable: true, username: 'me', password: KEY } },
    ['rtsp.password'],
  ],
  ['RTSP asks nobody', { rtsp: { username: KEY, password: MASTER } }, []],
  [
    'HLS viewers have ids',
    { default_http: { http_listen_addr: ':1' }, hls: { enable: true, sub_session_hash_key: KEY } },
    ['hls.sub_session_hash_key'],
  ],
  ['HLS is off', { hls: { sub_session_hash_key: KEY } }, []],
])('secrets that everybody knows are named when %s', (_when, config, keys) => {
  expect(warnedKeys(config)).toEqual(keys);
});

test("lal's sample of 0.2.8, which has a check on, starts; every start says so, and the server shows it", async () => {
  const { config } = loadConfigFile(join(root, 'test/fixtures/configs/lal-0.2.8.conf.json'));
  expect(securityWarnings(config)).toHaveLength(2);
  const lines: { level: number; msg: string }[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[0]);
  const auth = parseConfig(JSON.stringify({ simple_auth: config.simple_auth }), 'test config').config;
  // A log that is nearly quiet is no reason to miss it.
  for (const [index, level] of ['warn', 'error', 'silent'].entries()) {
    const server = new MediaServer(auth, { logger: pino({ level }, { write }) });
    expect(server.securityWarnings).toEqual(securityWarnings(config));
    await server.start();
    await server.close();
    expect(lines.filter(({ msg }) => msg.startsWith('SECURITY: simple_auth.'))).toHaveLength(2 * (index + 1));
  }
});

test('a reload that brings one says so as well', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const configOf = (section: object) =>
    parseConfig(JSON.stringify({ simple_auth: { pub_rtmp_enable: true, ...section } }), 'test config').config;
  const server = new MediaServer(configOf({ key: 'own' }), { logger: pino({ level: 'warn' }, { write }) });
  server.reload(configOf({ key: KEY }));
  expect(lines).toEqual([expect.stringMatching(/^SECURITY: simple_auth\.key /)]);
  expect(server.securityWarnings).toHaveLength(1);
});

test('what we write, ship or generate has none of them', () => {
  const known = new RegExp(`${MASTER}|(?<!github\\.com/)${KEY}`);
  expect(effectiveConfigJson(builtInConfig())).not.toMatch(known);
  const files = [
    'README.md',
    'CHANGELOG.md',
    ...['conf', 'docs', 'examples', 'scripts', 'bin'].flatMap(filesBelow),
  ];
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => known.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
}
