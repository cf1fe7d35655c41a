import type { KnownDifference } from './known-difference.ts';

const version = /^"lal\d+\.\d+\.\d+"$/;

/** Answers of the HTTP API, but for statistics and relays. */
export const knownOfApi: readonly KnownDifference[] = [
  { topic: 'Start and config: version', where: /headers\.Server$/i, lal: version, ours: version },
  { topic: 'Start and config: version', where: /\.(?:lal_version|bin_info)$/, kind: 'value' },
  { topic: 'HTTP API: headers of answers', where: /headers\.X-Content-Type-Options$/, kind: 'only ours' },
  { topic: 'HTTP API: a wrong parameter', where: /body\.detail$/, kind: 'only ours' },
  { topic: 'Start and config: a shipped secret in use', where: /body\.data\.warnings$/, kind: 'only ours' },
  {
    topic: 'HTTP API: headers of answers',
    where: /group with viewers › headers\.(?:Transfer-Encoding|Content-Length)$/,
  },
  { topic: 'HTTP API: `stream_name=%zz`, badly escaped', where: /› group, badly escaped › body\./ },
  { topic: 'HTTP API: a preflight', where: /preflights and unknown paths › OPTIONS / },
  { topic: 'HTTP API: pages of other origins', where: /› add_ip_blacklist for a page ›/ },
  { topic: 'HTTP API: calls that lal lacks', where: /GET \/api\/ctrl\/stop_rtp_pub ›/ },
  { topic: 'Viewers over HTTP: slashes and dots in a path', where: /GET \/api\/\/stat\/all_group ›/ },
  { topic: 'HTTP API: `/lal.html`', where: /GET \/lal\.html ›/ },
  {
    topic: 'Who may publish and play: `add_ip_blacklist`',
    where: /blacklist › an address that is none › body/,
  },
  {
    topic: 'GB28181: `start_rtp_pub` with a port beyond 65535',
    where: /a (?:port that is none|negative port) › body\.(?:error_code|desp)$/,
    lal: /^(?:2002|"address -?\d+: invalid port")$/,
  },
  {
    topic: 'HTTP API: `desp` of 2001 and 2002',
    where: /start_rtp_pub: ports › .*body\.desp$/,
    lal: /bind: address already in use"$/,
    ours: /EADDRINUSE/,
  },
  {
    topic: 'GB28181: the end of a receiver',
    where: /start_rtp_pub over TCP › (?:never: gb-tcp is forgotten|kick again › body\.(?:error_code|desp))$/,
  },
];
