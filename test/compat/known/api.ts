import type { KnownDifference } from './known-difference.ts';

const version = /^"lal\d+\.\d+\.\d+"$/;

/** Answers of the HTTP API, but for statistics and relays. */
export const knownOfApi: readonly KnownDifference[] = [
  { reason: 'the version is ours', where: /headers\.Server$/i, lal: version, ours: version },
  { reason: 'the version is ours', where: /\.(?:lal_version|bin_info)$/, kind: 'value' },
  { reason: 'API: answers are no HTML', where: /headers\.X-Content-Type-Options$/, kind: 'only ours' },
  { reason: 'API: a wrong parameter is named', where: /body\.detail$/, kind: 'only ours' },
  { reason: 'API: warnings of unsafe configs', where: /body\.data\.warnings$/, kind: 'only ours' },
  {
    reason: 'API: answers have a length',
    where: /group with viewers › headers\.(?:Transfer-Encoding|Content-Length)$/,
  },
  { reason: 'API: a name that is badly escaped is taken as it is', where: /› group, badly escaped › body\./ },
  { reason: 'API: a preflight does nothing', where: /preflights and unknown paths › OPTIONS / },
  { reason: 'API: foreign pages change nothing', where: /› add_ip_blacklist for a page ›/ },
  { reason: 'API: stop_rtp_pub exists', where: /GET \/api\/ctrl\/stop_rtp_pub ›/ },
  { reason: 'slashes that are written twice count once', where: /GET \/api\/\/stat\/all_group ›/ },
  { reason: 'API: the page is a file, with a policy', where: /GET \/lal\.html ›/ },
  { reason: 'blacklist: an address has to be one', where: /blacklist › an address that is none › body/ },
  {
    reason: 'start_rtp_pub: a port beyond all ports is a wrong parameter',
    where: /a (?:port that is none|negative port) › body\.(?:error_code|desp)$/,
    lal: /^(?:2002|"address -?\d+: invalid port")$/,
  },
  {
    reason: 'start_rtp_pub: the system’s words for a port that is taken',
    where: /start_rtp_pub: ports › .*body\.desp$/,
    lal: /bind: address already in use"$/,
    ours: /EADDRINUSE/,
  },
  { reason: 'start_rtp_pub: any free port will do', where: /start_rtp_pub.* › start › body\.data\.port$/ },
  {
    reason: 'start_rtp_pub: a receiver over TCP ends when it is kicked',
    where: /start_rtp_pub over TCP › (?:never: gb-tcp is forgotten|kick again › body\.(?:error_code|desp))$/,
  },
];
