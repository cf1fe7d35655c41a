/**
 * The bytes of RTMP as tests write them, sharing nothing with src/.
 * Source: Adobe "Real-Time Messaging Protocol (RTMP) specification" 1.0, sections 5.2 (handshake), 5.3.1 (chunks), 7.2
 * (commands); "Action Message Format -- AMF 0".
 */
import { randomBytes } from 'node:crypto';

/** Length of C1, C2, S1 and S2. */
export const handshakeSize = 1536;
/** Length of what the server sends before the first chunk: S0, S1, S2. */
export const serverHandshakeSize: number = 1 + 2 * handshakeSize;
/** The stream id that a server gives to the first createStream of a connection. */
export const mediaStreamId = 1;
/** What these clients announce with Set Chunk Size. */
const announcedChunkSize = 60_000;

export const string = (text: string): Buffer => {
  const head = Buffer.from([2, 0, 0]);
  head.writeUInt16BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

export const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};

export const nothing: Buffer = Buffer.from([5]);

export const object = (entries: Record<string, string>): Buffer =>
  Buffer.concat([
    Buffer.from([3]),
    ...Object.entries(entries).flatMap(([key, value]) => [string(key).subarray(1), string(value)]),
    Buffer.from([0, 0, 9]),
  ]);

/** One message as chunks: fmt 0 first, fmt 3 after it, the extended time in each where there is one. */
export function chunksOf(
  chunkStreamId: number,
  typeId: number,
  streamId: number,
  timestampMs: number,
  payload: Buffer,
  chunkSize: number = announcedChunkSize,
): Buffer {
  const extended = timestampMs >= 0xffffff;
  const time = Buffer.alloc(4);
  time.writeUInt32BE(timestampMs);
  const header = Buffer.alloc(12);
  header[0] = chunkStreamId;
  header.writeUIntBE(extended ? 0xffffff : timestampMs, 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = typeId;
  header.writeUInt32LE(streamId, 8);
  const parts: Buffer[] = [header];
  for (let at = 0; at === 0 || at < payload.length; at += chunkSize) {
    if (at > 0) parts.push(Buffer.from([0xc0 | chunkStreamId]));
    if (extended) parts.push(time);
    parts.push(payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

/** C0 and a simple C1. */
export function clientGreeting(): Buffer {
  return Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(handshakeSize - 8)]);
}

/** A command message with its AMF 0 values. */
export function commandChunks(streamId: number, ...values: Buffer[]): Buffer {
  return chunksOf(3, 20, streamId, 0, Buffer.concat(values));
}

export function setChunkSizeChunks(size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(size);
  return chunksOf(2, 1, 0, 0, payload);
}

/** What a client says after the handshake and before `publish` or `play`: chunk size, `connect`, `createStream`. */
export function connectChunks(app: string, port: number): Buffer {
  const tcUrl = `rtmp://127.0.0.1:${port}/${app}`;
  const details = { app, type: 'nonprivate', flashVer: 'FMLE/3.0', tcUrl };
  return Buffer.concat([
    setChunkSizeChunks(announcedChunkSize),
    commandChunks(0, string('connect'), number(1), object(details)),
    commandChunks(0, string('createStream'), number(2), nothing),
  ]);
}

export function publishChunks(streamName: string): Buffer {
  return commandChunks(
    mediaStreamId,
    string('publish'),
    number(3),
    nothing,
    string(streamName),
    string('live'),
  );
}

export function playChunks(streamName: string): Buffer {
  return commandChunks(mediaStreamId, string('play'), number(3), nothing, string(streamName));
}

/**
 * Everything a client says from C0 on, in one go: a server need not be waited for.
 * @param request `publishChunks` or `playChunks`
 */
export function clientScript(port: number, request: Buffer): Buffer {
  return Buffer.concat([clientGreeting(), Buffer.alloc(handshakeSize), connectChunks('live', port), request]);
}
