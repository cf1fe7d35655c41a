import { ByteReader } from '../../bytes/byte-reader.ts';
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { ChunkStream } from './chunk-stream.ts';
import { RtmpMessageType } from './message.ts';
import type { RtmpMessage } from './message.ts';

/**
 * Joining chunks to messages ("Adobe's Real Time Messaging Protocol" 1.0, clause 5.3). Set Chunk Size and Abort, which
 * only concern this layer, are obeyed here and not handed out.
 */
export interface ChunkReaderLimits {
  /** Bytes of one message. */
  readonly maxMessageLength: number;
  /** Bytes held for unfinished messages of all chunk streams together. */
  readonly maxBufferedBytes: number;
  /** Chunk streams in use; clients use fewer than ten, and each costs memory for the life of the connection. */
  readonly maxChunkStreams: number;
}

/** 16 MiB is the most a message can have: its length field has 24 bits. */
export const DEFAULT_CHUNK_READER_LIMITS: ChunkReaderLimits = {
  maxMessageLength: 16 * 1024 * 1024,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxChunkStreams: 64,
};

/** Before the peer has announced another (clause 5.4.1). */
const INITIAL_CHUNK_SIZE = 128;
/** A larger chunk size says nothing more, since no message is longer. */
const MAX_CHUNK_SIZE = 16 * 1024 * 1024;

/** Message header length behind the basic header, by fmt. */
const HEADER_LENGTH = [11, 7, 3, 0] as const;
const EXTENDED_TIMESTAMP = 0xffffff;
const EXTENDED_TIMESTAMP_LENGTH = 4;

/**
 * Whether the peer repeats the extended timestamp in fmt 3 chunks, as the specification's clause 5.3.1.3 asks (ffmpeg
 * and most others), or leaves it out. Known at the first such chunk: the four bytes are the timestamp, or they are not.
 */
type ExtendedTimestampHabit = 'unknown' | 'repeats' | 'omits';

/** Cuts a chunk stream into messages (RTMP 1.0, 5.3). */
export class ChunkReader {
  #limits: ChunkReaderLimits;
  readonly #queue = new ChunkQueue();
  readonly #streams = new Map<number, ChunkStream>();
  #chunkSize = INITIAL_CHUNK_SIZE;
  #habit: ExtendedTimestampHabit = 'unknown';
  /** The chunk stream whose payload is being read, and what is missing of the chunk at hand. */
  #current: ChunkStream | undefined;
  #chunkLeft = 0;
  #bufferedBytes = 0;

  constructor(limits: ChunkReaderLimits = DEFAULT_CHUNK_READER_LIMITS) {
    this.#limits = limits;
  }

  /** Payload size of the peer's chunks, as it announced it. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** Bytes received that no message has used yet. */
  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** Bytes allocated for messages that are not complete. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** New limits hold for messages that begin after this call. */
  setLimits(limits: ChunkReaderLimits): void {
    this.#limits = limits;
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /**
   * The next complete message, `undefined` when bytes are missing. Empty messages come out as well.
   * @throws ProtocolError `ERR_RTMP_CHUNK_…`, `ERR_RTMP_MESSAGE_TOO_LARGE`, `ERR_RTMP_BUFFER_LIMIT`. No recovery.
   */
  nextMessage(): RtmpMessage | undefined {
    for (;;) {
      const stream = this.#current ?? this.#readChunkHeader();
      if (stream === undefined) return undefined;
      if (this.#chunkLeft > 0) {
        this.#readPayload(stream);
        if (this.#chunkLeft > 0) return undefined;
      }
      this.#current = undefined;
      if (stream.missing > 0) continue;
      this.#bufferedBytes -= stream.allocated;
      const message = stream.takeMessage();
      if (message.typeId === RtmpMessageType.setChunkSize) this.#setChunkSize(message.payload);
      else if (message.typeId === RtmpMessageType.abort) this.#abort(message.payload);
      else return message;
    }
  }

  #readPayload(stream: ChunkStream): void {
    const length = Math.min(this.#chunkLeft, this.#queue.length);
    const allocatedBefore = stream.allocated;
    stream.append(this.#queue, length);
    this.#account(stream.allocated - allocatedBefore);
    this.#chunkLeft -= length;
  }

  #account(allocated: number): void {
    this.#bufferedBytes += allocated;
    if (this.#bufferedBytes > this.#limits.maxBufferedBytes) {
      throw new ProtocolError('ERR_RTMP_BUFFER_LIMIT', 'too many bytes in unfinished messages', {
        buffered: this.#bufferedBytes,
        limit: this.#limits.maxBufferedBytes,
      });
    }
  }

  /**
   * Reads the basic header, message header and extended timestamp of the next chunk, all or nothing.
   *
   *   fmt 0: timestamp u24, length u24, type u8, message stream id u32le
   *   fmt 1: delta u24, length u24, type u8
   *   fmt 2: delta u24
   *   fmt 3: nothing
   */
  #readChunkHeader(): ChunkStream | undefined {
    const queue = this.#queue;
    if (queue.length === 0) return undefined;
    const first = queue.byteAt(0);
    const fmt = (first >>> 6) as 0 | 1 | 2 | 3;
    const form = first & 0x3f;
    const basicLength = form > 1 ? 1 : form + 2;
    if (queue.length < basicLength) return undefined;
    const id = this.#chunkStreamId(form);
    if (fmt === 3) return this.#readContinuation(id, basicLength);

    const headerLength = basicLength + HEADER_LENGTH[fmt];
    if (queue.length < headerLength) return undefined;
    const extended = this.#u24At(basicLength) === EXTENDED_TIMESTAMP;
    const totalLength = headerLength + (extended ? EXTENDED_TIMESTAMP_LENGTH : 0);
    if (queue.length < totalLength) return undefined;

    const stream = this.#stream(id, fmt);
    const header = new ByteReader(queue.take(totalLength)!, basicLength);
    const timestampField = header.u24();
    const length = fmt === 2 ? stream.length : header.u24();
    const typeId = fmt === 2 ? stream.typeId : header.u8();
    const streamId = fmt === 0 ? header.u32Le() : stream.streamId;
    stream.extended = extended;
    const time = extended ? header.u32() : timestampField;
    if (stream.inMessage) stream.continueWith({ time, length, typeId, streamId });
    else this.#beginMessage(stream, { isAbsolute: fmt === 0, time, length, typeId, streamId });
    this.#beginChunk(stream);
    return stream;
  }

  /** A fmt 3 chunk goes on with a message, or starts one that is like the last. */
  #readContinuation(id: number, basicLength: number): ChunkStream | undefined {
    const stream = this.#stream(id, 3);
    let headerLength = basicLength;
    if (stream.extended) {
      const repeated = this.#repeatsExtendedTimestamp(stream, basicLength);
      if (repeated === undefined) return undefined;
      if (repeated) headerLength += EXTENDED_TIMESTAMP_LENGTH;
    }
    this.#queue.skip(headerLength);
    if (!stream.inMessage) this.#beginMessage(stream, { ...stream.header, isAbsolute: false });
    this.#beginChunk(stream);
    return stream;
  }

  /** `undefined`: cannot be told before more bytes are here. */
  #repeatsExtendedTimestamp(stream: ChunkStream, offset: number): boolean | undefined {
    const queue = this.#queue;
    if (this.#habit === 'omits') return false;
    const available = Math.min(EXTENDED_TIMESTAMP_LENGTH, queue.length - offset);
    if (this.#habit === 'unknown') {
      for (let index = 0; index < available; index += 1) {
        const expected = (stream.time >>> (24 - 8 * index)) & 0xff;
        if (queue.byteAt(offset + index) === expected) continue;
        this.#habit = 'omits';
        return false;
      }
    }
    if (available < EXTENDED_TIMESTAMP_LENGTH) return undefined;
    this.#habit = 'repeats';
    return true;
  }

  #beginMessage(
    stream: ChunkStream,
    header: {
      readonly isAbsolute: boolean;
      readonly time: number;
      readonly length: number;
      readonly typeId: number;
      readonly streamId: number;
    },
  ): void {
    if (header.length > this.#limits.maxMessageLength) {
      throw new ProtocolError('ERR_RTMP_MESSAGE_TOO_LARGE', `a message of ${header.length} bytes`, {
        length: header.length,
        limit: this.#limits.maxMessageLength,
        typeId: header.typeId,
      });
    }
    stream.begin(header);
  }

  #beginChunk(stream: ChunkStream): void {
    this.#chunkLeft = Math.min(this.#chunkSize, stream.missing);
    this.#current = stream;
  }

  /** Clause 5.3.1.1: one byte for 2..63, two for 64..319, three for 64..65599. */
  #chunkStreamId(form: number): number {
    if (form === 0) return this.#queue.byteAt(1) + 64;
    if (form === 1) return this.#queue.byteAt(2) * 256 + this.#queue.byteAt(1) + 64;
    return form;
  }

  #u24At(offset: number): number {
    const queue = this.#queue;
    return (queue.byteAt(offset) << 16) | (queue.byteAt(offset + 1) << 8) | queue.byteAt(offset + 2);
  }

  #stream(id: number, fmt: 0 | 1 | 2 | 3): ChunkStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    // librtmp opens its control chunk stream with fmt 1, so only headers without a length are refused.
    if (fmt >= 2) {
      throw new ProtocolError('ERR_RTMP_CHUNK_FORMAT', `chunk stream ${id} starts with fmt ${fmt}`, {
        chunkStreamId: id,
        fmt,
      });
    }
    if (this.#streams.size >= this.#limits.maxChunkStreams) {
      throw new ProtocolError('ERR_RTMP_CHUNK_STREAM_COUNT', 'too many chunk streams', {
        limit: this.#limits.maxChunkStreams,
      });
    }
    const stream = new ChunkStream(id);
    this.#streams.set(id, stream);
    return stream;
  }

  /** Clause 5.4.1. Fewer than four bytes are ignored: there are publishers that send such. */
  #setChunkSize(payload: Uint8Array): void {
    if (payload.length < 4) return;
    const size = new ByteReader(payload).u32();
    if (size === 0 || size > 0x7fffffff) {
      throw new ProtocolError('ERR_RTMP_CHUNK_SIZE', `chunk size ${size} is outside 1..2^31-1`, { size });
    }
    this.#chunkSize = Math.min(size, MAX_CHUNK_SIZE);
  }

  /** Clause 5.4.2: the peer gives up the unfinished message of a chunk stream. */
  #abort(payload: Uint8Array): void {
    if (payload.length < 4) return;
    const stream = this.#streams.get(new ByteReader(payload).u32());
    if (stream === undefined) return;
    this.#bufferedBytes -= stream.allocated;
    stream.abandon();
  }
}
