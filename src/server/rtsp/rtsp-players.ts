import type { LiveStream } from '../../hub/live-stream.ts';
import type { Subscription } from '../../hub/subscription.ts';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { RtspServerSession } from '../../session/rtsp/server-session.ts';
import type { ServerContext } from '../server-context.ts';
import type { SessionIdentity, SessionRecord } from '../sessions/session-record.ts';

/**
 * How long players stay without a publisher, when none is expected back any more. One that comes back is watched on; a
 * player of a stream that is over would wait for ever otherwise, since RTP has no other end.
 */
const ORPHANED_MS = 10_000;

interface Playing {
  readonly stream: LiveStream;
  readonly subscription: Subscription;
  /** Since when nobody publishes, and what had been sent by then. */
  orphaned: { readonly sinceMs: number; readonly sentBytes: number } | undefined;
}

interface Player {
  readonly record: SessionRecord;
  /** Lets go of the stream. */
  readonly release: () => void;
  playing: Playing | undefined;
}

/** Clients that play, or are about to: viewers from DESCRIBE on, as in lal, whether the stream is there or not. */
export class RtspPlayers {
  readonly #context: ServerContext;
  readonly #players = new Map<RtspServerSession, Player>();

  constructor(context: ServerContext) {
    this.#context = context;
    context.hub.observe({
      publicationStarted() {},
      publicationEnded: (stream) => {
        for (const { playing } of this.#players.values())
          if (playing?.stream === stream) this.#orphan(playing);
      },
    });
  }

  /** `session` was let in. A client that asks for another stream than before has left the first one. */
  add(session: RtspServerSession, identity: SessionIdentity, stream: LiveStream): void {
    const former = this.#players.get(session);
    if (former?.record.streamKey === stream.key) return;
    if (former !== undefined) this.remove(session, endReason('peer-stopped'));
    const player: Player = {
      record: recordOf(session, identity, stream.key, () => player.playing?.subscription),
      release: stream.hold(),
      playing: undefined,
    };
    this.#players.set(session, player);
    this.#context.registry.add(player.record);
  }

  started(
    session: RtspServerSession,
    stream: LiveStream,
    subscription: Subscription,
    userAgent: string | undefined,
  ): void {
    const player = this.#players.get(session)!;
    player.playing = { stream, subscription, orphaned: undefined };
    if (stream.publication === undefined) this.#orphan(player.playing);
    const { id, remoteAddress: remote, url } = player.record;
    const { transportName: transport } = session;
    this.#context.logger.info({ session: id, remote, url, transport, userAgent }, 'play start');
  }

  /** It pauses, or has gone. */
  stopped(session: RtspServerSession): void {
    const player = this.#players.get(session);
    if (player?.playing === undefined) return;
    const { counters } = player.playing.subscription;
    player.playing = undefined;
    this.#context.logger.info({ session: player.record.id, ...counters }, 'play stop');
  }

  remove(session: RtspServerSession, reason: EndReason): void {
    const player = this.#players.get(session);
    if (player === undefined) return;
    this.#players.delete(session);
    player.release();
    this.#context.registry.remove(player.record, reason);
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    const patienceMs = this.#context.config.in_session.grace_ms + ORPHANED_MS;
    for (const [session, { playing }] of this.#players) {
      if (playing !== undefined && isForgotten(playing, nowMs, patienceMs)) {
        session.close(endReason('source-ended'));
      }
    }
  }

  #orphan(playing: Playing): void {
    const { sentBytes } = playing.subscription.counters;
    playing.orphaned = { sinceMs: this.#context.clock.monotonicMs(), sentBytes };
  }
}

/** What a next publisher sends may not be what the player was told: then nothing of it reaches him. */
function isForgotten(playing: Playing, nowMs: number, patienceMs: number): boolean {
  const { orphaned, stream, subscription } = playing;
  if (orphaned === undefined) return false;
  // What a slow player still gets of the last publisher is no sign of a next one.
  const isFed = stream.publication !== undefined && subscription.counters.sentBytes > orphaned.sentBytes;
  if (isFed) playing.orphaned = undefined;
  return !isFed && nowMs - orphaned.sinceMs > patienceMs;
}

function recordOf(
  session: RtspServerSession,
  identity: SessionIdentity,
  streamKey: string,
  subscription: () => Subscription | undefined,
): SessionRecord {
  return {
    ...identity,
    baseType: 'SUB',
    streamKey,
    startedMs: session.startedMs,
    get subscription() {
      return subscription();
    },
    bytesRead: () => session.bytesRead,
    bytesWritten: () => session.bytesWritten,
    close: (reason) => session.close(reason),
  };
}
