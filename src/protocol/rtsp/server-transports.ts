/** How the tracks of one session are carried: what may be offered, and what was agreed (RFC 2326, 12.39). */
import { RtspStatus } from './rtsp-status.ts';
import { ServerChannels } from './server-channels.ts';
import type { Refusal } from './server-request.ts';
import {
  parseTransportHeader,
  serializeTransport,
  type PortPair,
  type RtspTransport,
} from './transport-header.ts';

/** A way of carrying a track that both sides can go. */
export type RtspOffer =
  /** In this connection, on channels that nobody else has. */
  | { readonly kind: 'interleaved'; readonly channels: PortPair; readonly specifier: string }
  /** `clientPorts` may be missing where a publisher names none. */
  | {
      readonly kind: 'udp';
      readonly clientPorts: PortPair | undefined;
      /** As the client spells it. */
      readonly specifier: string;
    };

/** A track that was set up. */
export interface RtspServerTrack {
  /** Index of the media in the description. */
  readonly trackIndex: number;
  /** Of its SETUP. */
  readonly uri: string;
  readonly offer: RtspOffer;
}

/** Plain RTP, and RTP whose receivers report sooner, which no sender has to mind. Encrypted media is not supported. */
const PROFILES: ReadonlySet<string> = new Set(['RTP/AVP', 'RTP/AVPF']);

/** Decides on transports. All tracks of a session go the same way, interleaved or UDP. */
export class ServerTransports {
  readonly #allowUdp: boolean;
  readonly #channels = new ServerChannels();
  #kind: RtspOffer['kind'] | undefined;

  constructor(allowUdp: boolean) {
    this.#allowUdp = allowUdp;
  }

  /** What of a `Transport` header can be had, by the client's preference; or how to refuse it. */
  offersOf(header: string | undefined, mode: 'play' | 'record'): readonly RtspOffer[] | Refusal {
    if (header === undefined) return { status: RtspStatus.badRequest };
    const offers = parseTransportHeader(header)
      .map((transport) => this.#offerOf(transport, mode))
      .filter((offer) => offer !== undefined);
    return offers.length > 0 ? offers : { status: RtspStatus.unsupportedTransport };
  }

  /** Takes an offer. @returns the value of the reply's `Transport` */
  accept(
    offer: RtspOffer,
    mode: 'play' | 'record',
    { serverPorts, ssrc }: { serverPorts?: PortPair; ssrc?: number },
  ): string {
    this.#kind = offer.kind;
    const isUdp = offer.kind === 'udp';
    if (!isUdp) this.#channels.take(offer.channels);
    return serializeTransport({
      specifier: offer.specifier,
      profile: 'RTP/AVP',
      lowerTransport: isUdp ? 'udp' : 'tcp',
      delivery: 'unicast',
      interleaved: isUdp ? undefined : offer.channels,
      clientPort: isUdp ? offer.clientPorts : undefined,
      serverPort: serverPorts,
      ssrc,
      // Players need not be told, and lal does not.
      mode: mode === 'record' ? mode : undefined,
    });
  }

  #offerOf(transport: RtspTransport, mode: 'play' | 'record'): RtspOffer | undefined {
    const { profile, delivery, lowerTransport, specifier } = transport;
    if (!PROFILES.has(profile) || delivery === 'multicast') return undefined;
    const kind = lowerTransport === 'tcp' ? 'interleaved' : 'udp';
    if (this.#kind !== undefined && kind !== this.#kind) return undefined;
    if (kind === 'interleaved') {
      const channels = this.#channels.offer(transport.interleaved);
      return channels === undefined ? undefined : { kind, channels, specifier };
    }
    const clientPorts = transport.clientPort;
    // A player that names no port cannot be sent anything.
    if (!this.#allowUdp || (mode === 'play' && clientPorts === undefined)) return undefined;
    return { kind, clientPorts, specifier };
  }
}
