import { RtspReader } from '../protocol/rtsp/rtsp-reader.ts';
import type { RtspInterleavedPacket } from '../protocol/rtsp/rtsp-reader.ts';
import type { RtspRequest, RtspResponse } from '../protocol/rtsp/rtsp-message.ts';

/**
 * One answer: status and reason, then headers, one a line; a body behind an empty line. `CSeq` and `Content-Length` are
 * added where the text has none. An empty text is no answer; a function gives the whole message.
 */
type ScriptedAnswer = string | ((request: RtspRequest) => string);

/** By method: one answer for all requests, or one after the other, the last repeated. */
export type RtspScript = Readonly<Record<string, ScriptedAnswer | readonly ScriptedAnswer[]>>;

/** A description of an H.264 and a G.711 track, as a camera sends it. */
export const CAMERA_SDP: string = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=camera',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1;profile-level-id=42C01E',
  'a=control:trackID=0',
  'm=audio 0 RTP/AVP 8',
  'a=control:trackID=1',
  '',
].join('\r\n');

/** A camera that streams over TCP, to everybody. */
export const CAMERA_SCRIPT: RtspScript = {
  OPTIONS: '200 OK\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER',
  DESCRIBE: `200 OK\nContent-Base: rtsp://h/a/\nContent-Type: application/sdp\n\n${CAMERA_SDP}`,
  SETUP: [
    '200 OK\nSession: 42;timeout=60\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1',
    '200 OK\nSession: 42;timeout=60\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3',
  ],
  PLAY: '200 OK\nSession: 42',
  GET_PARAMETER: '200 OK\nSession: 42',
};

/** A server that takes what is announced, over TCP. */
export const RECORDER_SCRIPT: RtspScript = {
  ...CAMERA_SCRIPT,
  OPTIONS: '200 OK\nPublic: OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN',
  ANNOUNCE: '200 OK',
  RECORD: '200 OK',
};

/** A server that answers by a script, without a socket. */
export class ScriptedRtspServer {
  readonly requests: RtspRequest[] = [];
  readonly responses: RtspResponse[] = [];
  readonly packets: RtspInterleavedPacket[] = [];
  readonly #script: RtspScript;
  readonly #reader = new RtspReader();

  constructor(script: RtspScript) {
    this.#script = script;
  }

  /** Methods and URIs asked for so far. */
  get log(): string[] {
    return this.requests.map(({ method, uri }) => `${method} ${uri}`);
  }

  /** Takes bytes of the client. @returns what to send to it */
  receive(bytes: Uint8Array): Uint8Array {
    this.#reader.receive(bytes);
    let text = '';
    for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next()) {
      if (item.type === 'interleaved') this.packets.push(item);
      else if (item.type === 'response') this.responses.push(item.response);
      else text += this.#answer(item.request);
    }
    return new TextEncoder().encode(text);
  }

  #answer(request: RtspRequest): string {
    const asked = this.requests.filter(({ method }) => method === request.method).length;
    this.requests.push(request);
    const entry = this.#script[request.method] ?? '501 Not Implemented';
    const answers: readonly ScriptedAnswer[] = Array.isArray(entry) ? entry : [entry as ScriptedAnswer];
    const answer = answers[Math.min(asked, answers.length - 1)]!;
    return typeof answer === 'function' ? answer(request) : scriptedMessage(answer, request);
  }
}

/** The message that an answer of a script stands for. */
export function scriptedMessage(answer: string, request: RtspRequest): string {
  if (answer === '') return '';
  const [head = '', ...rest] = answer.split('\n\n');
  const body = rest.join('\n\n');
  const lines = [`RTSP/1.0 ${head}`.replaceAll('\n', '\r\n')];
  if (!/^CSeq:/im.test(head)) lines.push(`CSeq: ${request.headers.get('CSeq')}`);
  if (body !== '') lines.push(`Content-Length: ${new TextEncoder().encode(body).length}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
