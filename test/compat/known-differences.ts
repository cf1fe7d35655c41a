/** The differences that are wanted, with the reason for each; docs/lal-compatibility.md tells operators of them. */
import type { Difference } from './differences.ts';
import { knownOfApi } from './known/api.ts';
import { knownOfCallbacks } from './known/callbacks.ts';
import { knownOfHttp } from './known/http.ts';
import type { KnownDifference } from './known/known-difference.ts';
import { knownOfRelays } from './known/relays.ts';
import { knownOfRtmpAndRtsp } from './known/rtmp-and-rtsp.ts';
import { knownOfStatistics } from './known/statistics.ts';

const known: readonly KnownDifference[] = [
  ...knownOfCallbacks,
  ...knownOfApi,
  ...knownOfStatistics,
  ...knownOfRelays,
  ...knownOfHttp,
  ...knownOfRtmpAndRtsp,
];

/** What became of a comparison. */
export interface Verdict {
  readonly unexplained: readonly Difference[];
  /** Count of differences by reason. */
  readonly explained: ReadonlyMap<string, number>;
}

export function judge(differences: readonly Difference[]): Verdict {
  const unexplained: Difference[] = [];
  const explained = new Map<string, number>();
  for (const difference of differences) {
    const reason = known.find((entry) => fits(entry, difference))?.reason;
    if (reason === undefined) unexplained.push(difference);
    else explained.set(reason, (explained.get(reason) ?? 0) + 1);
  }
  return { unexplained, explained };
}

function fits({ where, kind, lal, ours }: KnownDifference, difference: Difference): boolean {
  return (
    where.test(difference.where) &&
    (kind === undefined || kind === difference.kind) &&
    (lal === undefined || lal.test(JSON.stringify(difference.lal) ?? '')) &&
    (ours === undefined || ours.test(JSON.stringify(difference.ours) ?? ''))
  );
}
