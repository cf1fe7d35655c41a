import type { EndReason } from '../media/end-reason.ts';
import type { Subscription } from '../hub/subscription.ts';
import type { StreamAddress } from './stream-address.ts';

/** One publisher or viewer, as the log, the API and the callbacks show it. */
export interface SessionRecord extends StreamAddress {
  readonly id: string;
  readonly protocol: 'RTMP' | 'RTSP' | 'FLV' | 'TS' | 'HLS' | 'CUSTOMIZE';
  readonly baseType: 'PUB' | 'SUB';
  readonly streamKey: string;
  readonly remoteAddress: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly url: string;
  /** Bytes on the socket so far. */
  bytesRead(): number;
  bytesWritten(): number;
  /** Seconds over which the bit rate is averaged; default lal's 5. */
  readonly bitrateWindowSec?: number;
  /** Viewers only, but not of HLS. */
  readonly subscription?: Subscription;
  close(reason: EndReason): void;
}

/** The order in which lal lists viewers. */
const PROTOCOL_ORDER: readonly SessionRecord['protocol'][] = ['RTMP', 'FLV', 'TS', 'RTSP', 'HLS'];

/** Everybody who publishes or plays right now, by stream. */
export class SessionRegistry {
  readonly #byStream = new Map<string, Map<string, SessionRecord>>();

  add(record: SessionRecord): void {
    let sessions = this.#byStream.get(record.streamKey);
    if (sessions === undefined) {
      sessions = new Map();
      this.#byStream.set(record.streamKey, sessions);
    }
    sessions.set(record.id, record);
  }

  remove(record: SessionRecord): void {
    const sessions = this.#byStream.get(record.streamKey);
    if (sessions === undefined) return;
    sessions.delete(record.id);
    if (sessions.size === 0) this.#byStream.delete(record.streamKey);
  }

  publisherOf(streamKey: string): SessionRecord | undefined {
    for (const record of this.#byStream.get(streamKey)?.values() ?? []) {
      if (record.baseType === 'PUB') return record;
    }
    return undefined;
  }

  /** By protocol, and within one in the order in which they came. */
  viewersOf(streamKey: string): SessionRecord[] {
    return [...(this.#byStream.get(streamKey)?.values() ?? [])]
      .filter((record) => record.baseType === 'SUB')
      .sort((a, b) => PROTOCOL_ORDER.indexOf(a.protocol) - PROTOCOL_ORDER.indexOf(b.protocol));
  }

  /** Who came first of those who are there. */
  firstOf(streamKey: string): SessionRecord | undefined {
    return this.#byStream.get(streamKey)?.values().next().value;
  }

  *all(): Generator<SessionRecord> {
    for (const sessions of this.#byStream.values()) yield* sessions.values();
  }
}
