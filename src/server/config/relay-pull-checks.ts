import { PULL_URLS } from '../relay/pull/pull-url.ts';
import { addressTemplate, UrlTemplate, urlProblemOf } from '../relay/url-template.ts';
import type { CheckResult } from './config-checks.ts';
import type { ServerConfigValues } from './server-config.ts';

/** A URL that is none would be found out only when a viewer comes. */
export function checkRelayPullUrls({ static_relay_pull: relayPull }: ServerConfigValues): CheckResult[] {
  return relayPull.url_list.flatMap(({ url }, index) => {
    const problem = urlProblemOf(() => new UrlTemplate(url, PULL_URLS));
    const text = `${problem}; allowed: for example "http://host/{app}/{stream}.flv?{param}"`;
    return problem === undefined ? [] : [{ key: `static_relay_pull.url_list.${index}.url`, text }];
  });
}

/** lal starts with an address that is none, or with none at all. */
export function relayPullAddressWarnings({
  static_relay_pull: relayPull,
}: ServerConfigValues): CheckResult[] {
  const { enable, addr, url_list: urlList } = relayPull;
  if (!enable) return [];
  if (addr !== '' && urlProblemOf(() => addressTemplate(addr, '', PULL_URLS)) !== undefined) {
    return [
      { key: 'static_relay_pull.addr', text: `"${addr}" is not "host:port"; nothing is pulled from there` },
    ];
  }
  const isIdle = addr === '' && urlList.length === 0;
  const text = 'on, but addr and url_list are empty: nothing is pulled';
  return isIdle ? [{ key: 'static_relay_pull.enable', text }] : [];
}
