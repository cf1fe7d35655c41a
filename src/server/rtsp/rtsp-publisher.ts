import { RtspIngest, type RtspTrackCounters } from '../../ingest/rtsp/rtsp-ingest.ts';
import type { Clock } from '../../media/clock.ts';
import { endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import type { SessionDescription } from '../../protocol/sdp/session-description.ts';
import type { RtspPublishTarget, RtspRecordStart } from '../../session/rtsp/server-handler.ts';
import type { RtspServerSession } from '../../session/rtsp/server-session.ts';
import type { PublishAdmission } from '../admission/stream-gate.ts';

/** How often gaps are looked at over UDP: well below the time for which they are waited for. */
const REORDER_TICK_MS = 50;

/** What a publisher's session writes to. */
export class RtspPublisher implements RtspPublishTarget {
  readonly #session: RtspServerSession;
  readonly #admission: PublishAdmission;
  readonly #description: SessionDescription;
  readonly #clock: Clock;
  readonly #onClosed: (reason: EndReason) => void;
  #ingest: RtspIngest | undefined;
  #cancelTick: (() => void) | undefined;
  #isClosed = false;

  constructor(
    session: RtspServerSession,
    admission: PublishAdmission,
    description: SessionDescription,
    clock: Clock,
    onClosed: (reason: EndReason) => void,
  ) {
    this.#session = session;
    this.#admission = admission;
    this.#description = description;
    this.#clock = clock;
    this.#onClosed = onClosed;
  }

  /** Of each media in the description; `undefined` for those that are not received. */
  get trackCounters(): readonly (RtspTrackCounters | undefined)[] {
    return this.#description.media.map((_, index) => this.#ingest?.countersOf(index));
  }

  record({ trackIndices, keepsOrder }: RtspRecordStart): void {
    this.#ingest ??= new RtspIngest(this.#admission.publication, this.#description, {
      trackIndices,
      keepsOrder,
    });
    if (!keepsOrder && this.#cancelTick === undefined) this.#scheduleTick();
  }

  receiveRtp(trackIndex: number, packet: Uint8Array): void {
    this.#ingest?.receiveRtp(trackIndex, packet, this.#clock.monotonicMs());
  }

  receiveRtcp(trackIndex: number, packet: Uint8Array): void {
    this.#ingest?.receiveRtcp(trackIndex, packet, this.#clock.monotonicMs());
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    for (const { trackIndex, bytes } of this.#ingest?.takeReports(nowMs) ?? []) {
      this.#session.sendReport(trackIndex, bytes);
    }
  }

  close(reason: EndReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick?.();
    try {
      this.#ingest?.end();
    } finally {
      this.#admission.release();
      this.#onClosed(reason);
    }
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#clock.after(REORDER_TICK_MS, () => {
      this.#scheduleTick();
      try {
        this.#ingest?.tick(this.#clock.monotonicMs());
      } catch (error) {
        this.#session.close(endReasonOfError(error));
      }
    });
  }
}
