import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtInConfig } from './built-in-config.ts';
import { ConfigError, formatFinding } from './config-finding.ts';
import { effectiveConfigJson } from './effective-config.ts';
import { CONFIG_SEARCH_PATHS, loadConfigFile, parseConfig, searchConfigFile } from './load-config.ts';
import type { ServerConfig } from './server-config.ts';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/configs/', import.meta.url));

function configOf(text: string): ServerConfig {
  return parseConfig(text, 'c.json').config;
}

/** Warnings without the two that nearly every short text brings: version and missing keys. */
function warningsOf(text: string): string[] {
  return parseConfig(text, 'c.json')
    .warnings.filter(({ key, line }) => key !== 'conf_version' && line !== undefined)
    .map(formatFinding);
}

function errorOf(text: string): ConfigError {
  try {
    parseConfig(text, 'c.json');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('the text was accepted');
}

describe("lal's files", () => {
  test.each(readdirSync(fixtures))('%s loads', (name) => {
    expect(() => loadConfigFile(join(fixtures, name))).not.toThrow();
  });

  test('the 0.2.8 sample keeps its meaning under the newer names', () => {
    const { config } = loadConfigFile(join(fixtures, 'lal-0.2.8.conf.json'));
    expect(config.rtmp.addr).toBe(':1935');
    expect(config.in_session.add_dummy_audio_wait_audio_ms).toBe(150);
    expect(config.rtsp.out_wait_key_frame_flag).toBe(true);
    expect(config.record.enable_flv).toBe(true);
    expect(config.simple_auth).toMatchObject({ hls_m3u8_enable: true, pub_rtmp_enable: false });
  });

  test('the newest sample brings no warning', () => {
    const { config, warnings } = loadConfigFile(join(fixtures, 'lal-0.4.1.conf.json'));
    expect(warnings).toEqual([]);
    expect(config.httpflv.https_listen_addr).toBe(':4433');
    expect(config.hls.https_cert_file).toBe('./conf/cert.pem');
    expect(config.log.level).toBe(1);
  });

  test('an edge of the oldest layout is served at the addresses that it gives each output', () => {
    const { config, warnings } = loadConfigFile(join(fixtures, 'edge-0.1.0.conf.json'));
    expect(config.static_relay_pull).toEqual({ enable: true, addr: '127.0.0.1:1935', url_list: [] });
    expect(config.httpflv).toMatchObject({ http_listen_addr: ':28180', https_listen_addr: ':24443' });
    expect(config.hls).toMatchObject({ http_listen_addr: ':28181', url_pattern: '/hls/' });
    expect(config.httpts).toMatchObject({ http_listen_addr: ':28182', url_pattern: '/live/' });
    expect(warnings.map(({ key }) => key)).toEqual(['conf_version', undefined]);
  });

  test('what an output of the oldest layout gives says nothing beside a common address', () => {
    const text =
      '{"default_http": {"http_listen_addr": ":1"}, "hls": {"sub_listen_addr": ":2", "https_addr": ":3"}}';
    expect(configOf(text).hls).toMatchObject({ http_listen_addr: ':1', https_listen_addr: ':3' });
    expect(warningsOf(text)).toEqual([
      'c.json:1:73: hls.sub_listen_addr: the newer name default_http.http_listen_addr is there too and counts',
    ]);
  });
});

describe('comments and keys', () => {
  test('both kinds of comments, comment keys, trailing commas, a byte order mark and $schema are fine', () => {
    const text =
      '\uFEFF{ // one\n/* two */ "$schema": "x", "# three": [1], "rtmp": {"# four": {}, "gop_num": 3,},}';
    expect(configOf(text).rtmp.gop_num).toBe(3);
    expect(warningsOf(text)).toEqual([]);
  });

  test('keys match in any case, the exact spelling first', () => {
    expect(configOf('{"RTMP": {"Gop_Num": 3}}').rtmp.gop_num).toBe(3);
    expect(configOf('{"rtmp": {"gop_num": 1, "GOP_NUM": 2}}').rtmp.gop_num).toBe(1);
    expect(configOf('{"rtmp": {"GOP_NUM": 2, "gop_num": 1}}').rtmp.gop_num).toBe(1);
    expect(warningsOf('{"rtmp": {"gop_num": 1, "GOP_NUM": 2}}')).toEqual([
      'c.json:1:25: rtmp.gop_num: given more than once; the exact spelling counts',
    ]);
  });

  test('a key given twice counts the last time', () => {
    expect(configOf('{"rtmp": {"gop_num": 1, "gop_num": 2}}').rtmp.gop_num).toBe(2);
  });

  test('old names mean the new ones; the new one wins when both are there', () => {
    expect(configOf('{"relay_pull": {"addr": "h:1"}}').static_relay_pull.addr).toBe('h:1');
    const both = '{"static_relay_pull": {"addr": "new:1"},\n "Relay_Pull": {"addr": "old:1"}}';
    expect(configOf(both).static_relay_pull.addr).toBe('new:1');
    expect(warningsOf(both)).toEqual([
      'c.json:2:25: relay_pull.addr: the newer name static_relay_pull.addr is there too and counts',
    ]);
    expect(
      configOf('{"rtmp": {"add_dummy_audio_wait_audio_ms": 7}}').in_session.add_dummy_audio_wait_audio_ms,
    ).toBe(7);
  });

  test('an unknown key warns with its place and the nearest known key', () => {
    expect(
      warningsOf('{\n  "rtmp": { "gpo_num": 1 },\n  "htpflv": {},\n  "quite_something_else": 1\n}'),
    ).toEqual([
      'c.json:2:13: rtmp.gpo_num: unknown key, ignored; did you mean rtmp.gop_num?',
      'c.json:3:3: htpflv: unknown key, ignored; did you mean httpflv?',
      'c.json:4:3: quite_something_else: unknown key, ignored',
    ]);
  });

  test('keys that JavaScript objects are born with are just unknown keys', () => {
    const text = '{"__proto__": {"enable": true}, "constructor": 1, "rtmp": {"toString": 1, "__proto__": 2}}';
    expect(configOf(text).rtmp.enable).toBe(false);
    expect(warningsOf(text)).toHaveLength(4);
  });

  test('null is the zero value of a key, and a section of null is a missing section', () => {
    const config = configOf(
      '{"rtsp": {"out_wait_key_frame_flag": null}, "log": null, "limits": {"max_streams": null}}',
    );
    expect(config.rtsp.out_wait_key_frame_flag).toBe(false);
    expect(config.log.is_to_stdout).toBe(true);
    expect(config.limits.max_streams).toBe(10_000);
    expect(configOf('{"log": {"level": null}}').log.level).toBe(0);
  });

  test('keys missing from the file are listed once; those that may be missing are not', () => {
    const { warnings } = parseConfig('{"conf_version": "v0.4.1", "rtmp": {"enable": false}}', 'c.json');
    expect(warnings).toHaveLength(1);
    const { text, line } = warnings[0]!;
    expect(line).toBeUndefined();
    expect(text).toContain('rtmp.addr');
    expect(text).toContain(' hls.*, ');
    expect(text).not.toMatch(/rtmp\.enable|log\.|_listen_addr|limits|fanout|stream_key|hevc_form/);
  });

  test('another config version is only a warning', () => {
    const text = '{"conf_version": "v9"}';
    expect(parseConfig(text, 'c.json').warnings.map(formatFinding)[0]).toMatch(
      /^c\.json:1:18: conf_version: "v9", /,
    );
    expect(
      parseConfig('{"conf_version": "0.4.1"}', 'c').warnings.some(({ key }) => key === 'conf_version'),
    ).toBe(false);
  });
});

describe('mistakes', () => {
  const CASES: readonly [name: string, text: string, message: string][] = [
    [
      'a string for a number',
      '{\n "rtmp": {\n  "gop_num": "x"\n }\n}',
      'c.json:3:14: rtmp.gop_num: expected integer, found string "x"; allowed: a whole number, 0 or more',
    ],
    [
      'a fraction where lal wants an integer, even .0',
      '{"rtmp": {"gop_num": 3.0}}',
      'c.json:1:22: rtmp.gop_num: expected integer, found number 3.0; allowed: a whole number, 0 or more',
    ],
    [
      'a number below the range',
      '{"rtmp": {"gop_num": -1}}',
      'c.json:1:22: rtmp.gop_num: expected integer, found number -1; allowed: a whole number, 0 or more',
    ],
    [
      'a log level out of range',
      '{"log": {"level": 8}}',
      'c.json:1:19: log.level: expected integer, found number 8; allowed: a whole number from 0 to 7',
    ],
    [
      'a number for a switch',
      '{"rtmp": {"enable": 1}}',
      'c.json:1:21: rtmp.enable: expected boolean, found number 1; allowed: true or false',
    ],
    [
      'a word that is not among the allowed ones',
      '{"stream_key": "name"}',
      'c.json:1:16: stream_key: expected one of the allowed values, found string "name"; allowed: "stream" or "app_stream"',
    ],
    [
      'a list element of the wrong type',
      '{"relay_push": {"addr_list": ["a:1", 2]}}',
      'c.json:1:38: relay_push.addr_list.1: expected string, found number 2; allowed: a string in double quotes',
    ],
    [
      'a value for a section',
      '{"rtmp": true}',
      'c.json:1:10: rtmp: expected object, found boolean true; allowed: keys in braces',
    ],
    [
      'an address without a port',
      '{"rtmp": {"enable": true, "addr": "1935"}}',
      'c.json:1:35: rtmp.addr: expected a listen address, found "1935"; allowed: ":1935", "127.0.0.1:1935" or "[::1]:1935"',
    ],
    ['no object', '[1]', 'c.json:1:1: expected an object in braces, found a list'],
    ['an empty file', '', 'c.json:1:1: not valid JSON: expected a value'],
    ['a missing comma', '{"rtmp": {}\n "log": {}}', 'c.json:2:2: not valid JSON: expected a comma'],
  ];

  test.each(CASES)('%s is named with its place', (_name, text, message) => {
    expect(errorOf(text).message).toBe(message);
  });

  test('all mistakes come at once, in the order of the file, with the unknown keys beside them', () => {
    const error = errorOf(
      '{"rtmp": {"addr": 1, "gop_mun": 1},\n"log": {"level": "x"},\n"http_api": {"enable": 0}}',
    );
    expect(error.problems.map(({ key }) => key)).toEqual(['rtmp.addr', 'log.level', 'http_api.enable']);
    expect(error.warnings.map(({ key }) => key)).toEqual(['rtmp.gop_mun']);
  });

  test('a secret of the wrong type is not shown', () => {
    expect(errorOf('{"simple_auth": {"key": 1234567}}').message).not.toContain('1234567');
  });

  test('an address is not looked at while its switch is off', () => {
    expect(configOf('{"rtmp": {"enable": false, "addr": "nonsense"}}').rtmp.addr).toBe('nonsense');
  });

  test('HLS may not share address and pattern with FLV', () => {
    const both = (pattern: string): string =>
      `{"default_http": {"http_listen_addr": ":1"}, "httpflv": {"enable": true, "url_pattern": "/"},
        "hls": {"enable": true, "url_pattern": "${pattern}"}}`;
    expect(errorOf(both('/')).problems[0]!.key).toBe('hls.url_pattern');
    expect(configOf(both('/hls/')).hls.url_pattern).toBe('/hls/');
  });

  test('a check of URLs that is on needs a secret that is not empty, in one of the three keys', () => {
    const on = '"sub_rtmp_enable": true, "hls_m3u8_enable": true';
    const empty = errorOf(`{"simple_auth": {"key": "", ${on}}}`);
    expect(empty.code).toBe('ERR_CONFIG_INVALID');
    expect(empty.problems.map(formatFinding)).toEqual([
      expect.stringMatching(/^c\.json:1:48: simple_auth\.sub_rtmp_enable: is on, but .* nothing could pass/),
      expect.stringMatching(/^c\.json:1:73: simple_auth\.hls_m3u8_enable: is on, but/),
    ]);
    for (const key of ['key', 'dangerous_lal_secret', 'sign_key']) {
      expect(configOf(`{"simple_auth": {"${key}": "x", ${on}}}`).simple_auth.sub_rtmp_enable).toBe(true);
    }
    expect(configOf('{"simple_auth": {"key": "", "sub_rtmp_enable": false}}').simple_auth.key).toBe('');
  });

  test('a callback that decides needs somebody to ask, and less time than an admission may take', () => {
    const problemOf = (notify: object): string => {
      const text = JSON.stringify({ http_notify: notify });
      return errorOf(text).problems.map(({ key, text }) => `${key}: ${text}`)[0]!;
    };
    const url = 'http://127.0.0.1:1/';
    for (const name of ['on_pub_start', 'on_sub_start']) {
      const on = { [`${name}_blocking`]: true, [name]: url };
      expect(problemOf(on)).toContain(`http_notify.${name}_blocking: on, while http_notify.enable is false`);
      expect(problemOf({ ...on, enable: true, [name]: 'ftp://a/' })).toContain(
        `http_notify.${name} is no http`,
      );
      expect(problemOf({ ...on, enable: true, blocking_timeout_ms: 10_000 })).toContain(
        'http_notify.blocking_timeout_ms: expected less than limits.admission_timeout_ms (10000), found 10000',
      );
      expect(configOf(JSON.stringify({ http_notify: { ...on, enable: true } })).http_notify.enable).toBe(
        true,
      );
    }
  });

  test('a callback whose URL cannot be used is warned about, if callbacks are on at all', () => {
    const warned = (enable: boolean): string[] =>
      warningsOf(
        JSON.stringify({ http_notify: { enable, on_update: '127.0.0.1/a', on_pub_start: '' } }),
      ).filter((line) => line.includes('http_notify.on_'));
    expect(warned(true)).toEqual([
      expect.stringContaining('http_notify.on_update: is no http or https URL: this callback is not sent'),
    ]);
    expect(warned(false)).toEqual([]);
  });

  test('a static relay pull without a usable origin warns while it is on, or is refused', () => {
    const warned = (section: object): string[] =>
      warningsOf(JSON.stringify({ static_relay_pull: section })).filter((line) =>
        line.includes('relay_pull'),
      );
    expect(warned({ enable: true })).toEqual([
      expect.stringContaining('static_relay_pull.enable: on, but addr and url_list are empty'),
    ]);
    expect(warned({ enable: true, addr: 'rtmp://h' })).toEqual([
      expect.stringContaining('static_relay_pull.addr: "rtmp://h" is not "host:port"'),
    ]);
    expect(warned({ enable: false, addr: '???' })).toEqual([]);
    expect(warned({ enable: true, addr: 'h:1' })).toEqual([]);
    const url = 'ftp://user:secret@h/{stream}';
    const { message } = errorOf(JSON.stringify({ static_relay_pull: { url_list: [{ url }] } }));
    expect(message).toMatch(/static_relay_pull\.url_list\.0\.url: the URL does not start with rtmp/);
    expect(message).not.toContain('secret');
  });
});

test.each(['*', 'null', '', 'console.example', 'https://a.example/', 'https://A.example', 'ftp://a.example'])(
  '"%s" is no origin that a browser would send',
  (origin) => {
    const origins = JSON.stringify(['https://a.example:8443', 'http://127.0.0.1', origin]);
    const { problems } = errorOf(`{"http_api": {"allowed_origins": ${origins}}}`);
    expect(problems.map(({ key, text }) => `${key}: ${text}`)).toEqual([
      expect.stringContaining(`http_api.allowed_origins.2: "${origin}" is no web origin; `),
    ]);
  },
);

test.each(['two words', 'schl\u00fcssel', 'tab\t', 'line\n'])('%j is no token', (token) => {
  const { problems } = errorOf(JSON.stringify({ http_api: { token } }));
  expect(problems.map(({ key }) => key)).toEqual(['http_api.token']);
  expect(problems[0]!.text).not.toContain(token);
});

describe('values of missing keys', () => {
  test('an empty file switches everything off', () => {
    const config = configOf('{}');
    expect(config.rtmp.enable).toBe(false);
    expect(config.httpflv.url_pattern).toBe('');
    expect(config.hls.cleanup_mode).toBe(0);
    expect(config.log).toMatchObject({ level: 1, filename: './logs/lalserver.log', is_rotate_hourly: false });
    expect(config.log).toMatchObject({
      is_to_stdout: true,
      level_flag: true,
      assert_behavior: 1,
      format: 'lal',
    });
  });

  test('each listen key of an HTTP output comes from default_http on its own', () => {
    const config = configOf(`{
      "default_http": {"http_listen_addr": ":1", "https_listen_addr": ":2", "https_cert_file": "c", "https_key_file": "k"},
      "httpflv": {"http_listen_addr": ":3", "https_cert_file": ""}}`);
    expect(config.httpflv).toMatchObject({
      http_listen_addr: ':3',
      https_listen_addr: ':2',
      https_cert_file: 'c',
      https_key_file: 'k',
    });
    expect(config.hls.http_listen_addr).toBe(':1');
  });

  test('URL patterns have their value only while the section is on, and are repaired where they are', () => {
    const text = `{"default_http": {"http_listen_addr": ":1", "https_listen_addr": ":2"},
      "httpflv": {"enable_https": true},
      "httpts": {"enable": true, "url_pattern": "ts"},
      "hls": {"enable": true, "url_pattern": "hls/x"}}`;
    const config = configOf(text);
    expect(config.httpflv.url_pattern).toBe('/live/');
    expect(config.httpts.url_pattern).toBe('/ts/');
    expect(config.hls.url_pattern).toBe('/hls/x/');
    expect(warningsOf(text).filter((line) => line.includes('slash'))).toEqual([
      'c.json:3:49: httpts.url_pattern: must begin and end with a slash; taken as "/ts/"',
      'c.json:4:46: hls.url_pattern: must begin and end with a slash; taken as "/hls/x/"',
    ]);
    expect(
      configOf('{"default_http": {"http_listen_addr": ":1"}, "hls": {"enable": true}}').hls.url_pattern,
    ).toBe('/hls/');
  });

  test('the dependent HLS values follow their rules', () => {
    const on = (keys: string): ServerConfig['hls'] =>
      configOf(`{"hls": {"enable": true, "fragment_num": 5, "fragment_duration_ms": 2000 ${keys}}}`).hls;
    expect(on('')).toMatchObject({ cleanup_mode: 1, delete_threshold: 5, sub_session_timeout_ms: 0 });
    expect(on(', "cleanup_mode": 0, "delete_threshold": 0')).toMatchObject({
      cleanup_mode: 0,
      delete_threshold: 0,
    });
    expect(on(', "sub_session_hash_key": "k"').sub_session_timeout_ms).toBe(20_000);
    expect(on(', "sub_session_hash_key": "k", "sub_session_timeout_ms": 9').sub_session_timeout_ms).toBe(9);
    // 6 fragments of 3 s are made where the file says nothing of them.
    const { hls } = configOf('{"hls": {"enable": true, "sub_session_hash_key": "k"}}');
    expect(hls).toMatchObject({ delete_threshold: 6, sub_session_timeout_ms: 36_000 });
  });

  test('a player of RTSP waits for a key frame unless the file says otherwise', () => {
    expect(configOf('{"rtsp": {}}').rtsp.out_wait_key_frame_flag).toBe(true);
    expect(configOf('{"rtsp": {"out_wait_key_frame_flag": false}}').rtsp.out_wait_key_frame_flag).toBe(false);
  });
});

describe('lists of objects', () => {
  const listOf = (items: string): string => `{"relay_push": {"url_list": [${items}]}}`;
  const problemsOf = (items: string): string[] => errorOf(listOf(items)).problems.map(formatFinding);

  test('their keys follow the same rules as all others', () => {
    const text = listOf(`{"# to": "YouTube", "URL": "rtmps://h/live2/k", "streams": null, "stream": 1},
      {"url": "rtsp://h/{stream}", "rtsp_mode": 1, "verify_certificate": false}`);
    expect(configOf(text).relay_push.url_list).toEqual([
      {
        url: 'rtmps://h/live2/k',
        streams: '*',
        hevc_form: 'source',
        rtsp_mode: 0,
        verify_certificate: true,
      },
      {
        url: 'rtsp://h/{stream}',
        streams: '*',
        hevc_form: 'source',
        rtsp_mode: 1,
        verify_certificate: false,
      },
    ]);
    expect(warningsOf(text)).toEqual([
      'c.json:1:95: relay_push.url_list.0.stream: unknown key, ignored; did you mean relay_push.url_list.0.streams?',
    ]);
  });

  test('mistakes in them are named with their place', () => {
    expect(problemsOf('{"url": "rtmp://h/a/b"}, "rtmp://h"')).toEqual([
      'c.json:1:55: relay_push.url_list.1: expected object, found a string (not shown: it is a secret); allowed: keys in braces',
    ]);
    expect(problemsOf('{"streams": "a"}')).toEqual([
      'c.json:1:30: relay_push.url_list.0.url: expected string, found nothing; allowed: a string in double quotes',
    ]);
    expect(problemsOf('{"url": "rtmp://h/a/b", "rtsp_mode": 2}')).toEqual([
      'c.json:1:67: relay_push.url_list.0.rtsp_mode: expected integer, found number 2; allowed: a whole number from 0 to 1',
    ]);
    expect(problemsOf('null')).toHaveLength(1);
    expect(errorOf('{"relay_push": {"url_list": {}}}').problems.map(formatFinding)).toEqual([
      'c.json:1:29: relay_push.url_list: expected array, found an object; allowed: a list of objects in brackets',
    ]);
    expect(errorOf('{"rtmp": {"addr": {}}}').problems.map(formatFinding)).toEqual([
      'c.json:1:19: rtmp.addr: expected string, found an object; allowed: a string in double quotes',
    ]);
  });

  test('of a list given twice nothing of the first is left', () => {
    const one = '{"url": "rtmp://h/a/1", "rtsp_mode": 1}, {"url": "rtmp://h/a/2"}';
    const text = `{"relay_push": {"url_list": [${one}], "addr_list": ["a:1", "b:1"],
      "url_list": [{"url": "rtmp://h/a/3"}], "addr_list": ["c:1"]}}`;
    const { url_list: urls, addr_list: addresses } = configOf(text).relay_push;
    expect(urls.map(({ url, rtsp_mode: mode }) => [url, mode])).toEqual([['rtmp://h/a/3', 0]]);
    expect(addresses).toEqual(['c:1']);
  });

  test('URLs that nothing can be pushed to are refused and not shown; addresses only warn, as lal starts with them', () => {
    expect(problemsOf('{"url": "http://h/secret"}')).toEqual([
      expect.stringMatching(/^c\.json:1:38: relay_push\.url_list\.0\.url: the URL does not start with rtmp:/),
    ]);
    expect(problemsOf('{"url": "http://h/secret"}').join('')).not.toContain('secret');
    expect(problemsOf('{"url": 5}').join('')).toContain('a number (not shown: it is a secret)');
    expect(warningsOf('{"relay_push": {"addr_list": ["h:1", "rtmp://h/x", ""]}}')).toEqual([
      'c.json:1:38: relay_push.addr_list.1: "rtmp://h/x" is not "host:port"; nothing is pushed there',
      'c.json:1:52: relay_push.addr_list.2: "" is not "host:port"; nothing is pushed there',
    ]);
  });

  test('secrets in them are not part of the effective config', () => {
    const shown = effectiveConfigJson(configOf(listOf('{"url": "rtmps://h/live2/abcd", "streams": "tv"}')));
    expect(shown).not.toContain('abcd');
    expect(shown).toContain('"streams": "tv"');
  });
});

describe('the result', () => {
  test('is frozen all the way down', () => {
    const config = configOf('{"relay_push": {"addr_list": ["a:1"]}}');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.rtmp)).toBe(true);
    expect(Object.isFrozen(config.relay_push.addr_list)).toBe(true);
  });

  test('built-in: media on all interfaces, control on loopback, no file, no secrets', () => {
    const config = builtInConfig();
    expect(config.rtmp).toMatchObject({ enable: true, addr: ':1935', rtmps_addr: ':4935' });
    expect(config.httpflv).toMatchObject({
      http_listen_addr: ':8080',
      https_listen_addr: ':4433',
      url_pattern: '/',
    });
    expect(config.http_api.addr).toBe('127.0.0.1:8083');
    expect(config.pprof.addr).toBe('127.0.0.1:8084');
    expect(config.log).toMatchObject({ filename: '', is_to_stdout: true });
    expect([config.simple_auth.key, config.simple_auth.dangerous_lal_secret, config.rtsp.password]).toEqual([
      '',
      '',
      '',
    ]);
  });

  test('effective config: a config file again, with every key, and without the secrets', () => {
    const text =
      '{"simple_auth": {"key": "very-secret"}, "rtsp": {"password": "also-secret"}, "rtmp": {"gop_num": 4}}';
    const effective = effectiveConfigJson(configOf(text));
    expect(effective).not.toMatch(/very-secret|also-secret/);
    expect(JSON.parse(effective)).toMatchObject({
      simple_auth: { key: '***', dangerous_lal_secret: '' },
      rtsp: { password: '***' },
      rtmp: { gop_num: 4 },
      limits: { max_stream_name_bytes: 255 },
    });
    expect(warningsOf(effective)).toEqual([]);
  });

  test('any text gives a config or a ConfigError', () => {
    const json = fc.json({ maxDepth: 4 });
    const nearMiss = fc.dictionary(
      fc.constantFrom('rtmp', 'log', 'relay_push', 'relay_pull', 'RTMP', '__proto__'),
      fc.oneof(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('enable', 'addr', 'gop_num', 'addr_list', 'level'), fc.jsonValue()),
      ),
    );
    const mutated = fc.tuple(nearMiss, fc.nat(), fc.string({ maxLength: 2 })).map(([value, at, insert]) => {
      const text = JSON.stringify(value);
      return text.slice(0, at % (text.length + 1)) + insert + text.slice(at % (text.length + 1));
    });
    fc.assert(
      fc.property(fc.oneof(json, mutated, fc.string()), (text) => {
        try {
          parseConfig(text, 'c.json');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('files', () => {
  const before = process.cwd();
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lal-config-'));
  });

  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  test('a file that cannot be read is a ConfigError that names it', () => {
    expect(() => loadConfigFile(join(folder, 'none.json'))).toThrow(/none\.json: cannot be read: .*ENOENT/);
  });

  test("lal's nine places are searched in order", () => {
    const deep = join(folder, 'a', 'b', 'c');
    mkdirSync(join(deep, 'conf'), { recursive: true });
    mkdirSync(join(folder, 'conf'));
    process.chdir(deep);
    expect(CONFIG_SEARCH_PATHS).toHaveLength(9);
    expect(searchConfigFile()).toBeUndefined();
    writeFileSync(join(folder, 'conf', 'lalserver.conf.json'), '{}');
    expect(searchConfigFile()).toBe('../../../conf/lalserver.conf.json');
    writeFileSync(join(deep, 'conf', 'lalserver.conf.json'), '{}');
    expect(searchConfigFile()).toBe('./conf/lalserver.conf.json');
    writeFileSync(join(deep, 'lalserver.conf.json'), '{}');
    expect(searchConfigFile()).toBe('lalserver.conf.json');
  });
});
