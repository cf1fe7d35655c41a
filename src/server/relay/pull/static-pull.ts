import { ProtocolError } from '../../../bytes/protocol-error.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { matchesPattern } from '../push-pattern.ts';
import { lalTemplate, PullTemplate } from './pull-template.ts';
import type { PullOrigin, PullSettings } from './pull-settings.ts';

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
    const plain = { streams: '*', rtspTransport: 'tcp', verifyCertificate: true } as const;
    const lal = addr === '' ? [] : [usable(() => lalTemplate(addr), plain)];
    const others = urlList.map(
      ({ url, streams, rtsp_mode: rtspMode, verify_certificate: verifyCertificate }) => {
        const rtspTransport = rtspMode === 1 ? 'udp' : 'tcp';
        return usable(() => new PullTemplate(url), { streams, rtspTransport, verifyCertificate });
      },
    );
    this.#origins = enable ? [...lal, ...others].filter((origin) => origin !== undefined) : [];
  }

  get isOn(): boolean {
    return this.#origins.length > 0;
  }

  /** @returns `undefined` when no origin can have such a stream */
  settingsFor(address: StreamAddress): PullSettings | undefined {
    const origins = this.#origins.flatMap(({ template, streams, ...origin }): PullOrigin[] => {
      if (!matchesPattern(streams, address)) return [];
      try {
        return [{ ...origin, url: template.expand(address) }];
      } catch (error) {
        if (error instanceof ProtocolError) return [];
        throw error;
      }
    });
    return origins.length === 0 ? undefined : { ...STATIC_RULES, origins };
  }
}

function usable(make: () => PullTemplate, manner: Omit<StaticOrigin, 'template'>): StaticOrigin | undefined {
  try {
    return { ...manner, template: make() };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
