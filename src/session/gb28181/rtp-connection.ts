import type { Socket } from 'node:net';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Clock } from '../../media/clock.ts';
import { isRtcpPacketType } from '../../protocol/rtp/packet-kind.ts';
import { RtpStreamFramer } from '../../protocol/rtp/rtp-stream-framer.ts';
import { remoteHostOf } from '../net/address.ts';
import type { Gb28181MediaHandler, Gb28181TransportCounters } from './media-transport.ts';

/** One TCP connection with the packets of a device. */
export class RtpConnection {
  readonly remoteHost: string;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #handler: Gb28181MediaHandler;
  readonly #counters: Gb28181TransportCounters;
  readonly #framer = new RtpStreamFramer();
  /** When the last packet came that was taken. */
  #heardMs: number;

  /** @param socket is read from now on, and belongs to the connection @param onClosed called once */
  constructor(
    socket: Socket,
    clock: Clock,
    handler: Gb28181MediaHandler,
    counters: Gb28181TransportCounters,
    onClosed: () => void,
  ) {
    this.remoteHost = remoteHostOf(socket);
    this.#socket = socket;
    this.#clock = clock;
    this.#handler = handler;
    this.#counters = counters;
    this.#heardMs = clock.monotonicMs();
    socket.on('data', (chunk) => this.#receive(chunk));
    // Whoever has nothing to say any more is gone: nothing is ever sent to him.
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', onClosed);
    socket.resume();
  }

  get heardMs(): number {
    return this.#heardMs;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    const { resyncs } = this.#framer.counters;
    try {
      this.#framer.receive(chunk);
      for (let packet = this.#framer.next(); packet !== undefined; packet = this.#framer.next()) {
        if (this.#socket.destroyed) return;
        this.#handOn(packet);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#counters.failedConnections += 1;
      this.#socket.destroy();
    }
    this.#counters.resyncs += this.#framer.counters.resyncs - resyncs;
  }

  #handOn(packet: Uint8Array): void {
    if (packet.length > 1 && isRtcpPacketType(packet[1]!)) this.#handler.receiveRtcp(packet);
    else if (this.#handler.receiveRtp(packet)) this.#heardMs = this.#clock.monotonicMs();
  }
}
