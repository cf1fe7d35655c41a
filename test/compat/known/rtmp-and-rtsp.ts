import type { KnownDifference } from './known-difference.ts';

const refusal = 'Who may publish and play: who is refused';

/** What clients of RTMP and RTSP are told. */
export const knownOfRtmpAndRtsp: readonly KnownDifference[] = [
  {
    topic: refusal,
    where: /: answer\[1\]$/,
    lal: /^"NetStream\.(?:Publish|Play)\.Start"$/,
    ours: /^"NetStream\.(?:Publish\.BadName|(?:Publish|Play)\.Unauthorized)"$/,
  },
  {
    topic: refusal,
    where: /: answer › (?:ANNOUNCE|DESCRIBE)\.status$/,
    lal: /^"no answer"$/,
    ours: / 403 /,
  },
  { topic: refusal, where: /: answer › (?:ANNOUNCE|DESCRIBE)\.headers$/, kind: 'only ours' },
  {
    topic: 'RTSP: headers of answers',
    where: /: answer › [A-Z]+\.headers\.(?:Server|Date|Content-Base|Range|RTP-Info)$/,
    kind: 'only ours',
  },
  { topic: 'RTSP: headers of answers', where: /: answer › [A-Z]+\.headers$/, kind: 'order' },
  { topic: 'RTSP: PAUSE, GET_PARAMETER, SET_PARAMETER', where: /: answer › OPTIONS\.headers\.Public$/ },
  { topic: 'RTSP: session id', where: /: answer › (?:SETUP|PLAY)\.headers\.Session$/ },
];
