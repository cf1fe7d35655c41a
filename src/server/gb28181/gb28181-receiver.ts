import { DumpRecordType } from '../../container/laldump/dump-record.ts';
import { Gb28181Ingest } from '../../ingest/gb28181/gb28181-ingest.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import type { Gb28181MediaHandler, Gb28181Transport } from '../../session/gb28181/media-transport.ts';
import type { PublishAdmission } from '../admission/stream-gate.ts';
import { PacketDump } from '../dump/packet-dump.ts';
import type { ServerContext } from '../server-context.ts';
import { rtpReception, type RtpReception } from '../sessions/rtp-reception.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { Gb28181Request } from './receiver-request.ts';

/** How often gaps are looked at over UDP: well below the time for which they are waited for. */
const REORDER_TICK_MS = 50;

/**
 * One device on the air. It has its stream from the beginning, whether or not anything comes, and ends when it is told to or
 * when nothing has come for too long.
 */
export class Gb28181Receiver implements Gb28181MediaHandler {
  readonly record: SessionRecord;
  readonly #request: Gb28181Request;
  readonly #admission: PublishAdmission;
  readonly #context: ServerContext;
  readonly #onEnded: (receiver: Gb28181Receiver) => void;
  readonly #ingest: Gb28181Ingest;
  readonly #dump: PacketDump | undefined;
  #transport: Gb28181Transport | undefined;
  #heardMs: number;
  #bytesRead = 0;
  #bytesWritten = 0;
  #cancelReorderTick: (() => void) | undefined;
  #cancelTimeout: (() => void) | undefined;
  #dumped: Promise<void> | undefined;
  #isEnded = false;

  /** @param admission given back at the end @param onEnded called once */
  constructor(
    request: Gb28181Request,
    admission: PublishAdmission,
    context: ServerContext,
    onEnded: (receiver: Gb28181Receiver) => void,
  ) {
    const { dumpPath, ssrc, way } = request;
    this.#request = request;
    this.#admission = admission;
    this.#context = context;
    this.#onEnded = onEnded;
    this.#ingest = new Gb28181Ingest(admission.publication, { keepsOrder: way.transport !== 'udp', ssrc });
    this.#dump = dumpPath === undefined ? undefined : new PacketDump(dumpPath, context);
    this.#heardMs = context.clock.monotonicMs();
    this.record = this.#recordOf();
  }

  /** Resolves when what was received is in its file; `undefined` when there is none, or it is not over. */
  get dumped(): Promise<void> | undefined {
    return this.#dumped;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Ours; 0 where we call the device. */
  get port(): number {
    return this.#transport?.port ?? 0;
  }

  /** Begins, unless it was ended meanwhile. @param transport belongs to the receiver from now on */
  start(transport: Gb28181Transport): void {
    this.#transport = transport;
    if (this.#isEnded) {
      transport.close();
      return;
    }
    const { registry, logger } = this.#context;
    const { id, streamKey } = this.record;
    const { way, timeoutMs } = this.#request;
    logger.info({ session: id, stream: streamKey, ...way, port: this.port, timeoutMs }, 'publish start');
    if (!transport.keepsOrder) this.#scheduleReorderTick();
    this.#scheduleTimeout();
    registry.add(this.record);
  }

  receiveRtp(packet: Uint8Array): boolean {
    this.#dump?.write(DumpRecordType.psRtp, packet);
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#guard(() => this.#ingest.receiveRtp(packet, nowMs)) !== true) return false;
    this.#heardMs = nowMs;
    this.#bytesRead += packet.length;
    return true;
  }

  receiveRtcp(packet: Uint8Array): void {
    this.#guard(() => this.#ingest.receiveRtcp(packet, this.#context.clock.monotonicMs()));
  }

  connectionChanged(): void {
    this.#guard(() => this.#ingest.restart());
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    this.#transport?.tick(nowMs);
    const report = this.#guard(() => this.#ingest.takeReport(nowMs));
    if (report === undefined) return;
    this.#transport?.sendRtcp(report);
    this.#bytesWritten += report.length;
  }

  /** Frees port and stream. Twice is harmless. */
  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelReorderTick?.();
    this.#cancelTimeout?.();
    this.#transport?.close();
    try {
      this.#ingest.end();
    } finally {
      this.#admission.release();
      this.#dumped = this.#dump?.close();
      this.#onEnded(this);
      this.#context.registry.remove(this.record, reason);
      this.#logStop(reason);
    }
  }

  #scheduleReorderTick(): void {
    const { clock } = this.#context;
    this.#cancelReorderTick = clock.after(REORDER_TICK_MS, () => {
      this.#scheduleReorderTick();
      this.#guard(() => this.#ingest.tick(clock.monotonicMs()));
    });
  }

  /** A fault of ours, or of who takes the frames, ends the receiver and nothing else. */
  #guard<T>(work: () => T): T | undefined {
    if (this.#isEnded) return undefined;
    try {
      return work();
    } catch (error) {
      this.end(endReasonOfError(error));
      return undefined;
    }
  }

  #scheduleTimeout(): void {
    const { timeoutMs } = this.#request;
    if (timeoutMs === 0) return;
    const { clock } = this.#context;
    const leftMs = this.#heardMs + timeoutMs - clock.monotonicMs();
    if (leftMs <= 0) this.end(endReason('idle-timeout'));
    else this.#cancelTimeout = clock.after(leftMs, () => this.#scheduleTimeout());
  }

  #recordOf(): SessionRecord {
    const { ids, clock } = this.#context;
    return {
      ...this.#request.address,
      id: ids.next('PSPUB'),
      protocol: 'PS',
      baseType: 'PUB',
      streamKey: this.#admission.streamKey,
      // As in lal: over UDP it may change at any time.
      remoteAddress: '',
      url: '',
      startedMs: clock.wallMs(),
      bytesRead: () => this.#bytesRead,
      bytesWritten: () => this.#bytesWritten,
      rtpReception: () => this.#rtpReception(),
      close: (reason) => this.end(reason),
    };
  }

  #rtpReception(): RtpReception {
    const { video, audio, ...packets } = this.#ingest.counters;
    const { strangerPackets = 0, refusedPackets = 0 } = this.#transport?.counters ?? {};
    const refused = packets.strangerPackets + strangerPackets + refusedPackets;
    const damagedUnits = video.damagedUnits + audio.damagedFrames;
    return rtpReception([{ ...packets, ...video, damagedUnits, refused }]);
  }

  #logStop({ code }: EndReason): void {
    if (this.#transport === undefined) return; // it never began
    const { id: session, streamKey: stream } = this.record;
    const { frames, counters } = this.#admission.publication;
    const reception = { ingest: this.#ingest.counters, transport: this.#transport.counters };
    this.#context.logger.info(
      { session, stream, code, ...frames, ...counters, ...reception },
      'publish stop',
    );
  }
}
