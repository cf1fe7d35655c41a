import type { EndReason } from '../../media/end-reason.ts';
import type { RtmpConnect } from '../rtmp/rtmp-observer.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import type { StatGroup } from '../stats/stat-group.ts';
import type { HlsFragmentNotice, SessionSnapshot } from './server-event.ts';

/**
 * What a hook that decides may answer: `true` lets the session in, `false` refuses it, an `EndReason` (see `endReason`)
 * refuses it with a code and a text of yours. Anything else, `undefined` included, refuses and is logged.
 */
export type HookDecision = boolean | EndReason;

/** What a hook that is only told something may return; its promise is waited for. */
export type HookDone = void | Promise<void>;

/**
 * Functions of the application that a server calls; each may be left out. A hook that throws, or is not done within
 * `MediaServerOptions.hookTimeoutMs`, is logged and costs nothing else than its own call: no stream waits for it.
 */
export interface ServerHooks {
  /**
   * May this client publish? Asked after all other checks, before the stream is claimed, so that a session which is let in
   * here can still be refused because the stream has a publisher. The client waits. A hook that throws, or is late, refuses.
   * Not asked about inputs of the server's own: files, relay pulls, GB28181.
   */
  onPublish?(session: SessionIdentity): HookDecision | Promise<HookDecision>;
  /** May this client play? As `onPublish`. HLS viewers are asked about only with `hls.sub_session_hash_key`. */
  onPlay?(session: SessionIdentity): HookDecision | Promise<HookDecision>;

  /*
   * The others are told what has happened. Those about one stream are called one after the other, in the order of events,
   * each when the one before is done; a start always before its stop. Different streams do not wait for each other.
   */

  /** A publisher was let in. */
  onPublishStart?(session: SessionSnapshot): HookDone;
  /** It has gone, for whatever reason; viewers may stay. */
  onPublishStop?(session: SessionSnapshot, reason: EndReason): HookDone;
  /** A viewer was let in, whether or not the stream is there. */
  onPlayStart?(session: SessionSnapshot): HookDone;
  /** It has gone. */
  onPlayStop?(session: SessionSnapshot, reason: EndReason): HookDone;
  /** A relay pull is established. */
  onRelayPullStart?(session: SessionSnapshot): HookDone;
  /** It has ended. */
  onRelayPullStop?(session: SessionSnapshot, reason: EndReason): HookDone;
  /** An RTMP client sent `connect`. */
  onRtmpConnect?(connect: RtmpConnect): HookDone;
  /** A fragment of HLS was begun, or is complete. */
  onHlsFragment?(fragment: HlsFragmentNotice): HookDone;
  /** All streams: when all ports are open, and then every `http_notify.update_interval_sec` seconds (0: not again). */
  onUpdate?(groups: readonly StatGroup[]): HookDone;
}
