import type { KnownDifference } from './known-difference.ts';

const stopWithoutStart = 'callbacks: no stop without its start';

/** Requests to receivers, and which of them there are. */
export const knownOfCallbacks: readonly KnownDifference[] = [
  {
    reason: 'callbacks: connections are kept',
    where: /on_\w+.*headers\.connection$/,
    ours: /^"keep-alive"$/,
  },
  {
    reason: 'callbacks: the client is not Go',
    where: /on_\w+.*headers\.(?:accept-encoding|user-agent)$/,
    lal: /^"(?:gzip|Go-http-client\/1\.1)"$/,
  },
  { reason: 'callbacks: stop events say why', where: /on_\w+_stop .*body\.end_code$/, kind: 'only ours' },
  {
    reason: 'callbacks: pulls say what the stream is called here',
    where: /on_relay_pull_\w+ .*body\.local_(?:app|stream)_name$/,
    kind: 'only ours',
  },
  {
    reason: 'callbacks: sums of start events are 0; lal counts the handshake of RTMP',
    where: /on_(?:pub|sub)_start RTMPPUBSUB\S*(?: viewer| publisher)?.*\.(?:read|wrote)_bytes_sum$/,
    ours: /^0$/,
  },
  { reason: stopWithoutStart, where: /on_relay_pull_stop \w+<#\d+>$/, kind: 'only lal' },
  {
    reason: stopWithoutStart,
    where: /› callbacks about (?:silent|nothing|failing|x|)$/,
    kind: 'only lal',
    lal: /^\{"on_relay_pull_stop /,
  },
  { reason: stopWithoutStart, where: /on_pub_stop RTSPPUB<.*publisher.*>$/, kind: 'only lal' },
  { reason: stopWithoutStart, where: /› wrong secrets › .*on_sub_stop RTSPSUB<[^>]*>$/, kind: 'only lal' },
  {
    reason: 'callbacks: who is refused is not told of',
    where: /› callbacks about (?:\.\.|un\w+|)$/,
    kind: 'only lal',
  },
  {
    reason: 'blacklist: for every protocol',
    where: /› blacklist › .*on_sub_\w+ FLVPUBSUB<FLV viewer>$/,
    kind: 'only lal',
  },
  {
    reason: 'blacklist: for every protocol',
    where: /› blacklist › .*<FLV viewer from before>\.body\.has_out_session$/,
  },
  {
    reason: 'slashes that are written twice count once',
    where: /on_sub_\w+ FLVPUBSUB<FLV, two slashes>$/,
    kind: 'only ours',
  },
  {
    reason: 'slashes that are written twice count once',
    where: /› callbacks about f › .*<FLV, deep>\.body\.has_out_session$/,
  },
  {
    reason: 'HLS: the app is what stands before the name of the stream',
    where: /on_sub_\w+ HLSSUB.*body\.app_name$/,
  },
];
