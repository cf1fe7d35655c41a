import type { EndReason } from '../../media/end-reason.ts';
import type {
  RtspAnnounceEvent,
  RtspDescribeEvent,
  RtspOwnDescription,
  RtspTrackStart,
} from '../../protocol/rtsp/server-events.ts';
import type { PortPair } from '../../protocol/rtsp/transport-header.ts';
import type { StreamFeed } from '../net/stream-session.ts';
import type { RtspServerSession } from './server-session.ts';
import type { RtspFraming } from './server-transport.ts';

/** Asks for credentials: the values of as many `WWW-Authenticate` headers. */
export interface RtspChallenge {
  readonly wwwAuthenticate: readonly string[];
}

/** How a publisher's packets come. */
export interface RtspRecordStart {
  /** Indices of the media that were set up. */
  readonly trackIndices: readonly number[];
  /** False over UDP. */
  readonly keepsOrder: boolean;
}

/** What takes a publisher's packets. */
export interface RtspPublishTarget {
  /** The packets of these tracks follow. Called again when a publisher goes on after PAUSE. */
  record(start: RtspRecordStart): void;
  /** @param packet kept; nobody changes it */
  receiveRtp(trackIndex: number, packet: Uint8Array): void;
  receiveRtcp(trackIndex: number, packet: Uint8Array): void;
  close(reason: EndReason): void;
}

/** A track that a player set up, and the interleaved channels on which it expects it. */
export interface RtspPlayTrack {
  readonly trackIndex: number;
  readonly channels: PortPair;
}

/** Where a player's packets go; the hub's `ByteSink`. Takes whole interleaved packets, in the transport's framing. */
export interface RtspSink {
  readonly queuedBytes: number;
  write(bytes: Uint8Array): boolean;
  end(reason: EndReason): void;
}

/** What feeds a player. */
export interface RtspPlayFeed extends StreamFeed {
  /** The first packets of each track, where they are known before they are sent. */
  readonly starts: readonly RtspTrackStart[];
  /** The last packets: interleaved, not framed. */
  goodbye(): Uint8Array;
}

/** A stream that may be played. */
export interface RtspPresentation {
  readonly description: RtspOwnDescription;
  /**
   * Begins, or goes on after PAUSE, to write to `sink`; not before this has returned.
   * @param framing what the transport wants around the packets
   */
  play(tracks: readonly RtspPlayTrack[], sink: RtspSink, framing: RtspFraming | undefined): RtspPlayFeed;
}

/** Decides what sessions may do, and connects them with the rest of the server. */
export interface RtspSessionHandler {
  /** The answer may take as long as the stream does not exist. `ended` tells that nobody waits any more. */
  describe(
    session: RtspServerSession,
    event: RtspDescribeEvent,
  ): Promise<RtspPresentation | RtspChallenge | EndReason>;
  announce(
    session: RtspServerSession,
    event: RtspAnnounceEvent,
  ): Promise<RtspPublishTarget | RtspChallenge | EndReason>;
  /** Called once, whatever ended the session. */
  ended(session: RtspServerSession, reason: EndReason): void;
}
