/**
 * A small RTMP player that shares nothing with src/: unlike a program it sees each message arrive, and can stop
 * reading. Source: Adobe "Real-Time Messaging Protocol (RTMP) specification" 1.0, section 5.3.1.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { RecordingReader } from './flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from './flv-file.ts';
import {
  clientGreeting,
  connectChunks,
  handshakeSize,
  playChunks,
  serverHandshakeSize,
} from './rtmp-wire.ts';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

interface ChunkStream {
  time: number;
  /** The timestamp field of the last header: a delta for all but fmt 0. */
  field: number;
  isExtended: boolean;
  length: number;
  typeId: number;
  parts: Buffer[];
  missing: number;
}

export class RtmpPlayer {
  readonly tags: FlvTag[] = [];
  /** Codes of `onStatus`, in order. */
  readonly statuses: string[] = [];
  readonly #socket: Socket;
  readonly #recording = new RecordingReader();
  readonly #chunkStreams = new Map<number, ChunkStream>();
  readonly #waiters = new Waiters(() => this.describe());
  #rest: Buffer = Buffer.alloc(0);
  #isHandshakeDone = false;
  #chunkSize = 128;
  #isEnded = false;

  private constructor(socket: Socket, hello: Buffer) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.write(clientGreeting());
    socket.on('data', (chunk: Buffer) => {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      if (!this.#isHandshakeDone) this.#handshake(hello);
      if (this.#isHandshakeDone) this.#readChunks();
      this.#waiters.wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isEnded = true;
      this.#waiters.fail('the server closed');
    });
  }

  /** Connects and resolves when the server has accepted `play`. The connection ends with the scope at the latest. */
  static async open(scope: Scope, port: number, streamName: string): Promise<RtmpPlayer> {
    const socket = connect(port, '127.0.0.1');
    const hello = Buffer.concat([connectChunks('live', port), playChunks(streamName)]);
    const player = new RtmpPlayer(socket, hello);
    scope.defer(() => void socket.destroy());
    await player.until(() => player.statuses.includes('NetStream.Play.Start'), 'NetStream.Play.Start');
    return player;
  }

  get recording(): Recording {
    return this.#recording;
  }

  get units(): readonly AccessUnit[] {
    return this.#recording.units;
  }

  /** Stops reading: what the server sends fills the buffers between, then has to wait there. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    await this.#waiters.until(condition, what, timeoutMs);
  }

  async untilUnits(count: number, timeoutMs?: number): Promise<void> {
    await this.until(() => this.units.length >= count, `${count} access units`, timeoutMs);
  }

  async ended(timeoutMs = 10_000): Promise<void> {
    await this.until(() => this.#isEnded, 'the end of the connection', timeoutMs);
  }

  close(): void {
    this.#socket.destroy();
  }

  describe(): string {
    return `${this.units.length} units so far, statuses ${this.statuses.join(' ')}`;
  }

  #handshake(hello: Buffer): void {
    if (this.#rest.length < serverHandshakeSize) return;
    this.#isHandshakeDone = true;
    this.#socket.write(Buffer.concat([this.#rest.subarray(1, 1 + handshakeSize), hello]));
    this.#rest = this.#rest.subarray(serverHandshakeSize);
  }

  #readChunks(): void {
    let at = 0;
    for (let length = this.#chunkAt(at); length > 0; length = this.#chunkAt(at)) at += length;
    this.#rest = this.#rest.subarray(at);
  }

  /** Reads one chunk when it is there whole; returns its length, or 0. */
  #chunkAt(start: number): number {
    const bytes = this.#rest;
    if (bytes.length < start + 1) return 0;
    const fmt = bytes[start]! >> 6;
    const id = bytes[start]! & 63;
    if (id < 2) throw new Error('the server uses a chunk stream id of more than one byte');
    const stream = this.#chunkStreams.get(id) ?? newChunkStream();
    const headerLength = [11, 7, 3, 0][fmt]!;
    let at = start + 1;
    if (bytes.length < at + headerLength) return 0;
    const isNew = stream.missing === 0 && stream.parts.length === 0;
    let { field, isExtended, length, typeId } = stream;
    if (fmt < 3) {
      field = bytes.readUIntBE(at, 3);
      isExtended = field === 0xffffff;
    }
    if (fmt < 2) {
      length = bytes.readUIntBE(at + 3, 3);
      typeId = bytes[at + 6]!;
    }
    at += headerLength;
    if (isExtended) {
      if (bytes.length < at + 4) return 0;
      field = bytes.readUInt32BE(at);
      at += 4;
    }
    const missing = isNew ? length : stream.missing;
    const payloadLength = Math.min(missing, this.#chunkSize);
    if (bytes.length < at + payloadLength) return 0;
    if (isNew) stream.time = fmt === 0 ? field : (stream.time + field) % 2 ** 32;
    Object.assign(stream, { field, isExtended, length, typeId, missing: missing - payloadLength });
    stream.parts.push(Buffer.from(bytes.subarray(at, at + payloadLength)));
    this.#chunkStreams.set(id, stream);
    if (stream.missing === 0) this.#message(stream);
    return at + payloadLength - start;
  }

  #message(stream: ChunkStream): void {
    const body = Buffer.concat(stream.parts);
    stream.parts = [];
    const { typeId: type, time: timestampMs } = stream;
    if (type === 1) this.#chunkSize = body.readUInt32BE(0);
    if (type === 20) this.#command(body);
    if (type !== 8 && type !== 9 && type !== 18) return;
    const tag = { type, timestampMs, body, arrivedMs: performance.now() };
    this.tags.push(tag);
    this.#recording.read(tag);
  }

  #command(body: Buffer): void {
    const code = /Net(?:Stream|Connection)\.[A-Za-z.]+/.exec(body.toString('latin1'));
    if (code !== null) this.statuses.push(code[0]);
  }
}

function newChunkStream(): ChunkStream {
  return { time: 0, field: 0, isExtended: false, length: 0, typeId: 0, parts: [], missing: 0 };
}
