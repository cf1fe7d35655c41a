/**
 * RTMP messages: what a chunk stream carries.
 * Source: "Adobe's Real Time Messaging Protocol" 1.0 (2012), clauses 5.4, 6.1 and 7.1. Left out on purpose: shared
 * objects (types 16 and 19), which no media client uses.
 */
export const RtmpMessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** One whole message, put together from its chunks (RTMP 1.0, 5.3.1 and 6.1). */
export interface RtmpMessage {
  /** One of `RtmpMessageType`, or any other value from 0 to 255 that the peer made up. */
  readonly typeId: number;
  /** Message stream id; 0 for the connection itself. */
  readonly streamId: number;
  /** Milliseconds, unsigned 32 bits as on the wire. */
  readonly timestamp: number;
  /** Fresh bytes of this message alone, or a view of an aggregate's bytes; never reused. */
  readonly payload: Uint8Array;
}

/** Chunk stream ids this side sends on, as lal does: players know them by heart. */
export const RtmpChunkStream = {
  control: 2,
  connection: 3,
  /** `onStatus`, and script data. */
  stream: 5,
  audio: 6,
  video: 7,
} as const;

/** The one message stream of a connection: what the server's `createStream` answers, and what all media travels on. */
export const MEDIA_STREAM_ID = 1;

/** Payload size of the chunks this side sends; announced before the first large message. */
export const OUTGOING_CHUNK_SIZE = 4096;
