import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { matchesPattern } from '../stream-pattern.ts';
import { addressTemplate, UrlTemplate } from '../url-template.ts';
import type { PullOrigin, PullSettings } from './pull-settings.ts';
import { PULL_URLS, type PullTemplate } from './pull-url.ts';

/** lal's: ten seconds to connect, tries without end, and none that nobody watches. */
const STATIC_RULES = { timeoutMs: 10_000, retryNum: -1, autoStopMs: 0, dumpPath: undefined } as const;

interface StaticOrigin extends Omit<PullOrigin, 'url'> {
  readonly template: PullTemplate;
  /** Pattern of the streams it has. */
  readonly streams: string;
}

/** `static_relay_pull` of the config: where streams are pulled from that viewers ask for and nobody publishes. */
export class StaticPull {
  readonly #origins: readonly StaticOrigin[];

  /** Origins that cannot be used are left out; the config's checks have told of them. */
  constructor({ static_relay_pull: config }: Pick<ServerConfig, 'static_relay_pull'>) {
    const { enable, addr, url_list: urlList } = config;
    const lal = {
      template: addr === '' ? undefined : undefinedIfMalformed(() => addressTemplate(addr, '', PULL_URLS)),
      streams: '*',
      rtspTransport: 'tcp',
      verifyCertificate: true,
    } as const;
    const others = urlList.map((origin) => ({
      template: undefinedIfMalformed(() => new UrlTemplate(origin.url, PULL_URLS)),
      streams: origin.streams,
      rtspTransport: origin.rtsp_mode === 1 ? ('udp' as const) : ('tcp' as const),
      verifyCertificate: origin.verify_certificate,
    }));
    this.#origins = enable ? [lal, ...others].filter(isUsable) : [];
  }

  get isOn(): boolean {
    return this.#origins.length > 0;
  }

  /** @returns `undefined` when no origin can have such a stream */
  settingsFor(address: StreamAddress): PullSettings | undefined {
    const origins = this.#origins.flatMap(({ template, streams, ...origin }): PullOrigin[] => {
      if (!matchesPattern(streams, address)) return [];
      const url = undefinedIfMalformed(() => template.expand(address));
      return url === undefined ? [] : [{ ...origin, url }];
    });
    return origins.length === 0 ? undefined : { ...STATIC_RULES, origins };
  }
}

function isUsable<Origin extends { readonly template: PullTemplate | undefined }>(
  origin: Origin,
): origin is Origin & { readonly template: PullTemplate } {
  return origin.template !== undefined;
}
