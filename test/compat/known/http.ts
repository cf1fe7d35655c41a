import type { KnownDifference } from './known-difference.ts';

const refusal = 'HTTP: a refusal is an answer, with a status, headers and a text';
const anyMethod = 'HTTP: methods other than GET and HEAD are no GET';

/** Streams and HLS over HTTP and WebSocket. */
export const knownOfHttp: readonly KnownDifference[] = [
  {
    reason: 'HTTP: pages may send any header',
    where: /headers\.Access-Control-Allow-Headers$/,
    lal: /^"Content-Type"$/,
    ours: /^"\*"$/,
  },
  { reason: 'HTTP: streams have a Date', where: /viewer.*: answer › headers\.Date$/, kind: 'only ours' },
  { reason: 'HTTP: streams have a Date', where: /› FLV[\w, ]+: answer › headers\.Date$/, kind: 'only ours' },
  { reason: 'slashes that are written twice count once', where: /FLV, two slashes: answer ›/ },
  { reason: 'HTTP: dots are no way to another folder', where: /FLV, dots in the path: answer ›/ },
  { reason: refusal, where: /GET \/\S*: answer ›/ },
  { reason: refusal, where: /› blacklist › FLV viewer: answer ›/ },
  {
    reason: refusal,
    where: /› wrong secrets › \S+ viewer with .*: answer › status$/,
    lal: /^"no answer"$/,
    ours: / 403 /,
  },
  { reason: refusal, where: /› wrong secrets › \S+ viewer with .*: answer › headers$/, kind: 'only ours' },
  { reason: refusal, where: /› wrong secrets › \S+ viewer with .*: answer › closed$/, kind: 'only lal' },
  { reason: refusal, where: /› wrong secrets › HLS (?:full )?list with .* › / },
  {
    reason: refusal,
    where:
      /› (?:HLS, viewers [\w ]+|blacklist) › .* › (?:headers\.(?:Server|Access-Control-Allow-\w+|Content-Type)|isEmpty)$/,
    ours: /^(?:"lal\d.*"|"\*"|"true"|"text\/plain"|false)$/,
    lal: /^(?:|true)$/,
  },
  {
    reason: 'HLS: an unknown path is none',
    where: /› (?:something else|the folder) › status$/,
    ours: /^404$/,
  },
  { reason: 'HLS: redirects have our headers', where: /› the folder without a slash ›/ },
  { reason: anyMethod, where: /› (?:list by POST|preflight) ›/ },
  {
    reason: 'HLS: the registered type of lists',
    where: /headers\.Content-Type$/,
    lal: /^"application\/x-mpegurl"$/,
    ours: /^"application\/vnd\.apple\.mpegurl"$/,
  },
  {
    reason: 'HLS: conditional and range requests, compression',
    where: /headers\.(?:Accept-Ranges|ETag|Last-Modified|Vary)$/,
    kind: 'only ours',
  },
  {
    reason: 'HLS: fragments have a length',
    where: /› fragment[^›]* › headers\.(?:Transfer-Encoding|Content-Length)$/,
  },
  { reason: 'HLS: lists say more', where: /› text of the (?:full )?list › extra\[\d\]$/, kind: 'only ours' },
  {
    reason: 'HLS: a redirect has no body',
    where: /› (?:headers\.Content-Type|isEmpty)$/,
    lal: /^(?:"text\/html; charset=utf-8"|false)$/,
    ours: /^(?:|true)$/,
  },
  { reason: 'HLS: a redirect says who sends it', where: /› headers\.Server$/, kind: 'only ours' },
  {
    reason: 'WebSocket: the words and the order of the handshake',
    where: /: answer › (?:status|headers|headers\.Keep-Alive)$/,
    lal: /Switching Protocol"|Sec-WebSocket-Accept|timeout=15/,
  },
];
