import { DumpRecordType } from '../../../container/laldump/dump-record.ts';
import type { PublicationInput } from '../../../hub/publication.ts';
import { RtspIngest } from '../../../ingest/rtsp/rtsp-ingest.ts';
import { endReasonOfError, type EndReason } from '../../../media/end-reason.ts';
import type { SessionDescription } from '../../../protocol/sdp/session-description.ts';
import { systemNetwork } from '../../../session/rtsp/client-network.ts';
import { RtspClientSession } from '../../../session/rtsp/client-session.ts';
import { SERVER_NAME } from '../../http/http-headers.ts';
import type { ServerContext } from '../../server-context.ts';
import { rtpReception, type RtpReception } from '../../sessions/rtp-reception.ts';
import { ClaimBuffer } from './claim-buffer.ts';
import type { PullRequest, PullSource, PullTarget } from './pull-source.ts';

/** How often gaps are looked at over UDP: well below the time for which they are waited for. */
const REORDER_TICK_MS = 50;
const REPORT_TICK_MS = 1000;

interface RtspPacket {
  readonly trackIndex: number;
  readonly isRtcp: boolean;
  readonly packet: Uint8Array;
}

/** A pull by RTSP or RTSPS, over TCP or UDP. */
export class RtspSource implements PullSource {
  readonly #request: PullRequest;
  readonly #target: PullTarget;
  readonly #context: ServerContext;
  readonly #session: RtspClientSession;
  #description: SessionDescription | undefined;
  #publication: Promise<PublicationInput | undefined> | undefined;
  #held = new ClaimBuffer<RtspPacket>(({ packet }) => packet.length);
  #ingest: RtspIngest | undefined;
  #cancelTick: (() => void) | undefined;
  #nextReportMs = 0;

  constructor(request: PullRequest, target: PullTarget, context: ServerContext) {
    const { rtspTransport, stepTimeoutMs, verifyCertificate, url } = request;
    this.#request = request;
    this.#target = target;
    this.#context = context;
    this.#session = new RtspClientSession(
      {
        url: url.text,
        transports: rtspTransport === 'udp' ? ['udp', 'tcp'] : ['tcp', 'udp'],
        userAgent: SERVER_NAME,
        tls: { verifyCertificate },
        connectTimeoutMs: stepTimeoutMs,
        answerTimeoutMs: stepTimeoutMs,
        idleTimeoutMs: context.config.limits.idle_timeout_ms,
        clock: context.clock,
        network: systemNetwork(context.udpPorts),
      },
      {
        described: (description, _, sdp) => this.#described(description, sdp),
        started: () => void this.#started().catch((error: unknown) => this.close(endReasonOfError(error))),
        rtp: (trackIndex, packet) => this.#receive({ trackIndex, isRtcp: false, packet }),
        rtcp: (trackIndex, packet) => this.#receive({ trackIndex, isRtcp: true, packet }),
        ended: (reason) => this.#ended(reason),
      },
    );
  }

  bytesRead(): number {
    return this.#session.bytesRead;
  }

  bytesWritten(): number {
    return this.#session.bytesWritten;
  }

  counters(): Record<string, number> {
    const totals: Record<string, number> = { strayPackets: this.#session.strayPackets };
    for (const index of this.#description?.media.keys() ?? []) {
      for (const [name, count] of Object.entries(this.#ingest?.countersOf(index) ?? {})) {
        totals[name] = (totals[name] ?? 0) + (count as number);
      }
    }
    return totals;
  }

  rtpReception(): RtpReception {
    const indices = [...(this.#description?.media.keys() ?? [])];
    return rtpReception(indices.map((index) => this.#ingest?.countersOf(index)));
  }

  close(reason: EndReason): void {
    this.#session.end(reason);
  }

  /** It comes again when the session begins anew; no packet has come before that. */
  #described(description: SessionDescription, sdp: Uint8Array): undefined {
    this.#description = description;
    this.#held = new ClaimBuffer<RtspPacket>(({ packet }) => packet.length);
    this.#request.dump?.write(DumpRecordType.rtspSdp, sdp);
  }

  async #started(): Promise<void> {
    const session = this.#session;
    const description = this.#description!;
    const held = this.#held;
    const indices = [...description.media.keys()].filter((index) => session.transportOf(index) !== undefined);
    const keepsOrder = indices.every((index) => session.transportOf(index) === 'tcp');
    session.pause();
    this.#publication ??= this.#target.claim();
    const publication = await this.#publication;
    if (publication === undefined || session.endReason !== undefined) return;
    const ingest = new RtspIngest(publication, description, { trackIndices: indices, keepsOrder });
    this.#ingest = ingest;
    held.open((packet) => this.#ingestPacket(ingest, packet));
    this.#scheduleTick(keepsOrder ? REPORT_TICK_MS : REORDER_TICK_MS);
    session.resume();
  }

  #receive(packet: RtspPacket): void {
    if (!packet.isRtcp) this.#request.dump?.write(DumpRecordType.rtspRtp, packet.packet);
    this.#held.push(packet);
  }

  #ingestPacket(ingest: RtspIngest, { trackIndex, isRtcp, packet }: RtspPacket): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (isRtcp) ingest.receiveRtcp(trackIndex, packet, nowMs);
    else ingest.receiveRtp(trackIndex, packet, nowMs);
  }

  #scheduleTick(intervalMs: number): void {
    this.#cancelTick?.();
    this.#cancelTick = this.#context.clock.after(intervalMs, () => {
      this.#scheduleTick(intervalMs);
      try {
        this.#tick();
      } catch (error) {
        this.close(endReasonOfError(error));
      }
    });
  }

  #tick(): void {
    const nowMs = this.#context.clock.monotonicMs();
    this.#ingest?.tick(nowMs);
    if (nowMs < this.#nextReportMs) return;
    this.#nextReportMs = nowMs + REPORT_TICK_MS;
    for (const { trackIndex, bytes } of this.#ingest?.takeReports(nowMs) ?? []) {
      this.#session.sendRtcp(trackIndex, bytes);
    }
  }

  #ended(reason: EndReason): void {
    this.#cancelTick?.();
    try {
      this.#ingest?.end();
    } finally {
      this.#target.ended(reason);
    }
  }
}
