import type { EndReason } from '../../media/end-reason.ts';
import type { RtmpConnect } from '../rtmp/rtmp-observer.ts';
import type { SessionIdentity, SessionRecord } from '../sessions/session-record.ts';
import type { StatGroup } from '../stats/stat-group.ts';
import type { StreamAddress } from '../stream-address.ts';
import type { OrderKeys } from './ordered-tasks.ts';

/** A publisher, viewer or relay pull, as it was at the moment of an event. */
export interface SessionSnapshot extends SessionIdentity {
  /** `PULL`: a relay pull of ours, which is an input like a publisher. */
  readonly baseType: SessionRecord['baseType'];
  readonly streamKey: string;
  /** Of pulls: what the stream is called where it comes from. */
  readonly origin?: StreamAddress | undefined;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Whether the stream has a publisher or a pull now, this session counted when it has just started. */
  readonly hasInput: boolean;
  /** Whether the stream has a viewer or a relay push now, counted alike. */
  readonly hasOutput: boolean;
  /** Ends the session (default: `kicked`). Nothing happens to one that has ended. */
  close(reason?: EndReason): void;
}

/** A fragment of HLS that was begun, or is complete. */
export interface HlsFragmentNotice {
  /** At `close` the fragment and the playlists that name it are written. */
  readonly event: 'open' | 'close';
  readonly streamKey: string;
  readonly streamName: string;
  /** Number of the fragment, from 0; goes on when the publisher comes back. */
  readonly id: number;
  /** 0 at `open`. */
  readonly durationMs: number;
  /** Path of the fragment; like the others as `hls.out_path` is: relative to the working directory, or absolute. */
  readonly tsFile: string;
  readonly livePlaylistFile: string;
  /** Also where `hls.cleanup_mode` 2 writes none. */
  readonly recordPlaylistFile: string;
}

/** A session came. */
export type SessionStartType = 'pub-start' | 'sub-start' | 'relay-pull-start';
/** A session has gone. */
export type SessionStopType = 'pub-stop' | 'sub-stop' | 'relay-pull-stop';

/** What happens in a server and may be of interest elsewhere. */
export type ServerEvent =
  | { readonly type: 'server-start' }
  /** @property groups what is going on at the moment of the call */
  | { readonly type: 'update'; groups(): readonly StatGroup[] }
  | { readonly type: SessionStartType; readonly session: SessionSnapshot }
  | { readonly type: SessionStopType; readonly session: SessionSnapshot; readonly reason: EndReason }
  | { readonly type: 'rtmp-connect'; readonly connect: RtmpConnect }
  | { readonly type: 'hls-fragment'; readonly fragment: HlsFragmentNotice };

/** Is told of events in the turn in which they happen. Must neither block nor throw. */
export interface ServerEventSink {
  receive(event: ServerEvent): void;
}

/** What an event must not overtake: those of the same stream and session. What is about the whole server keeps its place among all. */
export function orderKeysOf(event: ServerEvent): OrderKeys {
  switch (event.type) {
    case 'server-start':
    case 'update':
      return 'everything';
    case 'rtmp-connect':
      return [`session ${event.connect.sessionId}`];
    case 'hls-fragment':
      return [`stream ${event.fragment.streamKey}`];
    default:
      return [`stream ${event.session.streamKey}`, `session ${event.session.id}`];
  }
}
