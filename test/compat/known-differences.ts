/** The differences that are wanted; docs/lal-compatibility.md tells operators of them. */
import type { Difference } from './differences.ts';
import { knownOfApi } from './known/api.ts';
import { knownOfCallbacks } from './known/callbacks.ts';
import { knownOfHttp } from './known/http.ts';
import type { KnownDifference } from './known/known-difference.ts';
import { knownOfRelays } from './known/relays.ts';
import { knownOfRtmpAndRtsp } from './known/rtmp-and-rtsp.ts';
import { knownOfStatistics } from './known/statistics.ts';

/** The first that fits counts. */
export const knownDifferences: readonly KnownDifference[] = [
  ...knownOfCallbacks,
  ...knownOfApi,
  ...knownOfStatistics,
  ...knownOfRelays,
  ...knownOfHttp,
  ...knownOfRtmpAndRtsp,
];

/** What became of a comparison. */
export interface Verdict {
  readonly unknown: readonly Difference[];
  /** By topic. */
  readonly known: ReadonlyMap<string, readonly Difference[]>;
}

export function judge(
  differences: readonly Difference[],
  rules: readonly KnownDifference[] = knownDifferences,
): Verdict {
  const unknown: Difference[] = [];
  const known = new Map<string, Difference[]>();
  for (const difference of differences) {
    const topic = rules.find((rule) => fits(rule, difference))?.topic;
    if (topic === undefined) unknown.push(difference);
    else known.set(topic, [...(known.get(topic) ?? []), difference]);
  }
  return { unknown, known };
}

function fits({ where, kind, lal, ours }: KnownDifference, difference: Difference): boolean {
  return (
    where.test(difference.where) &&
    (kind === undefined || kind === difference.kind) &&
    (lal === undefined || lal.test(JSON.stringify(difference.lal) ?? '')) &&
    (ours === undefined || ours.test(JSON.stringify(difference.ours) ?? ''))
  );
}
