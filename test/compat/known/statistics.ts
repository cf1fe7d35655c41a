import type { KnownDifference } from './known-difference.ts';

/** What is said of streams and sessions. */
export const knownOfStatistics: readonly KnownDifference[] = [
  {
    topic: 'Statistics: rates of sessions',
    where: /\.(?:pub|pull|subs\[\d+\])\.(?:read_|write_)?bitrate$/,
    kind: 'only ours',
  },
  {
    topic: "Statistics: keys beyond lal's",
    where: /\.subs\[\d+\]\.(?:queued_bytes|drop_count|dropped_frames|dropped_bytes)$/,
    kind: 'only ours',
  },
  {
    topic: "Statistics: keys beyond lal's",
    where: /\.(?:pushs|in_jumps_repaired|in_non_monotonic_frames|ts_left_out|tracks|health|last_ends)$/,
    kind: 'only ours',
  },
  {
    topic: 'Statistics: byte sums of sessions',
    where: /\.(?:read|wrote)_bytes_sum$/,
    kind: 'value',
    lal: /^0$/,
    ours: /^"<bytes>"$/,
  },
  {
    topic: 'Statistics: codecs and size over time',
    where: /group (?:when the publisher has left|after the stop) › body\.data\.(?:video|audio)_\w+$/,
    ours: /^(?:""|0)$/,
  },
];
