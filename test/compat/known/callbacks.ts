import type { KnownDifference } from './known-difference.ts';

const noPull = 'Callbacks: `on_relay_pull_stop` of a pull that never started';
const refusedByRtsp = 'Callbacks: `on_pub_stop`, `on_sub_stop` of RTSP clients that were refused';

/** Requests to receivers, and which of them there are. */
export const knownOfCallbacks: readonly KnownDifference[] = [
  {
    topic: 'Callbacks: connections',
    where: /on_\w+.*headers\.connection$/,
    ours: /^"keep-alive"$/,
  },
  {
    topic: 'Callbacks: headers',
    where: /on_\w+.*headers\.(?:accept-encoding|user-agent)$/,
    lal: /^"(?:gzip|Go-http-client\/1\.1)"$/,
  },
  { topic: 'Callbacks: why a session ended', where: /on_\w+_stop .*body\.end_code$/, kind: 'only ours' },
  {
    topic: 'Callbacks: names in `on_relay_pull_start`, `on_relay_pull_stop`',
    where: /on_relay_pull_\w+ .*body\.local_(?:app|stream)_name$/,
    kind: 'only ours',
  },
  {
    topic: 'Callbacks: byte sums in start events',
    where: /on_(?:pub|sub)_start RTMPPUBSUB\S*(?: viewer| publisher)?.*\.(?:read|wrote)_bytes_sum$/,
    ours: /^0$/,
  },
  { topic: noPull, where: /on_relay_pull_stop \w+<#\d+>$/, kind: 'only lal' },
  {
    topic: noPull,
    where: /› callbacks about (?:silent|nothing|failing|x|)$/,
    kind: 'only lal',
    lal: /^\{"on_relay_pull_stop /,
  },
  { topic: refusedByRtsp, where: /on_pub_stop RTSPPUB<.*publisher.*>$/, kind: 'only lal' },
  { topic: refusedByRtsp, where: /› wrong secrets › .*on_sub_stop RTSPSUB<[^>]*>$/, kind: 'only lal' },
  {
    topic: 'Who may publish and play: odd names',
    where: /› callbacks about (?:\.\.|un\w+|)$/,
    kind: 'only lal',
  },
  {
    topic: 'Who may publish and play: `add_ip_blacklist`',
    where: /› blacklist › .*on_sub_\w+ FLVPUBSUB<FLV viewer>$/,
    kind: 'only lal',
  },
  {
    topic: 'Who may publish and play: `add_ip_blacklist`',
    where: /› blacklist › .*<FLV viewer from before>\.body\.has_out_session$/,
  },
  {
    topic: 'Viewers over HTTP: slashes and dots in a path',
    where: /on_sub_\w+ FLVPUBSUB<FLV, two slashes>$/,
    kind: 'only ours',
  },
  {
    topic: 'Viewers over HTTP: slashes and dots in a path',
    where: /› callbacks about f › .*<FLV, deep>\.body\.has_out_session$/,
  },
  {
    topic: 'HLS: `app_name` of viewers of `/hls/APP/NAME/playlist.m3u8`',
    where: /on_sub_\w+ HLSSUB.*body\.app_name$/,
  },
];
