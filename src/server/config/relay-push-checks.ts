import { addressTemplate, pushUrlProblemOf } from '../relay/push-targets.ts';
import type { CheckResult } from './config-checks.ts';
import type { ServerConfigValues } from './server-config.ts';

/** A URL that is none would be found out only when a publisher comes. */
export function checkRelayPushUrls({ relay_push: relayPush }: ServerConfigValues): CheckResult[] {
  return relayPush.url_list.flatMap(({ url }, index) => {
    const problem = pushUrlProblemOf(url);
    const text = `${problem}; allowed: for example "rtmps://host/{app}/{stream}?{param}"`;
    return problem === undefined ? [] : [{ key: `relay_push.url_list.${index}.url`, text }];
  });
}

/** lal starts with addresses that are none, and calls them in vain. */
export function relayPushAddressWarnings({ relay_push: relayPush }: ServerConfigValues): CheckResult[] {
  return relayPush.addr_list.flatMap((addr, index) => {
    const text = `"${addr}" is not "host:port"; nothing is pushed there`;
    return addressTemplate(addr) === undefined ? [{ key: `relay_push.addr_list.${index}`, text }] : [];
  });
}
