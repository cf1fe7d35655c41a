import type { PublishAdmission } from '../../admission/stream-gate.ts';
import type { PublicationInput } from '../../../hub/publication.ts';
import { endReason, endReasonOfError, type EndReason } from '../../../media/end-reason.ts';
import { PacketDump } from '../../dump/packet-dump.ts';
import type { ServerContext } from '../../server-context.ts';
import type { SessionIdPrefix } from '../../sessions/session-ids.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { withoutSecrets } from '../url-redaction.ts';
import type { OpenSource } from './open-source.ts';
import type { PullOrigin } from './pull-settings.ts';
import type { PullProtocol } from './pull-url.ts';
import type { PullMemory, PullRequest, PullSource } from './pull-source.ts';

const ID_PREFIX: Readonly<Record<PullProtocol, SessionIdPrefix>> = {
  RTMP: 'RTMPPULL',
  RTSP: 'RTSPPULL',
  FLV: 'FLVPULL',
  HLS: 'HLSPULL',
};

/** Of an attempt that could not be begun. */
const NO_SOURCE: PullSource = {
  bytesRead: () => 0,
  bytesWritten: () => 0,
  counters: () => ({}),
  close: () => undefined,
};

/** One try to pull a stream. */
export interface PullAttemptOptions {
  readonly streamKey: string;
  /** What the stream is called here. */
  readonly address: StreamAddress;
  readonly origin: PullOrigin;
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  readonly dumpPath: string | undefined;
  readonly memory: PullMemory;
}

/** What an attempt tells. */
export interface PullAttemptListener {
  /** The stream is ours. */
  established(attempt: PullAttempt): void;
  /** Once; the stream is free again. */
  ended(attempt: PullAttempt, reason: EndReason): void;
}

/**
 * One try to pull a stream: connects, and when the origin agrees takes the stream, unless somebody publishes it by then. It
 * is a session of the server from that moment on.
 */
export class PullAttempt {
  readonly id: string;
  readonly #options: PullAttemptOptions;
  readonly #listener: PullAttemptListener;
  readonly #context: ServerContext;
  readonly #source: PullSource;
  readonly #dump: PacketDump | undefined;
  readonly #startedMs: number;
  readonly #cancelTimeout: () => void;
  #admission: PublishAdmission | undefined;
  #record: SessionRecord | undefined;
  #dumped: Promise<void> | undefined;
  #isEnded = false;

  /** `listener` is never told anything before this returns. */
  constructor(
    options: PullAttemptOptions,
    openSource: OpenSource,
    context: ServerContext,
    listener: PullAttemptListener,
  ) {
    const { origin, memory } = options;
    const timeoutMs = options.timeoutMs === 0 ? Infinity : options.timeoutMs;
    this.#options = options;
    this.#listener = listener;
    this.#context = context;
    this.id = context.ids.next(ID_PREFIX[origin.url.protocol]);
    this.#startedMs = context.clock.wallMs();
    this.#dump = this.#openDump();
    this.#cancelTimeout = context.clock.after(timeoutMs, () => this.end(endReason('handshake-timeout')));
    context.logger.debug(
      { session: this.id, stream: options.streamKey, url: origin.url.shown },
      'relay pull tries',
    );
    this.#source = this.#open(openSource, { ...origin, stepTimeoutMs: timeoutMs, dump: this.#dump, memory });
  }

  get isEstablished(): boolean {
    return this.#record !== undefined;
  }

  /** The origin has sent media, and not only consented. */
  get hasMedia(): boolean {
    const { video = 0, audio = 0, opaque = 0 } = this.#admission?.publication.frames ?? {};
    return video + audio + opaque > 0;
  }

  /** Resolves when what was received is in its file; `undefined` when there is none, or it is not over. */
  get dumped(): Promise<void> | undefined {
    return this.#dumped;
  }

  /** Ends the try, or the session that has come of it. Twice is harmless. */
  end(given: EndReason): void {
    if (this.#isEnded) return;
    const reason = withoutSecrets(given, this.#options.origin.url.secrets);
    this.#isEnded = true;
    this.#cancelTimeout();
    this.#source.close(reason);
    this.#admission?.release();
    this.#dumped = this.#dump?.close();
    if (this.#record !== undefined) {
      this.#context.registry.remove(this.#record, reason);
      this.#logStop(this.#record, reason);
    }
    this.#listener.ended(this, reason);
  }

  /** Whatever goes wrong at once is told as if it went wrong a little later: nobody expects it here. */
  #open(openSource: OpenSource, request: PullRequest): PullSource {
    try {
      return openSource(request, { claim: () => this.#claim(), ended: (reason) => this.end(reason) });
    } catch (error) {
      this.#context.clock.endOfTurn(() => this.end(endReasonOfError(error)));
      return NO_SOURCE;
    }
  }

  /** Tries of one order go into one file, one behind the other. */
  #openDump(): PacketDump | undefined {
    const { origin, dumpPath, memory } = this.#options;
    if (dumpPath === undefined || origin.url.protocol !== 'RTSP') return undefined;
    memory.dump = new PacketDump(dumpPath, this.#context, memory.dump);
    return memory.dump;
  }

  async #claim(): Promise<PublicationInput | undefined> {
    const { gate, logger } = this.#context;
    const admission = await gate.claim(this.#options.address).catch((error: unknown) => {
      logger.error({ session: this.id, err: error }, 'relay pull: the stream could not be claimed');
      return endReason('internal-error');
    });
    if ('code' in admission) {
      this.end(admission);
      return undefined;
    }
    if (this.#isEnded) {
      admission.release();
      return undefined;
    }
    this.#cancelTimeout();
    this.#admission = admission;
    this.#record = this.#recordOf();
    this.#logStart(this.#record);
    this.#listener.established(this);
    this.#context.registry.add(this.#record);
    // Whoever was just told may have ended it.
    return this.#isEnded ? undefined : admission.publication;
  }

  #recordOf(): SessionRecord {
    const { address, origin, streamKey } = this.#options;
    const { protocol, shown, remoteAddress } = origin.url;
    return {
      ...address,
      urlParam: origin.url.address.urlParam,
      id: this.id,
      protocol,
      baseType: 'PULL',
      streamKey,
      origin: origin.url.address,
      remoteAddress,
      startedMs: this.#startedMs,
      url: shown,
      bytesRead: () => this.#source.bytesRead(),
      bytesWritten: () => this.#source.bytesWritten(),
      rtpReception: () => this.#source.rtpReception?.(),
      close: (reason) => this.end(reason),
    };
  }

  #logStart({ id, streamKey, url }: SessionRecord): void {
    this.#context.logger.info({ session: id, stream: streamKey, url }, 'relay pull start');
  }

  #logStop({ id, streamKey }: SessionRecord, { code, detail, message, cause }: EndReason): void {
    const publication = this.#admission?.publication;
    const level = code === 'internal-error' ? 'error' : 'info';
    this.#context.logger[level](
      {
        session: id,
        stream: streamKey,
        code,
        detail,
        ...publication?.frames,
        ...publication?.counters,
        ...this.#source.counters(),
        err: cause,
      },
      `relay pull stop: ${message}`,
    );
  }
}
