import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock } from '../../media/clock.ts';
import { isRtcpPacketType } from '../../protocol/rtp/packet-kind.ts';
import type { UdpPort } from '../net/udp-port-pool.ts';
import {
  TRANSPORT_SILENCE_MS,
  newTransportCounters,
  type Gb28181MediaHandler,
  type Gb28181Transport,
  type Gb28181TransportCounters,
} from './media-transport.ts';

/**
 * A device over UDP. Nobody knows beforehand where it sends from: the first address whose packets are taken is the device, until
 * it falls silent. Reports are expected on the next port, and known by sight on this one.
 */
export class Gb28181UdpTransport implements Gb28181Transport {
  readonly keepsOrder = false;
  readonly counters: Gb28181TransportCounters = newTransportCounters();
  readonly #port: UdpPort;
  readonly #clock: Clock;
  readonly #handler: Gb28181MediaHandler;
  #source: RemoteInfo | undefined;
  #heardMs = 0;
  /** How reports reach the device: where its own came from. */
  #reports: { readonly socket: Socket; readonly to: RemoteInfo } | undefined;
  #isClosed = false;

  /** @param port belongs to the transport from now on */
  constructor(port: UdpPort, clock: Clock, handler: Gb28181MediaHandler) {
    this.#port = port;
    this.#clock = clock;
    this.#handler = handler;
    port.rtp.on('message', (packet, from) => this.#receive(packet, from));
    port.rtcp?.on('message', (packet, from) => this.#receiveRtcp(packet, from, port.rtcp!));
  }

  get port(): number {
    return this.#port.port;
  }

  sendRtcp(packet: Uint8Array): void {
    if (this.#reports === undefined || this.#isClosed) return;
    const { socket, to } = this.#reports;
    socket.send(packet, to.port, to.address);
  }

  tick(): void {}

  close(): void {
    this.#isClosed = true;
    this.#port.close();
  }

  #receive(packet: Uint8Array, from: RemoteInfo): void {
    if (this.#isClosed) return;
    if (packet.length > 1 && isRtcpPacketType(packet[1]!)) {
      this.#receiveRtcp(packet, from, this.#port.rtp);
      return;
    }
    const isSource = this.#source?.address === from.address && this.#source.port === from.port;
    const nowMs = this.#clock.monotonicMs();
    const isTaken = this.#source !== undefined && nowMs - this.#heardMs < TRANSPORT_SILENCE_MS;
    if (!isSource && isTaken) {
      this.counters.strangerPackets += 1;
    } else if (this.#handler.receiveRtp(packet)) {
      this.#source = from;
      this.#heardMs = nowMs;
    }
  }

  #receiveRtcp(packet: Uint8Array, from: RemoteInfo, socket: Socket): void {
    // The port is another one than that of RTP; the machine is the same.
    if (this.#isClosed || from.address !== this.#source?.address) return;
    this.#reports = { socket, to: from };
    this.#handler.receiveRtcp(packet);
  }
}
