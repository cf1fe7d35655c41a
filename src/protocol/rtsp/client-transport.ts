/** What a client asks for in SETUP, and what it makes of the reply (RFC 2326, 10.4 and 12.39). */
import { parseTransportHeader, serializeTransport } from './transport-header.ts';
import type { PortPair, RtspTransport } from './transport-header.ts';

/** How media travel. */
export type RtspClientTransportKind = 'tcp' | 'udp';

/** One way of carrying a track, offered to the server. */
export type RtspTransportOffer =
  | { readonly kind: 'tcp'; readonly channels: PortPair }
  /** The ports are our own. */
  | { readonly kind: 'udp'; readonly clientPort: PortPair };

/** How a track travels in the end. */
export type RtspTrackTransport =
  /** The channels that the server named, else those that were asked for. */
  | { readonly kind: 'tcp'; readonly channels: PortPair }
  | {
      readonly kind: 'udp';
      /** Where to send to; `undefined` with servers that do not say (EasyDarwin), which are enough for pulling. */
      readonly serverPort: PortPair | undefined;
      /** Of a player: where packets may come from besides the server's own address. As written, mostly an address. */
      readonly source: string | undefined;
    };

/** The value of `Transport` for a request. */
export function transportOffer(offer: RtspTransportOffer, mode: 'play' | 'publish'): string {
  const common = { profile: 'RTP/AVP', delivery: 'unicast', lowerTransport: offer.kind } as const;
  const transport: RtspTransport =
    offer.kind === 'tcp'
      ? { ...common, specifier: 'RTP/AVP/TCP', interleaved: offer.channels }
      : { ...common, specifier: 'RTP/AVP/UDP', clientPort: offer.clientPort };
  // Players do not say their mode: it is the default, and some cameras refuse what they do not expect.
  return serializeTransport(mode === 'publish' ? { ...transport, mode: 'record' } : transport);
}

/**
 * What the server agreed to. A reply without a usable `Transport` means what was asked for.
 * @returns `undefined` when media cannot travel that way: UDP where TCP was asked for, multicast, or a publisher that is
 *   not told where to send
 */
export function agreedTransport(
  offer: RtspTransportOffer,
  mode: 'play' | 'publish',
  replyValue: string | undefined,
): RtspTrackTransport | undefined {
  const reply = parseTransportHeader(replyValue ?? '')[0];
  if (reply?.delivery === 'multicast') return undefined;
  if (isInterleaved(offer, reply)) {
    const channels = reply?.interleaved ?? (offer.kind === 'tcp' ? offer.channels : undefined);
    return channels === undefined ? undefined : { kind: 'tcp', channels };
  }
  if (offer.kind === 'tcp') return undefined;
  if (mode === 'publish' && reply?.serverPort === undefined) return undefined;
  const source = mode === 'play' ? reply?.source : undefined;
  return { kind: 'udp', serverPort: reply?.serverPort, source };
}

/** A reply to an offer of TCP that names neither channels nor ports repeats no more than the profile. */
function isInterleaved(offer: RtspTransportOffer, reply: RtspTransport | undefined): boolean {
  if (reply === undefined) return offer.kind === 'tcp';
  const namesPorts = reply.serverPort !== undefined || reply.clientPort !== undefined;
  return reply.lowerTransport === 'tcp' || (offer.kind === 'tcp' && !namesPorts);
}
