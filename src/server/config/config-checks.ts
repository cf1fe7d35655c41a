import { fileNameProblemOf } from '../../output/record/file-name.ts';
import { parseCallbackUrl } from '../notify/callback-endpoint.ts';
import { CALLBACK_NAMES } from '../notify/callback-names.ts';
import type { ServerConfigValues } from './server-config.ts';
import { LISTEN_ADDRESS_FORM, parseListenAddress } from './listen-address.ts';

/** What a check has to say about one key. */
export interface CheckResult {
  readonly key: string;
  readonly text: string;
}

/** Everything that opens a port: its switch, its address, and whether a missing address merely means "not served". */
const LISTENERS: readonly { readonly on: string; readonly addr: string; readonly optional?: boolean }[] = [
  { on: 'rtmp.enable', addr: 'rtmp.addr' },
  { on: 'rtmp.rtmps_enable', addr: 'rtmp.rtmps_addr' },
  // lal's own edge sample switches HTTP outputs on and gives no address; it starts all the same.
  { on: 'httpflv.enable', addr: 'httpflv.http_listen_addr', optional: true },
  { on: 'httpflv.enable_https', addr: 'httpflv.https_listen_addr', optional: true },
  { on: 'httpts.enable', addr: 'httpts.http_listen_addr', optional: true },
  { on: 'httpts.enable_https', addr: 'httpts.https_listen_addr', optional: true },
  { on: 'hls.enable', addr: 'hls.http_listen_addr', optional: true },
  { on: 'hls.enable_https', addr: 'hls.https_listen_addr', optional: true },
  { on: 'rtsp.enable', addr: 'rtsp.addr' },
  { on: 'rtsp.rtsps_enable', addr: 'rtsp.rtsps_addr' },
  { on: 'rtsp.ws_rtsp_enable', addr: 'rtsp.ws_rtsp_addr' },
  { on: 'http_api.enable', addr: 'http_api.addr' },
  { on: 'pprof.enable', addr: 'pprof.addr' },
];

/** Addresses of the listeners that are switched on. */
export function checkListenAddresses(config: ServerConfigValues): {
  problems: CheckResult[];
  warnings: CheckResult[];
} {
  const problems: CheckResult[] = [];
  const warnings: CheckResult[] = [];
  for (const { on, addr, optional = false } of LISTENERS) {
    if (valueAt(config, on) !== true) continue;
    const address = String(valueAt(config, addr));
    if (address === '' && optional) {
      warnings.push({
        key: on,
        text: `on, but ${addr} is empty and default_http has no value for it: not served`,
      });
    } else if (parseListenAddress(address) === undefined) {
      const text = `expected a listen address, found "${address}"; allowed: ${LISTEN_ADDRESS_FORM}`;
      problems.push({ key: addr, text });
    }
  }
  return { problems, warnings };
}

/** On one address HLS needs a pattern of its own: FLV and TS tell each other apart by the suffix, HLS does not. */
export function checkUrlPatterns(config: ServerConfigValues): CheckResult[] {
  const { hls } = config;
  const clashes = (['httpflv', 'httpts'] as const).filter((name) => {
    const other = config[name];
    const onHttp = hls.enable && other.enable && hls.http_listen_addr === other.http_listen_addr;
    const onHttps =
      hls.enable_https && other.enable_https && hls.https_listen_addr === other.https_listen_addr;
    return (onHttp || onHttps) && hls.url_pattern === other.url_pattern;
  });
  return clashes.map((name) => ({
    key: 'hls.url_pattern',
    text: `"${hls.url_pattern}" is also ${name}.url_pattern on the same address; allowed: a pattern of its own`,
  }));
}

/** A template that gives no usable names would be found out only when a publisher comes. */
export function checkRecordFileName({ record }: ServerConfigValues): CheckResult[] {
  const removesFiles = record.retention_sec > 0 || record.retention_bytes > 0;
  const problem =
    fileNameProblemOf(record.file_name) ??
    // Any file of that kind would pass for a recording, and be removed.
    (removesFiles && !/\{(unix|unix_ms|date)\}/.test(record.file_name)
      ? 'with retention on it must have {unix}, {unix_ms} or {date}, or foreign files could be taken for recordings'
      : undefined);
  if (problem === undefined) return [];
  const text = `"${record.file_name}": ${problem}; allowed: for example "{stream}-{unix}" or "{date}/{stream}-{time}"`;
  return [{ key: 'record.file_name', text }];
}

/** A check of credentials that everybody passes would be worse than none; and a track takes two ports. */
export function checkRtsp({ rtsp }: ServerConfigValues): CheckResult[] {
  const results: CheckResult[] = [];
  const isAuthOn = rtsp.auth_enable || rtsp.auth_publish_enable;
  for (const key of ['username', 'password'] as const) {
    if (isAuthOn && rtsp[key] === '') {
      results.push({
        key: `rtsp.${key}`,
        text: 'is empty while RTSP clients are asked for it; allowed: a text',
      });
    }
  }
  if (rtsp.udp_port_max <= rtsp.udp_port_min) {
    const text = `expected more than rtsp.udp_port_min (${rtsp.udp_port_min}), found ${rtsp.udp_port_max}`;
    results.push({ key: 'rtsp.udp_port_max', text });
  }
  return results;
}

/** Browsers send origins in one spelling; another one would never match. */
export function checkAllowedOrigins({ http_api: api }: ServerConfigValues): CheckResult[] {
  return api.allowed_origins.flatMap((origin, index) => {
    if (/^https?:/.test(origin) && URL.parse(origin)?.origin === origin) return [];
    const example = '"https://console.example.com", without a path';
    const text = `"${origin}" is no web origin; allowed: for example ${example}`;
    return [{ key: `http_api.allowed_origins.${index}`, text }];
  });
}

/** Clients send it in a header, which cannot carry everything. */
export function checkApiToken({ http_api: api }: ServerConfigValues): CheckResult[] {
  if (/^[!-~]*$/.test(api.token)) return [];
  const text =
    'has a character that no Authorization header can carry; allowed: letters, digits and signs of ASCII, no spaces';
  return [{ key: 'http_api.token', text }];
}

/** A check that nobody could pass, or that an empty secret would pass, is none that was meant. */
export function checkSimpleAuth({ simple_auth: auth }: ServerConfigValues): CheckResult[] {
  if (auth.key !== '' || auth.dangerous_lal_secret !== '' || auth.sign_key !== '') return [];
  return Object.entries(auth)
    .filter(([, value]) => value === true)
    .map(([key]) => ({
      key: `simple_auth.${key}`,
      text:
        'is on, but simple_auth.key, dangerous_lal_secret and sign_key are all empty, and nothing could pass the check; ' +
        'allowed: a text in one of them, or false here',
    }));
}

/** A question that nobody could be asked is worse than none: it would let in everybody, or nobody. */
export function checkHttpNotify({ http_notify: notify, limits }: ServerConfigValues): {
  problems: CheckResult[];
  warnings: CheckResult[];
} {
  const problems: CheckResult[] = [];
  const warnings: CheckResult[] = [];
  const blocking = (['on_pub_start', 'on_sub_start'] as const).filter((name) => notify[`${name}_blocking`]);
  for (const name of blocking) {
    const key = `http_notify.${name}_blocking`;
    if (!notify.enable) {
      problems.push({
        key,
        text: 'on, while http_notify.enable is false: nobody would be asked; allowed: false',
      });
    } else if (parseCallbackUrl(notify[name]) === undefined) {
      problems.push({ key, text: `on, while http_notify.${name} is no http or https URL; allowed: false` });
    }
  }
  if (blocking.length > 0 && notify.blocking_timeout_ms >= limits.admission_timeout_ms) {
    const text = `expected less than limits.admission_timeout_ms (${limits.admission_timeout_ms}), found ${notify.blocking_timeout_ms}`;
    problems.push({ key: 'http_notify.blocking_timeout_ms', text });
  }
  for (const name of notify.enable ? CALLBACK_NAMES : []) {
    if (notify[name] !== '' && parseCallbackUrl(notify[name]) === undefined) {
      warnings.push({
        key: `http_notify.${name}`,
        text: 'is no http or https URL: this callback is not sent',
      });
    }
  }
  return { problems, warnings };
}

function valueAt(config: ServerConfigValues, path: string): unknown {
  const [section, key] = path.split('.') as [keyof ServerConfigValues, string];
  return (config[section] as unknown as Record<string, unknown>)[key];
}
