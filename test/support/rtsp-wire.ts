/** RTSP as bytes, for clients that are to say exactly what a test wants, right or wrong. */

type Headers = Readonly<Record<string, string>>;

/** One request; its place in a conversation is its `CSeq`. */
export interface WireRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

/** A video and an audio track, as ffmpeg announces them. */
export const wireSdp: string = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=No Name',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=control:streamid=0',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 MPEG4-GENERIC/44100/2',
  'a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1210',
  'a=control:streamid=1',
  '',
].join('\r\n');

/** The URL of a stream, or of what a test wants to be one. */
function rtspUrl(streamName: string): string {
  return `rtsp://127.0.0.1/live/${streamName}`;
}

/** Requests behind each other, numbered from 1; buffers are taken as they are. */
export function conversation(...parts: readonly (WireRequest | Buffer)[]): Buffer {
  let sequence = 0;
  return Buffer.concat(
    parts.map((part) => {
      if (Buffer.isBuffer(part)) return part;
      sequence += 1;
      return requestBytes(part, sequence);
    }),
  );
}

function requestBytes({ method, uri, headers = {}, body = '' }: WireRequest, sequence: number): Buffer {
  const bytes = Buffer.from(body);
  const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${sequence}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (bytes.length > 0) lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

export function announce(streamName: string, sdp: string | Buffer = wireSdp): WireRequest {
  return {
    method: 'ANNOUNCE',
    uri: rtspUrl(streamName),
    headers: { 'Content-Type': 'application/sdp' },
    body: sdp,
  };
}

export function describeStream(streamName: string): WireRequest {
  return { method: 'DESCRIBE', uri: rtspUrl(streamName), headers: { Accept: 'application/sdp' } };
}

/** Over TCP on the usual channels, unless told otherwise. */
export function setup(
  streamName: string,
  track: number,
  transport = `RTP/AVP/TCP;unicast;interleaved=${2 * track}-${2 * track + 1}`,
): WireRequest {
  const uri = `${rtspUrl(streamName)}/streamid=${track}`;
  return { method: 'SETUP', uri, headers: { Transport: transport } };
}

export function bare(method: string, streamName: string): WireRequest {
  return { method, uri: rtspUrl(streamName) };
}

/** All requests of a publisher of both tracks. */
export function publishing(streamName: string): WireRequest[] {
  return [announce(streamName), setup(streamName, 0), setup(streamName, 1), bare('RECORD', streamName)];
}

/** One packet in the RTSP connection. */
export function packetOn(channel: number, packet: Buffer): Buffer {
  const header = Buffer.from([0x24, channel, 0, 0]);
  header.writeUInt16BE(packet.length, 2);
  return Buffer.concat([header, packet]);
}

/** An RTP packet: version, flags and payload as told, numbers that count up. */
export function rtpPacket(
  sequence: number,
  payload: Buffer,
  { payloadType = 96, marker = true, timestamp = sequence * 3600, ssrc = 1, firstByte = 0x80 } = {},
): Buffer {
  const header = Buffer.alloc(12);
  header[0] = firstByte;
  header[1] = payloadType | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}
