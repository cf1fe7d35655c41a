import { ProtocolError } from '../../bytes/protocol-error.ts';
import { DEFAULT_CHUNK_READER_LIMITS } from './chunk-reader.ts';
import type { ChunkReaderLimits } from './chunk-reader.ts';
import { parseCommand, statusCommand } from './command.ts';
import type { RtmpCommand, RtmpStatus } from './command.ts';
import { connectResult, parseConnect } from './connect-command.ts';
import type { RtmpConnectRequest } from './connect-command.ts';
import { ServerHandshake } from './handshake/handshake.ts';
import { RtmpMessageChannel } from './message-channel.ts';
import { MessageTimes } from './message-times.ts';
import { MEDIA_STREAM_ID, RtmpChunkStream, RtmpMessageType } from './message.ts';
import type { RtmpMessage } from './message.ts';
import { parseStreamName } from './stream-name.ts';
import type { RtmpStreamName } from './stream-name.ts';
import { UserControlEvent } from './user-control.ts';

/** What the client did, in order. */
export type RtmpServerEvent =
  /** Already answered; nothing is expected from the session. */
  | ({ readonly type: 'connect' } & RtmpConnectRequest)
  /** Wants an answer: `acceptPublish` or `reject`. */
  | ({ readonly type: 'publish'; readonly publishType: string } & RtmpStreamName)
  /** Wants an answer: `acceptPlay` or `reject`. */
  | ({ readonly type: 'play' } & RtmpStreamName)
  | RtmpMediaEvent
  /** `deleteStream` or `closeStream` by a publisher. The connection stays; messages that follow are ignored. */
  | { readonly type: 'publish-end' }
  /** The same by a player. */
  | { readonly type: 'play-end' };

/** A media message of a publisher. */
export interface RtmpMediaEvent {
  readonly type: 'audio' | 'video' | 'data';
  /** Unwrapped: continues beyond 2^32 where the wire's time wraps. */
  readonly timestampMs: number;
  /** One or more bytes, an FLV tag body; of `data`, AMF 0 values as sent. Fresh, or a view of fresh bytes; never reused. */
  readonly payload: Uint8Array;
}

/** Bounds of a server connection. */
export interface RtmpServerConnectionOptions {
  /** Limits for an accepted publisher. Before that and for players, messages are bounded much tighter. */
  readonly limits?: ChunkReaderLimits;
}

/** Commands are small; whoever has not been accepted as a publisher has no reason to send more. */
const COMMAND_LIMITS: ChunkReaderLimits = {
  maxMessageLength: 64 * 1024,
  maxBufferedBytes: 256 * 1024,
  maxChunkStreams: DEFAULT_CHUNK_READER_LIMITS.maxChunkStreams,
};

/** What lal announces, in both Window Acknowledgement Size and Set Peer Bandwidth. */
const WINDOW_SIZE = 5_000_000;
const DYNAMIC_LIMIT = 2;

/**
 *   handshake and awaiting connect -> connected -> admitting publish -> publishing -> ended
 *                                               -> admitting play    -> playing    -> ended
 *   any -> closed: refused, or the client broke a rule
 */
type State =
  | { readonly name: 'awaits connect' }
  | { readonly name: 'connected' }
  | { readonly name: 'admitting'; readonly what: 'publish' | 'play' }
  | { readonly name: 'publishing' }
  | { readonly name: 'playing' }
  | { readonly name: 'ended' }
  | { readonly name: 'closed' };

/**
 * The server's side of an RTMP connection, from the handshake on, without a socket: bytes in, events out, bytes out.
 * Media for a player does not pass through here: the session writes it, cut into chunks of `OUTGOING_CHUNK_SIZE`, after
 * `acceptPlay` and the output that came with it.
 */
export class RtmpServerConnection {
  readonly #channel = new RtmpMessageChannel(new ServerHandshake(), COMMAND_LIMITS);
  readonly #limits: ChunkReaderLimits;
  readonly #times = new MessageTimes();
  #state: State = { name: 'awaits connect' };

  constructor(options: RtmpServerConnectionOptions = {}) {
    this.#limits = options.limits ?? DEFAULT_CHUNK_READER_LIMITS;
  }

  /** All bytes from the client, the handshake included. */
  get bytesReceived(): number {
    return this.#channel.bytesReceived;
  }

  /** Bytes received and not read yet. Grows while an answer is owed; the session bounds it by pausing its socket. */
  get pendingBytes(): number {
    return this.#channel.pendingBytes;
  }

  get isHandshakeDone(): boolean {
    return this.#channel.isHandshakeDone;
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    if (this.#state.name !== 'closed') this.#channel.receive(chunk);
  }

  /**
   * What happened next; `undefined` when bytes are missing, when an answer to `publish` or `play` is owed, or after the
   * end. On an error the client's own words for it are in the output: write that, then close.
   * @throws ProtocolError once; afterwards the connection is closed
   */
  nextEvent(): RtmpServerEvent | undefined {
    try {
      while (this.#state.name !== 'admitting' && this.#state.name !== 'closed') {
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

  /** Lets the publisher begin. @throws {TypeError} when no `publish` waits for an answer */
  acceptPublish(): void {
    this.#requireAdmitting('publish');
    this.#sendStatus('status', 'NetStream.Publish.Start', 'Start publishing');
    this.#channel.setLimits(this.#limits);
    this.#state = { name: 'publishing' };
  }

  /** Lets the player begin; media may follow. @throws {TypeError} when no `play` waits for an answer */
  acceptPlay(): void {
    this.#requireAdmitting('play');
    // Flash players wait for these two.
    this.#channel.sendUserControl({ event: UserControlEvent.streamIsRecorded, value: MEDIA_STREAM_ID });
    this.#channel.sendUserControl({ event: UserControlEvent.streamBegin, value: MEDIA_STREAM_ID });
    this.#sendStatus('status', 'NetStream.Play.Start', 'Start live');
    this.#state = { name: 'playing' };
  }

  /**
   * Refuses, or ends, with an `onStatus` of level error; then the session writes the output and closes.
   * @param code such as `NetStream.Publish.BadName` or `NetStream.Play.StreamNotFound`
   */
  reject(code: string, description: string): void {
    if (this.#state.name === 'closed') return;
    this.#sendStatus('error', code, description);
    this.#state = { name: 'closed' };
  }

  /** Tells a player that the stream is over: `NetStream.Play.UnpublishNotify` and Stream EOF. Nothing for others. */
  endPlay(): void {
    if (this.#state.name !== 'playing') return;
    this.#sendStatus('status', 'NetStream.Play.UnpublishNotify', 'Stop live');
    this.#channel.sendUserControl({ event: UserControlEvent.streamEof, value: MEDIA_STREAM_ID });
    this.#state = { name: 'ended' };
  }

  #handleMessage(message: RtmpMessage): RtmpServerEvent | undefined {
    switch (message.typeId) {
      case RtmpMessageType.audio:
        return this.#handleMedia('audio', message);
      case RtmpMessageType.video:
        return this.#handleMedia('video', message);
      case RtmpMessageType.dataAmf0:
        return this.#handleData(message, message.payload);
      case RtmpMessageType.dataAmf3:
        return this.#handleData(message, message.payload.subarray(1));
      case RtmpMessageType.commandAmf0:
      case RtmpMessageType.commandAmf3:
        return this.#handleCommand(parseCommand(message));
      default:
        return undefined;
    }
  }

  #handleMedia(kind: 'audio' | 'video', message: RtmpMessage): RtmpServerEvent | undefined {
    if (this.#state.name === 'ended') return undefined;
    if (this.#state.name !== 'publishing') {
      this.#sendStatus('error', 'NetStream.Publish.Failed', 'Media without publish');
      throw new ProtocolError(
        'ERR_RTMP_MEDIA_BEFORE_PUBLISH',
        `${kind} from a client that does not publish`,
        {
          state: this.#state.name,
        },
      );
    }
    const timestampMs = this.#times.unwrap(kind, message.timestamp);
    return { type: kind, timestampMs, payload: message.payload };
  }

  #handleData(message: RtmpMessage, payload: Uint8Array): RtmpServerEvent | undefined {
    if (this.#state.name !== 'publishing' || payload.length === 0) return undefined;
    return { type: 'data', timestampMs: this.#times.unwrap('data', message.timestamp), payload };
  }

  #handleCommand(command: RtmpCommand): RtmpServerEvent | undefined {
    switch (command.name) {
      case 'connect':
        return this.#handleConnect(command);
      case 'createStream':
        this.#requireConnected(command);
        this.#sendResult({
          name: '_result',
          transactionId: command.transactionId,
          commandObject: null,
          args: [MEDIA_STREAM_ID],
        });
        return undefined;
      case 'publish':
        return this.#handlePublish(command);
      case 'play':
        return this.#handlePlay(command);
      case 'deleteStream':
      case 'closeStream':
        return this.#handleStreamEnd();
      default:
        // releaseStream, FCPublish, FCUnpublish, getStreamLength, _checkbw, pause and whatever else: as lal, no answer.
        return undefined;
    }
  }

  #handleConnect(command: RtmpCommand): RtmpServerEvent {
    if (this.#state.name !== 'awaits connect') {
      throw this.#refuse(command, 'NetConnection.Connect.Rejected', 'Connected already');
    }
    const request = parseConnect(command);
    this.#channel.sendWindowAcknowledgementSize(WINDOW_SIZE);
    this.#channel.sendPeerBandwidth(WINDOW_SIZE, DYNAMIC_LIMIT);
    this.#channel.sendChunkSize();
    this.#sendResult(connectResult(command.transactionId, request));
    this.#state = { name: 'connected' };
    return { type: 'connect', ...request };
  }

  #handlePublish(command: RtmpCommand): RtmpServerEvent {
    this.#requireConnected(command);
    this.#requireFirst(command, 'NetStream.Publish.BadName');
    const name = this.#streamNameOf(command, 'NetStream.Publish.BadName');
    // Restream's studio leaves the type out.
    const publishType = typeof command.args[1] === 'string' ? command.args[1] : 'live';
    this.#state = { name: 'admitting', what: 'publish' };
    return { type: 'publish', publishType, ...name };
  }

  #handlePlay(command: RtmpCommand): RtmpServerEvent {
    this.#requireConnected(command);
    this.#requireFirst(command, 'NetStream.Play.Failed');
    const name = this.#streamNameOf(command, 'NetStream.Play.Failed');
    this.#state = { name: 'admitting', what: 'play' };
    return { type: 'play', ...name };
  }

  #handleStreamEnd(): RtmpServerEvent | undefined {
    const { name } = this.#state;
    if (name !== 'publishing' && name !== 'playing') return undefined;
    this.#state = { name: 'ended' };
    this.#channel.setLimits(COMMAND_LIMITS);
    return { type: name === 'publishing' ? 'publish-end' : 'play-end' };
  }

  #streamNameOf(command: RtmpCommand, refusal: string): RtmpStreamName {
    const [rawName] = command.args;
    if (typeof rawName === 'string') return parseStreamName(rawName);
    this.#sendStatus('error', refusal, 'No stream name');
    throw new ProtocolError('ERR_RTMP_COMMAND', `${command.name} without a stream name`);
  }

  #requireConnected(command: RtmpCommand): void {
    if (this.#state.name !== 'awaits connect') return;
    throw this.#refuse(command, 'NetConnection.Call.Failed', 'Connect first');
  }

  /** One publication or one playback a connection; lal has no guard here and breaks. */
  #requireFirst(command: RtmpCommand, refusal: string): void {
    if (this.#state.name === 'connected') return;
    this.#sendStatus('error', refusal, `This connection is ${this.#state.name} already`);
    throw this.#stateError(command);
  }

  #refuse(command: RtmpCommand, code: string, description: string): ProtocolError {
    const { args } = statusCommand({ level: 'error', code, description });
    const { transactionId } = command;
    this.#sendResult({ name: '_error', transactionId, commandObject: null, args });
    return this.#stateError(command);
  }

  #stateError(command: RtmpCommand): ProtocolError {
    return new ProtocolError(
      'ERR_RTMP_STATE',
      `${command.name} while the connection is ${this.#describe()}`,
      {
        command: command.name,
        state: this.#state.name,
      },
    );
  }

  #describe(): string {
    return this.#state.name === 'awaits connect' ? 'not connected' : this.#state.name;
  }

  #requireAdmitting(what: 'publish' | 'play'): void {
    if (this.#state.name === 'admitting' && this.#state.what === what) return;
    throw new TypeError(`no ${what} waits for an answer; the connection is ${this.#state.name}`);
  }

  #sendResult(command: RtmpCommand): void {
    this.#channel.sendCommand(RtmpChunkStream.connection, 0, command);
  }

  #sendStatus(level: RtmpStatus['level'], code: string, description: string): void {
    const command = statusCommand({ level, code, description });
    this.#channel.sendCommand(RtmpChunkStream.stream, MEDIA_STREAM_ID, command);
  }
}
