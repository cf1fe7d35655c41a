import type { RemoteInfo, Socket } from 'node:dgram';
import { isRtcpPacketType } from '../../protocol/rtp/packet-kind.ts';
import { plainHost } from '../net/address.ts';
import type { UdpPort } from '../net/udp-port-pool.ts';
import {
  TRANSPORT_SILENCE_MS,
  newTransportCounters,
  type Gb28181Transport,
  type Gb28181TransportCounters,
  type Gb28181TransportOptions,
} from './media-transport.ts';

/**
 * A device over UDP. Nobody knows beforehand where it sends from: the first address whose packets are taken is the device, until
 * it falls silent. Reports are expected on the next port, and known by sight on this one.
 */
export class Gb28181UdpTransport implements Gb28181Transport {
  readonly keepsOrder = false;
  readonly counters: Gb28181TransportCounters = newTransportCounters();
  readonly #port: UdpPort;
  readonly #options: Gb28181TransportOptions;
  #source: RemoteInfo | undefined;
  #heardMs = 0;
  /** How reports reach the device: where its own came from. */
  #reports: { readonly socket: Socket; readonly to: RemoteInfo } | undefined;
  #isClosed = false;

  /** @param port belongs to the transport from now on */
  constructor(port: UdpPort, options: Gb28181TransportOptions) {
    this.#port = port;
    this.#options = options;
    port.rtp.on('message', (packet, from) => {
      if (this.#isLetIn(from)) this.#receive(packet, from);
    });
    port.rtcp?.on('message', (packet, from) => {
      if (this.#isLetIn(from)) this.#receiveRtcp(packet, from, port.rtcp!);
    });
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

  #isLetIn(from: RemoteInfo): boolean {
    if (this.#isClosed) return false;
    const isKeptOut = this.#options.isKeptOut(plainHost(from.address));
    if (isKeptOut) this.counters.refusedPackets += 1;
    return !isKeptOut;
  }

  #receive(packet: Uint8Array, from: RemoteInfo): void {
    if (packet.length > 1 && isRtcpPacketType(packet[1]!)) {
      this.#receiveRtcp(packet, from, this.#port.rtp);
      return;
    }
    const isSource = this.#source?.address === from.address && this.#source.port === from.port;
    const nowMs = this.#options.clock.monotonicMs();
    const isTaken = this.#source !== undefined && nowMs - this.#heardMs < TRANSPORT_SILENCE_MS;
    if (!isSource && isTaken) {
      this.counters.strangerPackets += 1;
    } else if (this.#options.handler.receiveRtp(packet)) {
      this.#source = from;
      this.#heardMs = nowMs;
    }
  }

  #receiveRtcp(packet: Uint8Array, from: RemoteInfo, socket: Socket): void {
    // The port is another one than that of RTP; the machine is the same.
    if (from.address !== this.#source?.address) return;
    this.#reports = { socket, to: from };
    this.#options.handler.receiveRtcp(packet);
  }
}
