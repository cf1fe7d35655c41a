import type { SessionDescription } from '../sdp/session-description.ts';
import type { RtspRange } from './range-header.ts';
import type { RtspRequest } from './rtsp-message.ts';
import type { RtspInterleavedPacket } from './rtsp-reader.ts';
import type { RtspOffer } from './server-transports.ts';

/** What the client asked for, in order. The first five want an answer: `accept…`, `challenge` or `reject`. */
export type RtspServerEvent =
  | RtspDescribeEvent
  | RtspAnnounceEvent
  | RtspServerSetupEvent
  | RtspPlayEvent
  /** A publisher is about to send, for the first time or after `pause`: `acceptRecord`. */
  | { readonly type: 'record' }
  /** Already answered. A player may go on with another `play`, a publisher with another `record`. */
  | { readonly type: 'pause' }
  /** Already answered; nothing follows. */
  | { readonly type: 'teardown' }
  /** RTP and RTCP of a publisher, RTCP of a player, once `record` or `play` was accepted. */
  | RtspInterleavedPacket;

/** What authentication and logs need of a request. */
export interface RtspRequestFacts {
  readonly method: string;
  /** As sent. */
  readonly uri: string;
  /** The value of `Authorization`, unchecked. */
  readonly authorization: string | undefined;
  readonly userAgent: string | undefined;
}

/** A player wants a description: `acceptDescribe`. */
export interface RtspDescribeEvent extends RtspRequestFacts {
  readonly type: 'describe';
}

/** A publisher brings one: `acceptAnnounce`. */
export interface RtspAnnounceEvent extends RtspRequestFacts {
  readonly type: 'announce';
  /** At least one media description. */
  readonly description: SessionDescription;
  /** As sent; never reused. */
  readonly sdp: Uint8Array;
}

/** One track is to be carried: `acceptSetup` with one of the offers. */
export interface RtspServerSetupEvent {
  readonly type: 'setup';
  readonly mode: 'play' | 'record';
  /** Index of the media in the description. */
  readonly trackIndex: number;
  /** What the client can do and this connection may, by the client's preference; at least one. */
  readonly offers: readonly RtspOffer[];
}

/** Playback is to begin, or to go on after `pause`: `acceptPlay`. */
export interface RtspPlayEvent {
  readonly type: 'play';
  /** What the client would like to see. A live stream begins where it is. */
  readonly range: RtspRange | undefined;
}

/** A description for a player. */
export interface RtspOwnDescription {
  /** SDP; not changed afterwards. */
  readonly sdp: Uint8Array;
  /** `a=control` of each media, in order. */
  readonly controls: readonly string[];
}

/** What the first packet of a track will carry, where that is known. */
export interface RtspTrackStart {
  readonly trackIndex: number;
  readonly sequenceNumber?: number | undefined;
  /** Of RTP. */
  readonly timestamp?: number | undefined;
}

/** The parts of a request that are everybody's business. */
export function factsOf({ method, uri, headers }: RtspRequest): RtspRequestFacts {
  const authorization = headers.get('Authorization');
  return { method, uri, authorization, userAgent: headers.get('User-Agent') };
}
