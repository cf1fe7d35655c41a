import { createHash } from 'node:crypto';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { ServerContext } from '../server-context.ts';
import type { SessionIdentity, SessionRecord } from '../sessions/session-record.ts';
import type { StreamAddress } from '../stream-address.ts';
import type { PlayAdmission } from '../admission/stream-gate.ts';

/** Each costs one and a half kilobytes until it times out; whoever asks for lists without end does not get further than this. */
const MAX_VIEWERS = 50_000;

/** Who asked, and for what. */
export interface HlsViewerRequest {
  readonly address: StreamAddress;
  readonly remoteAddress: string;
  readonly url: string;
}

/** What viewers are kept with. */
export type HlsViewersContext = Pick<
  ServerContext,
  'clock' | 'config' | 'gate' | 'ids' | 'logger' | 'registry'
>;

interface Viewer {
  readonly record: SessionRecord;
  readonly letGo: () => void;
  seenMs: number;
  bytes: number;
}

/**
 * Viewers of HLS, who have no connection that would begin and end: known by an id in their URLs, gone when no request
 * with it has come for a while. Only where `hls.sub_session_hash_key` is set.
 */
export class HlsViewers {
  readonly #context: HlsViewersContext;
  readonly #maxViewers: number;
  /** By the hash in the URLs. */
  readonly #viewers = new Map<string, Viewer>();
  /** Who is being decided about. */
  #pending = 0;

  constructor(context: HlsViewersContext, maxViewers: number = MAX_VIEWERS) {
    this.#context = context;
    this.#maxViewers = maxViewers;
  }

  get isTracking(): boolean {
    return this.#context.config.hls.sub_session_hash_key !== '';
  }

  /** @returns the hash for the viewer's URLs, or why there is none; nobody is asked about a viewer who is one too many */
  async start({ address, remoteAddress, url }: HlsViewerRequest): Promise<string | EndReason> {
    if (this.#viewers.size + this.#pending >= this.#maxViewers)
      return endReason('limit-reached', 'HLS viewers');
    const { gate, ids } = this.#context;
    const identity: SessionIdentity = {
      ...address,
      id: ids.next('HLSSUB'),
      protocol: 'HLS',
      remoteAddress,
      url,
    };
    this.#pending += 1;
    try {
      const admission = await gate.play(identity);
      return 'code' in admission ? admission : this.#begin(identity, admission);
    } finally {
      this.#pending -= 1;
    }
  }

  /** @returns the viewer's hash */
  #begin(identity: SessionIdentity, admission: PlayAdmission): string {
    const { clock, registry, config, logger } = this.#context;
    const { id, remoteAddress, url } = identity;
    const hash = createHash('md5')
      .update(id + config.hls.sub_session_hash_key)
      .digest('hex');
    const viewer: Viewer = {
      record: this.#recordOf(hash, identity, admission, () => viewer.bytes),
      letGo: admission.open().hold(),
      seenMs: clock.monotonicMs(),
      bytes: 0,
    };
    this.#viewers.set(hash, viewer);
    registry.add(viewer.record);
    logger.info({ session: id, remote: remoteAddress, url }, 'play start');
    return hash;
  }

  /** A request came. @returns false for an unknown hash, or one for another stream */
  see(hash: string, streamKeys: readonly string[]): boolean {
    const viewer = this.#viewers.get(hash);
    if (viewer === undefined || !streamKeys.includes(viewer.record.streamKey)) return false;
    viewer.seenMs = this.#context.clock.monotonicMs();
    return true;
  }

  /** Bytes of a body that were sent. */
  addBytes(hash: string, bytes: number): void {
    const viewer = this.#viewers.get(hash);
    if (viewer !== undefined) viewer.bytes += bytes;
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    const timeoutMs = this.#context.config.hls.sub_session_timeout_ms;
    for (const [hash, viewer] of this.#viewers) {
      if (nowMs - viewer.seenMs > timeoutMs) this.#stop(hash, endReason('idle-timeout'));
    }
  }

  closeAll(reason: EndReason): void {
    for (const hash of this.#viewers.keys()) this.#stop(hash, reason);
  }

  #stop(hash: string, reason: EndReason): void {
    const viewer = this.#viewers.get(hash);
    if (viewer === undefined) return;
    this.#viewers.delete(hash);
    const { registry, logger } = this.#context;
    const { id, remoteAddress } = viewer.record;
    registry.remove(viewer.record, reason);
    viewer.letGo();
    logger.info({ session: id, remote: remoteAddress, code: reason.code }, 'play stop');
  }

  #recordOf(
    hash: string,
    identity: SessionIdentity,
    { streamKey }: PlayAdmission,
    bytesWritten: () => number,
  ): SessionRecord {
    return {
      ...identity,
      baseType: 'SUB',
      streamKey,
      startedMs: this.#context.clock.wallMs(),
      bitrateWindowSec: bitrateWindowSec(this.#context.config.hls.fragment_duration_ms),
      bytesRead: () => 0,
      bytesWritten,
      close: (reason) => this.#stop(hash, reason),
    };
  }
}

/** lal's rule: ten fragments, because less would show bursts instead of a rate. */
function bitrateWindowSec(fragmentDurationMs: number): number {
  return Math.floor(fragmentDurationMs / 100) || 10;
}
