import { hlsSettings } from '../../output/hls/hls-settings.ts';
import type { HttpListenConfig, HttpOutputConfig, ServerConfigValues } from './server-config.ts';

/** lal's values for a pattern that is missing while the section is on. */
const MISSING_URL_PATTERN = { httpflv: '/live/', httpts: '/live/', hls: '/hls/' } as const;

const MISSING_CLEANUP_MODE = 1;

/**
 * Fills in the values that depend on other keys, in place.
 * @param has whether the file gave a key
 * @returns for each pattern that had to be repaired, its key and what was done
 */
export function deriveValues(
  config: ServerConfigValues,
  has: (path: string) => boolean,
): { key: string; text: string }[] {
  const repairs: { key: string; text: string }[] = [];
  for (const name of ['httpflv', 'httpts', 'hls'] as const) {
    const section = config[name];
    inheritListenSettings(section, config.default_http);
    const pattern = urlPattern(section, MISSING_URL_PATTERN[name]);
    // Saying nothing about a missing pattern: it has its documented value then.
    if (section.url_pattern !== '' && pattern !== section.url_pattern) {
      const text = `must begin and end with a slash; taken as "${pattern}"`;
      repairs.push({ key: `${name}.url_pattern`, text });
    }
    section.url_pattern = pattern;
  }
  deriveHls(config, has);
  return repairs;
}

/** Each key for itself: a section may have its own port and still the common certificate. */
function inheritListenSettings(section: HttpListenConfig, common: HttpListenConfig): void {
  for (const key of ['http_listen_addr', 'https_listen_addr', 'https_cert_file', 'https_key_file'] as const) {
    if (section[key] === '') section[key] = common[key];
  }
}

/** An empty pattern can serve nothing, so it counts as missing. */
function urlPattern(section: HttpOutputConfig, missing: string): string {
  if (section.url_pattern === '') return isOn(section) ? missing : '';
  const start = section.url_pattern.startsWith('/') ? '' : '/';
  const end = section.url_pattern.endsWith('/') ? '' : '/';
  return start + section.url_pattern + end;
}

/** lal looks at `hls.enable` alone, so that an https-only server never cleans up; either switch counts here. */
function deriveHls(config: ServerConfigValues, has: (path: string) => boolean): void {
  const { hls } = config;
  const { fragmentNum, fragmentDurationMs } = hlsSettings(hls, () => 0);
  if (isOn(hls)) {
    if (!has('hls.cleanup_mode')) hls.cleanup_mode = MISSING_CLEANUP_MODE;
    if (!has('hls.delete_threshold')) hls.delete_threshold = fragmentNum;
  }
  if (hls.sub_session_hash_key !== '' && hls.sub_session_timeout_ms === 0) {
    hls.sub_session_timeout_ms = fragmentNum * fragmentDurationMs * 2;
  }
}

function isOn(section: HttpOutputConfig): boolean {
  return section.enable || section.enable_https;
}
