import type { KnownDifference } from './known-difference.ts';

/** What is said of streams and sessions. */
export const knownOfStatistics: readonly KnownDifference[] = [
  {
    reason: "statistics: 0.2.8's names of rates",
    where: /\.(?:pub|pull|subs\[\d+\])\.(?:read_|write_)?bitrate$/,
    kind: 'only ours',
  },
  {
    reason: 'statistics: more than lal has, of sessions',
    where: /\.subs\[\d+\]\.(?:queued_bytes|drop_count|dropped_frames|dropped_bytes)$/,
    kind: 'only ours',
  },
  {
    reason: 'statistics: more than lal has, of streams',
    where: /\.(?:pushs|in_jumps_repaired|in_non_monotonic_frames|ts_left_out|tracks|health|last_ends)$/,
    kind: 'only ours',
  },
  {
    reason:
      'statistics: bytes are those of the connection; lal counts none of FLV and TS, and only RTP of RTSP',
    where: /\.(?:read|wrote)_bytes_sum$/,
    kind: 'value',
    lal: /^0$/,
    ours: /^"<bytes>"$/,
  },
  {
    reason: 'statistics: codecs and size are those of the publisher, not of the one before',
    where: /group (?:when the publisher has left|after the stop) › body\.data\.(?:video|audio)_\w+$/,
    ours: /^(?:""|0)$/,
  },
];
