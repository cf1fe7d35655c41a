import type { KnownDifference } from './known-difference.ts';

const refusal = 'RTMP, RTSP: who is refused is told why';

/** What clients of RTMP and RTSP are told. */
export const knownOfRtmpAndRtsp: readonly KnownDifference[] = [
  {
    reason: refusal,
    where: /: answer\[1\]$/,
    lal: /^"NetStream\.(?:Publish|Play)\.Start"$/,
    ours: /^"NetStream\.(?:Publish\.BadName|(?:Publish|Play)\.Unauthorized)"$/,
  },
  {
    reason: refusal,
    where: /: answer › (?:ANNOUNCE|DESCRIBE)\.status$/,
    lal: /^"no answer"$/,
    ours: / 403 /,
  },
  { reason: refusal, where: /: answer › (?:ANNOUNCE|DESCRIBE)\.headers$/, kind: 'only ours' },
  {
    reason: 'RTSP: headers that lal does not send',
    where: /: answer › [A-Z]+\.headers\.(?:Server|Date|Content-Base|Range|RTP-Info)$/,
    kind: 'only ours',
  },
  { reason: 'RTSP: the order of headers', where: /: answer › [A-Z]+\.headers$/, kind: 'order' },
  { reason: 'RTSP: more methods', where: /: answer › OPTIONS\.headers\.Public$/ },
  { reason: 'RTSP: session ids', where: /: answer › (?:SETUP|PLAY)\.headers\.Session$/ },
];
