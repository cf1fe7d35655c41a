import type { AmfValue } from '../amf/amf-value.ts';
import type { ChunkReaderLimits } from './chunk-reader.ts';
import { serializeChunkedMessage } from './chunk-writer.ts';
import { parseCommand, parseStatus } from './command.ts';
import type { RtmpCommand } from './command.ts';
import { connectCommand } from './connect-command.ts';
import { ClientHandshake } from './handshake/handshake.ts';
import { RtmpMessageChannel } from './message-channel.ts';
import { MessageTimes } from './message-times.ts';
import { OUTGOING_CHUNK_SIZE, RtmpChunkStream, RtmpMessageType } from './message.ts';
import type { RtmpMessage } from './message.ts';
import type { RtmpMediaEvent } from './server-connection.ts';

/** What the server did, in order. */
export type RtmpClientEvent =
  /** The server accepts what the connection was made for: a publisher may send, a player will receive. */
  | { readonly type: 'start' }
  /** Audio, video and data for a player. */
  | RtmpMediaEvent
  /** The server tells a player that the stream is over. The connection stays, and may go on after a new publish. */
  | { readonly type: 'play-end'; readonly code: string }
  /** `_error`, or a status of level error: final. The connection is closed. */
  | { readonly type: 'refused'; readonly code: string; readonly description: string };

/** What a client connection asks the server for. */
export interface RtmpClientConnectionOptions {
  readonly mode: 'publish' | 'play';
  /** Of `RtmpUrl`, or with an authentication query added. */
  readonly app: string;
  readonly tcUrl: string;
  /** With its query. */
  readonly streamName: string;
  /** `simple` unless a server insists on the digests of `complex`. */
  readonly handshake?: 'simple' | 'complex' | undefined;
  readonly flashVer?: string | undefined;
  /** FourCCs to name in `connect`, so that the server sends the enhanced form. */
  readonly fourCcList?: readonly string[] | undefined;
  readonly limits?: ChunkReaderLimits | undefined;
}

/** What servers know from FMLE and from Flash Player on Linux; some look at it. */
const FLASH_VERSION = { publish: 'FMLE/3.0 (compatible; lal-ts)', play: 'LNX 9,0,124,2' } as const;

const MEDIA_MESSAGE = {
  audio: { typeId: RtmpMessageType.audio, chunkStreamId: RtmpChunkStream.audio },
  video: { typeId: RtmpMessageType.video, chunkStreamId: RtmpChunkStream.video },
  data: { typeId: RtmpMessageType.dataAmf0, chunkStreamId: RtmpChunkStream.stream },
} as const;

const START_CODE = { publish: 'NetStream.Publish.Start', play: 'NetStream.Play.Start' } as const;
const PLAY_END_CODES: ReadonlySet<string> = new Set([
  'NetStream.Play.UnpublishNotify',
  'NetStream.Play.Stop',
  'NetStream.Play.Complete',
]);

/** handshake -> connecting -> creating stream -> starting -> started -> closed */
type State =
  | { readonly name: 'handshake' }
  | { readonly name: 'connecting'; readonly transactionId: number }
  | { readonly name: 'creating stream'; readonly transactionId: number }
  | { readonly name: 'starting'; readonly streamId: number }
  | { readonly name: 'started'; readonly streamId: number }
  | { readonly name: 'closed' };

/**
 * The client's side of an RTMP connection, for pushing and pulling, without a socket: bytes in, events out, bytes out.
 * It goes through handshake, `connect`, `createStream` and `publish` or `play` by itself; the first output is there
 * from the start.
 */
export class RtmpClientConnection {
  readonly #options: RtmpClientConnectionOptions;
  readonly #channel: RtmpMessageChannel;
  readonly #times = new MessageTimes();
  #state: State = { name: 'handshake' };
  #lastTransactionId = 0;
  /** Of `releaseStream` and `FCPublish`: servers that do not know them answer with `_error`, which means nothing. */
  readonly #optionalTransactions = new Set<number>();

  constructor(options: RtmpClientConnectionOptions) {
    this.#options = options;
    this.#channel = new RtmpMessageChannel(
      new ClientHandshake(options.handshake ?? 'simple'),
      options.limits,
    );
  }

  /** All bytes from the server, the handshake included. */
  get bytesReceived(): number {
    return this.#channel.bytesReceived;
  }

  /** The server accepted `publish` or `play`. */
  get isStarted(): boolean {
    return this.#state.name === 'started';
  }

  /** The message stream that the server gave us; 1 with nearly all servers. `undefined` before there is one. */
  get streamId(): number | undefined {
    return 'streamId' in this.#state ? this.#state.streamId : undefined;
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    if (this.#state.name === 'closed') return;
    this.#channel.receive(chunk);
    if (this.#state.name === 'handshake' && this.#channel.isHandshakeDone) this.#connect();
  }

  /**
   * What happened next; `undefined` when bytes are missing, or after the end.
   * @throws ProtocolError once; afterwards the connection is closed
   */
  nextEvent(): RtmpClientEvent | undefined {
    try {
      while (this.#state.name !== 'closed') {
        const message = this.#channel.nextMessage();
        if (message === undefined) return undefined;
        const event = this.#handleMessage(message);
        if (event !== undefined) return event;
      }
      return undefined;
    } catch (error) {
      this.#state = { name: 'closed' };
      throw error;
    }
  }

  /** Bytes to write now, in order; they belong to the caller. */
  takeOutput(): Uint8Array[] {
    return this.#channel.takeOutput();
  }

  /**
   * One media message, cut into chunks: fresh bytes to write at once, behind what `takeOutput` gave before.
   * @param timestampMs unwrapped or not; the low 32 bits are sent
   * @param parts the payload in pieces: an FLV tag body; for `data` AMF 0 values, metadata behind `@setDataFrame`
   * @throws {TypeError} before the server has accepted the publication
   */
  serializeMedia(
    kind: 'audio' | 'video' | 'data',
    timestampMs: number,
    parts: readonly Uint8Array[],
  ): Uint8Array {
    if (this.#state.name !== 'started' || this.#options.mode !== 'publish') {
      throw new TypeError(`media cannot be sent while the connection is ${this.#state.name}`);
    }
    const header = { ...MEDIA_MESSAGE[kind], streamId: this.#state.streamId, timestamp: timestampMs };
    return serializeChunkedMessage(header, parts, OUTGOING_CHUNK_SIZE);
  }

  /** Says goodbye, as far as there is a stream. The session writes the output and closes. */
  end(): void {
    const { streamId } = this;
    if (streamId !== undefined) {
      if (this.#options.mode === 'publish') this.#sendCommand('FCUnpublish', [this.#options.streamName]);
      this.#sendCommand('deleteStream', [streamId]);
    }
    this.#state = { name: 'closed' };
  }

  #connect(): void {
    const { mode, app, tcUrl, fourCcList, flashVer = FLASH_VERSION[mode] } = this.#options;
    this.#channel.sendChunkSize();
    const transactionId = this.#nextTransactionId();
    const command = connectCommand(transactionId, { app, tcUrl, flashVer, fourCcList });
    this.#channel.sendCommand(RtmpChunkStream.connection, 0, command);
    this.#state = { name: 'connecting', transactionId };
  }

  #handleMessage(message: RtmpMessage): RtmpClientEvent | undefined {
    switch (message.typeId) {
      case RtmpMessageType.audio:
        return this.#handleMedia('audio', message, message.payload);
      case RtmpMessageType.video:
        return this.#handleMedia('video', message, message.payload);
      case RtmpMessageType.dataAmf0:
        return this.#handleMedia('data', message, message.payload);
      case RtmpMessageType.dataAmf3:
        return this.#handleMedia('data', message, message.payload.subarray(1));
      case RtmpMessageType.commandAmf0:
      case RtmpMessageType.commandAmf3:
        return this.#handleCommand(parseCommand(message));
      default:
        return undefined;
    }
  }

  /** Some servers send media before they say that the play starts. */
  #handleMedia(
    kind: RtmpMediaEvent['type'],
    message: RtmpMessage,
    payload: Uint8Array,
  ): RtmpClientEvent | undefined {
    if (this.#options.mode !== 'play' || payload.length === 0) return undefined;
    if (this.#state.name !== 'starting' && this.#state.name !== 'started') return undefined;
    return { type: kind, timestampMs: this.#times.unwrap(kind, message.timestamp), payload };
  }

  #handleCommand(command: RtmpCommand): RtmpClientEvent | undefined {
    switch (command.name) {
      case '_result':
        this.#handleResult(command);
        return undefined;
      case '_error':
        return this.#optionalTransactions.has(command.transactionId) ? undefined : this.#refused(command);
      case 'onStatus':
        return this.#handleStatus(command);
      default:
        // onBWDone, onFCPublish and the like ask for nothing.
        return undefined;
    }
  }

  /** Answers to transactions that are not under way are ignored: some servers repeat themselves. */
  #handleResult(command: RtmpCommand): void {
    if (!('transactionId' in this.#state) || this.#state.transactionId !== command.transactionId) return;
    if (this.#state.name === 'connecting') {
      if (this.#options.mode === 'publish') this.#announcePublication();
      const transactionId = this.#sendCommand('createStream', []);
      this.#state = { name: 'creating stream', transactionId };
    } else {
      const [streamId] = command.args;
      this.#start(typeof streamId === 'number' ? streamId >>> 0 : 1);
    }
  }

  /** As every encoder since FMLE: what stands behind the ingest of Wowza, Akamai and YouTube waits for it. */
  #announcePublication(): void {
    for (const name of ['releaseStream', 'FCPublish']) {
      this.#optionalTransactions.add(this.#sendCommand(name, [this.#options.streamName]));
    }
  }

  #start(streamId: number): void {
    const { mode, streamName } = this.#options;
    this.#channel.sendCommand(RtmpChunkStream.stream, streamId, {
      name: mode,
      transactionId: this.#nextTransactionId(),
      commandObject: null,
      // YouTube insists on the type.
      args: mode === 'publish' ? [streamName, 'live'] : [streamName],
    });
    this.#state = { name: 'starting', streamId };
  }

  #handleStatus(command: RtmpCommand): RtmpClientEvent | undefined {
    const { level, code } = parseStatus(command);
    if (level === 'error') return this.#refused(command);
    if (this.#state.name === 'starting' && code === START_CODE[this.#options.mode]) {
      this.#state = { name: 'started', streamId: this.#state.streamId };
      return { type: 'start' };
    }
    const isEnd = this.#options.mode === 'play' && this.#state.name === 'started' && PLAY_END_CODES.has(code);
    return isEnd ? { type: 'play-end', code } : undefined;
  }

  #refused(command: RtmpCommand): RtmpClientEvent {
    const { code, description } = parseStatus(command);
    this.#state = { name: 'closed' };
    return { type: 'refused', code, description };
  }

  /** @returns its transaction id */
  #sendCommand(name: string, args: readonly AmfValue[]): number {
    const transactionId = this.#nextTransactionId();
    const command = { name, transactionId, commandObject: null, args };
    this.#channel.sendCommand(RtmpChunkStream.connection, 0, command);
    return transactionId;
  }

  #nextTransactionId(): number {
    this.#lastTransactionId += 1;
    return this.#lastTransactionId;
  }
}
