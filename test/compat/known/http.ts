import type { KnownDifference } from './known-difference.ts';

const refusal = 'Who may publish and play: who is refused';
const methods = 'Viewers over HTTP: methods';

/** Streams and HLS over HTTP and WebSocket. */
export const knownOfHttp: readonly KnownDifference[] = [
  {
    topic: 'Viewers over HTTP: headers of answers',
    where: /headers\.Access-Control-Allow-Headers$/,
    lal: /^"Content-Type"$/,
    ours: /^"\*"$/,
  },
  {
    topic: 'Viewers over HTTP: headers of answers',
    where: /viewer.*: answer › headers\.Date$/,
    kind: 'only ours',
  },
  {
    topic: 'Viewers over HTTP: headers of answers',
    where: /› FLV[\w, ]+: answer › headers\.Date$/,
    kind: 'only ours',
  },
  { topic: 'Viewers over HTTP: slashes and dots in a path', where: /FLV, two slashes: answer ›/ },
  { topic: 'Viewers over HTTP: slashes and dots in a path', where: /FLV, dots in the path: answer ›/ },
  { topic: 'Who may publish and play: odd names', where: /GET \/(?:live\/%2e%2e)?\.flv: answer ›/ },
  { topic: 'Viewers over HTTP: unknown path on the HTTP port', where: /GET \/\S*: answer ›/ },
  { topic: refusal, where: /› blacklist › FLV viewer: answer ›/ },
  {
    topic: refusal,
    where: /› wrong secrets › \S+ viewer with .*: answer › status$/,
    lal: /^"no answer"$/,
    ours: / 403 /,
  },
  { topic: refusal, where: /› wrong secrets › \S+ viewer with .*: answer › headers$/, kind: 'only ours' },
  { topic: refusal, where: /› wrong secrets › \S+ viewer with .*: answer › closed$/, kind: 'only lal' },
  { topic: refusal, where: /› wrong secrets › HLS (?:full )?list with .* › / },
  {
    topic: 'HLS: refusals',
    where:
      /› (?:HLS, viewers [\w ]+|blacklist) › .* › (?:headers\.(?:Server|Access-Control-Allow-\w+|Content-Type)|isEmpty)$/,
    ours: /^(?:"lal\d.*"|"\*"|"true"|"text\/plain"|false)$/,
    lal: /^(?:|true)$/,
  },
  {
    topic: 'HLS: an unknown path',
    where: /› (?:something else|the folder) › status$/,
    ours: /^404$/,
  },
  { topic: 'HLS: redirects', where: /› the folder without a slash ›/ },
  { topic: methods, where: /› (?:list by POST|preflight) ›/ },
  {
    topic: 'HLS: `Content-Type` of lists',
    where: /headers\.Content-Type$/,
    lal: /^"application\/x-mpegurl"$/,
    ours: /^"application\/vnd\.apple\.mpegurl"$/,
  },
  {
    topic: 'HLS: conditional and range requests, compression',
    where: /headers\.(?:Accept-Ranges|ETag|Last-Modified|Vary)$/,
    kind: 'only ours',
  },
  {
    topic: 'HLS: conditional and range requests, compression',
    where: /› fragment[^›]* › headers\.(?:Transfer-Encoding|Content-Length)$/,
  },
  { topic: 'HLS: tags', where: /› text of the (?:full )?list › extra\[\d\]$/, kind: 'only ours' },
  {
    topic: 'HLS: redirects',
    where: /› (?:headers\.Content-Type|isEmpty)$/,
    lal: /^(?:"text\/html; charset=utf-8"|false)$/,
    ours: /^(?:|true)$/,
  },
  { topic: 'HLS: redirects', where: /› headers\.Server$/, kind: 'only ours' },
  {
    topic: 'Viewers over HTTP: WebSocket handshake',
    where: /: answer › (?:status|headers|headers\.Keep-Alive)$/,
    lal: /Switching Protocol"|Sec-WebSocket-Accept|timeout=15/,
  },
];
