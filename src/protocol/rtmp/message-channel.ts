import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { AcknowledgementSchedule } from './acknowledgement.ts';
import { splitAggregate } from './aggregate.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { ChunkReaderLimits } from './chunk-reader.ts';
import { serializeChunkedMessage } from './chunk-writer.ts';
import { serializeCommand } from './command.ts';
import type { RtmpCommand } from './command.ts';
import type { Handshake } from './handshake/handshake.ts';
import { OUTGOING_CHUNK_SIZE, RtmpChunkStream, RtmpMessageType } from './message.ts';
import type { RtmpMessage } from './message.ts';
import { UserControlEvent, parseUserControl, serializeUserControl } from './user-control.ts';
import type { UserControl } from './user-control.ts';

/**
 * What both sides of an RTMP connection have in common: handshake, chunks, acknowledgements, pings and
 * aggregates. Bytes in, messages out; messages in, bytes out. Knows nothing of commands' meaning.
 */
export class RtmpMessageChannel {
  readonly #handshake: Handshake;
  readonly #handshakeInput = new ChunkQueue();
  readonly #reader: ChunkReader;
  /** Sub-messages of an aggregate that are still to be handed out, last first. */
  #split: RtmpMessage[] = [];
  #output: Uint8Array[] = [];
  #outgoingChunkSize = 128;
  readonly #acknowledgements = new AcknowledgementSchedule();

  constructor(handshake: Handshake, limits?: ChunkReaderLimits) {
    this.#handshake = handshake;
    this.#reader = new ChunkReader(limits);
    this.#advanceHandshake();
  }

  /** All bytes from the peer, the handshake included. */
  get bytesReceived(): number {
    return this.#acknowledgements.received;
  }

  get isHandshakeDone(): boolean {
    return this.#handshake.isDone;
  }

  /** Bytes received and not yet read: what piles up while nobody asks for messages. */
  get pendingBytes(): number {
    return this.#handshakeInput.length + this.#reader.pendingBytes;
  }

  setLimits(limits: ChunkReaderLimits): void {
    this.#reader.setLimits(limits);
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    this.#acknowledgements.count(chunk.length);
    if (this.#handshake.isDone) {
      this.#reader.receive(chunk);
    } else {
      this.#handshakeInput.push(chunk);
      this.#advanceHandshake();
    }
    this.#acknowledge();
  }

  /**
   * The next message that is not this layer's own business: user control except pings, audio, video, data, commands,
   * and unknown types. `undefined` when bytes are missing.
   * @throws ProtocolError see `ChunkReader.nextMessage` and `splitAggregate`
   */
  nextMessage(): RtmpMessage | undefined {
    for (;;) {
      const message = this.#split.pop() ?? this.#reader.nextMessage();
      if (message === undefined || !this.#isOwn(message)) return message;
    }
  }

  /** Handles what belongs to this layer. Empty messages of any type belong to nobody. */
  #isOwn(message: RtmpMessage): boolean {
    if (message.payload.length === 0) return true;
    switch (message.typeId) {
      case RtmpMessageType.windowAcknowledgementSize:
        this.#setPeerWindow(message.payload);
        return true;
      case RtmpMessageType.userControl:
        return this.#answerPing(message.payload);
      case RtmpMessageType.aggregate:
        this.#split = splitAggregate(message)
          .filter((sub) => sub.typeId !== RtmpMessageType.aggregate)
          .toReversed();
        return true;
      case RtmpMessageType.setChunkSize:
      case RtmpMessageType.abort:
        // Only out of an aggregate, where they mean nothing.
        return true;
      case RtmpMessageType.acknowledgement:
      case RtmpMessageType.setPeerBandwidth:
        return true;
      default:
        return false;
    }
  }

  /** Queues a message. `payload` is copied. */
  send(
    chunkStreamId: number,
    typeId: number,
    streamId: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    const header = { chunkStreamId, typeId, streamId, timestamp };
    this.#output.push(serializeChunkedMessage(header, [payload], this.#outgoingChunkSize));
  }

  sendCommand(chunkStreamId: number, streamId: number, command: RtmpCommand): void {
    this.send(chunkStreamId, RtmpMessageType.commandAmf0, streamId, 0, serializeCommand(command));
  }

  sendUserControl(control: UserControl): void {
    this.#sendControl(RtmpMessageType.userControl, serializeUserControl(control));
  }

  sendWindowAcknowledgementSize(size: number): void {
    this.#sendControl(RtmpMessageType.windowAcknowledgementSize, new ByteWriter(4).u32(size).finish());
  }

  /** @param limitType 0 hard, 1 soft, 2 dynamic (clause 5.4.5) */
  sendPeerBandwidth(size: number, limitType: 0 | 1 | 2): void {
    const payload = new ByteWriter(5).u32(size).u8(limitType).finish();
    this.#sendControl(RtmpMessageType.setPeerBandwidth, payload);
  }

  /** From here on this side's chunks carry `OUTGOING_CHUNK_SIZE` bytes: some players cannot join split commands. */
  sendChunkSize(): void {
    this.#sendControl(RtmpMessageType.setChunkSize, new ByteWriter(4).u32(OUTGOING_CHUNK_SIZE).finish());
    this.#outgoingChunkSize = OUTGOING_CHUNK_SIZE;
  }

  /** Bytes to write now, in order; they belong to the caller. */
  takeOutput(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  #sendControl(typeId: number, payload: Uint8Array): void {
    this.send(RtmpChunkStream.control, typeId, 0, 0, payload);
  }

  #advanceHandshake(): void {
    const output = this.#handshake.advance(this.#handshakeInput);
    if (output !== undefined) this.#output.push(output);
    if (!this.#handshake.isDone) return;
    const rest = this.#handshakeInput.take(this.#handshakeInput.length);
    if (rest !== undefined) this.#reader.receive(rest);
  }

  #setPeerWindow(payload: Uint8Array): void {
    if (payload.length < 4) return;
    this.#acknowledgements.setPeerWindow(new ByteReader(payload).u32());
    this.#acknowledge();
  }

  #acknowledge(): void {
    const sequenceNumber = this.#acknowledgements.takeDue();
    if (sequenceNumber === undefined) return;
    const payload = new ByteWriter(4).u32(sequenceNumber).finish();
    this.#sendControl(RtmpMessageType.acknowledgement, payload);
  }

  /** @returns true when the message was a ping, or nothing at all */
  #answerPing(payload: Uint8Array): boolean {
    const control = parseUserControl(payload);
    if (control === undefined) return true;
    if (control.event !== UserControlEvent.pingRequest) return false;
    this.sendUserControl({ event: UserControlEvent.pingResponse, value: control.value });
    return true;
  }
}
