import type { EndReason } from '../../media/end-reason.ts';
import type { SessionProtocol, SessionRecord } from './session-record.ts';

/** Learns who comes and goes, in the same turn. Callbacks, relays and statistics hang here. */
export interface SessionObserver {
  /** `record` is listed already. */
  sessionStarted?(record: SessionRecord): void;
  /** `record` is listed no more. */
  sessionEnded?(record: SessionRecord, reason: EndReason): void;
}

/** The order in which lal lists viewers. */
const PROTOCOL_ORDER: readonly SessionProtocol[] = ['RTMP', 'FLV', 'TS', 'RTSP', 'HLS'];

/** Everybody who publishes, plays or relays right now, by stream. A session's start always precedes its end. */
export class SessionRegistry {
  readonly #byStream = new Map<string, Map<string, SessionRecord>>();
  readonly #observers = new Set<SessionObserver>();

  /** Tells `observer` about everybody from now on. @returns stops that */
  observe(observer: SessionObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  add(record: SessionRecord): void {
    let sessions = this.#byStream.get(record.streamKey);
    if (sessions === undefined) {
      sessions = new Map();
      this.#byStream.set(record.streamKey, sessions);
    }
    sessions.set(record.id, record);
    for (const observer of this.#observers) observer.sessionStarted?.(record);
  }

  /** A session that is not listed, because it never got so far, has no end either. */
  remove(record: SessionRecord, reason: EndReason): void {
    const sessions = this.#byStream.get(record.streamKey);
    if (sessions?.get(record.id) !== record) return;
    sessions.delete(record.id);
    if (sessions.size === 0) this.#byStream.delete(record.streamKey);
    for (const observer of this.#observers) observer.sessionEnded?.(record, reason);
  }

  get(streamKey: string, id: string): SessionRecord | undefined {
    return this.#byStream.get(streamKey)?.get(id);
  }

  publisherOf(streamKey: string): SessionRecord | undefined {
    return this.#of(streamKey, 'PUB')[0];
  }

  pullOf(streamKey: string): SessionRecord | undefined {
    return this.#of(streamKey, 'PULL')[0];
  }

  /** By protocol, and within one in the order in which they came. */
  viewersOf(streamKey: string): SessionRecord[] {
    return this.#of(streamKey, 'SUB').sort(
      (a, b) => PROTOCOL_ORDER.indexOf(a.protocol) - PROTOCOL_ORDER.indexOf(b.protocol),
    );
  }

  pushesOf(streamKey: string): SessionRecord[] {
    return this.#of(streamKey, 'PUSH');
  }

  /** A publisher, or a pull. */
  hasInput(streamKey: string): boolean {
    return this.#has(streamKey, 'PUB', 'PULL');
  }

  hasViewer(streamKey: string): boolean {
    return this.#has(streamKey, 'SUB');
  }

  /** A viewer, or a push. */
  hasOutput(streamKey: string): boolean {
    return this.#has(streamKey, 'SUB', 'PUSH');
  }

  /** Who came first of those who are there. */
  firstOf(streamKey: string): SessionRecord | undefined {
    return this.#byStream.get(streamKey)?.values().next().value;
  }

  *all(): Generator<SessionRecord> {
    for (const sessions of this.#byStream.values()) yield* sessions.values();
  }

  #of(streamKey: string, baseType: SessionRecord['baseType']): SessionRecord[] {
    const sessions = this.#byStream.get(streamKey)?.values() ?? [];
    return [...sessions].filter((record) => record.baseType === baseType);
  }

  #has(streamKey: string, ...baseTypes: SessionRecord['baseType'][]): boolean {
    for (const { baseType } of this.#byStream.get(streamKey)?.values() ?? []) {
      if (baseTypes.includes(baseType)) return true;
    }
    return false;
  }
}
