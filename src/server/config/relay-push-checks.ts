import { PUSH_URLS } from '../relay/push/push-url.ts';
import { addressTemplate, UrlTemplate, urlProblemOf } from '../relay/url-template.ts';
import type { CheckResult } from './config-checks.ts';
import type { ServerConfigValues } from './server-config.ts';

/** A URL that is none would be found out only when a publisher comes. */
export function checkRelayPushUrls({ relay_push: relayPush }: ServerConfigValues): CheckResult[] {
  return relayPush.url_list.flatMap(({ url }, index) => {
    const problem = urlProblemOf(() => new UrlTemplate(url, PUSH_URLS));
    const text = `${problem}; allowed: for example "rtmps://host/{app}/{stream}?{param}"`;
    return problem === undefined ? [] : [{ key: `relay_push.url_list.${index}.url`, text }];
  });
}

/** lal starts with addresses that are none, and calls them in vain. */
export function relayPushAddressWarnings({ relay_push: relayPush }: ServerConfigValues): CheckResult[] {
  return relayPush.addr_list.flatMap((addr, index) => {
    const problem = urlProblemOf(() => addressTemplate(addr, '?{param}', PUSH_URLS));
    const text = `"${addr}" is not "host:port"; nothing is pushed there`;
    return problem === undefined ? [] : [{ key: `relay_push.addr_list.${index}`, text }];
  });
}
