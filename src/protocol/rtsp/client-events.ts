/** What happens on a client's connection, in the words of `RtspClientConnection`. */
import type { SessionDescription } from '../sdp/session-description.ts';
import type { RtspClientStart, RtspClientTrack } from './client-tracks.ts';
import type { RtspTrackTransport } from './client-transport.ts';

/** What the server did, in order. */
export type RtspClientEvent =
  | RtspDescribedEvent
  | RtspSetupEvent
  | RtspStartedEvent
  | RtspClientPacket
  | RtspRedirectEvent
  | RtspRefusedEvent
  | RtspStoppedEvent;

/** Of a player. Nothing goes on before `setUp`. */
export interface RtspDescribedEvent {
  readonly type: 'described';
  readonly description: SessionDescription;
  /** The description as it came. */
  readonly sdp: Uint8Array;
  readonly tracks: readonly RtspClientTrack[];
}

/** How SETUP goes on for a track. */
export type RtspSetupEvent =
  /** The track may travel over UDP. Nothing goes on before `usePorts`. */
  | { readonly type: 'ports-needed'; readonly trackIndex: number }
  /** SETUP was accepted. */
  | { readonly type: 'track'; readonly trackIndex: number; readonly transport: RtspTrackTransport }
  /** A player goes on without this track. */
  | { readonly type: 'track-refused'; readonly trackIndex: number; readonly status: number };

/** PLAY or RECORD was accepted. */
export interface RtspStartedEvent extends RtspClientStart {
  readonly type: 'started';
}

/** RTP or RTCP that came over the connection. Players may get some before `started`. */
export interface RtspClientPacket {
  readonly type: 'packet';
  readonly trackIndex: number;
  readonly isRtcp: boolean;
  /** A view; never reused. */
  readonly packet: Uint8Array;
}

/** What was asked for is elsewhere. The connection is closed. */
export interface RtspRedirectEvent {
  readonly type: 'redirect';
  /** As written. */
  readonly location: string;
}

/** The server refused: final. The connection is closed. */
export interface RtspRefusedEvent {
  readonly type: 'refused';
  readonly method: string;
  readonly status: number;
  /** In the server's words; may be empty. */
  readonly reason: string;
}

/** The server gave the session up. The connection is closed. */
export interface RtspStoppedEvent {
  readonly type: 'stopped';
}
