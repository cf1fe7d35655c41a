import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { matchesPattern } from '../stream-pattern.ts';
import { addressTemplate, UrlTemplate } from '../url-template.ts';
import type { PushManner } from './push-connection.ts';
import { PUSH_URLS, type PushTemplate } from './push-url.ts';

/** lal's: for the connection, and for the target's consent. */
export const PUSH_TIMEOUT_MS = 10_000;

/** A target of the config. */
export interface PushTarget {
  readonly template: PushTemplate;
  readonly manner: PushManner;
}

/** Where the config sends a stream: entries of `addr_list`, then of `url_list`. Those that cannot be used are left out. */
export function pushTargetsFor(address: StreamAddress, { relay_push: config }: ServerConfig): PushTarget[] {
  const targets: PushTarget[] = [];
  for (const addr of config.addr_list) {
    const template = undefinedIfMalformed(() => addressTemplate(addr, '?{param}', PUSH_URLS));
    if (template === undefined) continue;
    const manner = { hevcForm: 'source', rtspTransport: 'tcp', verifyCertificate: true } as const;
    targets.push({ template, manner: { ...manner, timeoutMs: PUSH_TIMEOUT_MS } });
  }
  for (const {
    url,
    streams,
    hevc_form: hevcForm,
    rtsp_mode: rtspMode,
    verify_certificate,
  } of config.url_list) {
    const template = undefinedIfMalformed(() => new UrlTemplate(url, PUSH_URLS));
    if (template === undefined || !matchesPattern(streams, address)) continue;
    const manner: PushManner = {
      hevcForm,
      rtspTransport: rtspMode === 1 ? 'udp' : 'tcp',
      verifyCertificate: verify_certificate,
      timeoutMs: PUSH_TIMEOUT_MS,
    };
    targets.push({ template, manner });
  }
  return targets;
}
