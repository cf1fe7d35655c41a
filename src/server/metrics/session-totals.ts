import type { EndCode, EndReason } from '../../media/end-reason.ts';
import { rtpReception, type RtpReception } from '../sessions/rtp-reception.ts';
import type { SessionProtocol, SessionRecord } from '../sessions/session-record.ts';
import type { SessionObserver } from '../sessions/session-registry.ts';

/** Sessions of one protocol and role, those that are over included. */
export interface SessionKind {
  readonly protocol: SessionProtocol;
  readonly baseType: SessionRecord['baseType'];
  readonly active: number;
  readonly started: number;
  readonly ended: ReadonlyMap<EndCode, number>;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly rtp: RtpReception;
}

interface Totals {
  readonly protocol: SessionProtocol;
  readonly baseType: SessionRecord['baseType'];
  readonly active: Map<SessionRecord, Bytes>;
  started: number;
  readonly ended: Map<EndCode, number>;
  readonly past: Bytes;
  pastRtp: RtpReception;
}

interface Bytes {
  read: number;
  written: number;
}

/**
 * Counts sessions and their bytes, so that nothing goes back when one ends. Bytes count from the moment in which the
 * session is listed: a connection may be that of several sessions, one after the other.
 */
export class SessionTotals implements SessionObserver {
  readonly #kinds = new Map<string, Totals>();

  sessionStarted(record: SessionRecord): void {
    const totals = this.#totalsOf(record);
    totals.started += 1;
    totals.active.set(record, bytesOf(record));
  }

  sessionEnded(record: SessionRecord, { code }: EndReason): void {
    const totals = this.#totalsOf(record);
    const base = totals.active.get(record);
    if (base === undefined) return;
    totals.active.delete(record);
    totals.ended.set(code, (totals.ended.get(code) ?? 0) + 1);
    const { read, written } = bytesOf(record);
    totals.past.read += read - base.read;
    totals.past.written += written - base.written;
    totals.pastRtp = rtpReception([totals.pastRtp, record.rtpReception?.()]);
  }

  /** In the order in which the kinds were first seen. */
  kinds(): SessionKind[] {
    return [...this.#kinds.values()].map((totals) => {
      const sum = { ...totals.past };
      for (const [record, base] of totals.active) {
        const { read, written } = bytesOf(record);
        sum.read += read - base.read;
        sum.written += written - base.written;
      }
      const active = [...totals.active.keys()];
      return {
        protocol: totals.protocol,
        baseType: totals.baseType,
        active: totals.active.size,
        started: totals.started,
        ended: totals.ended,
        readBytes: sum.read,
        writtenBytes: sum.written,
        rtp: rtpReception([totals.pastRtp, ...active.map((record) => record.rtpReception?.())]),
      };
    });
  }

  #totalsOf({ protocol, baseType }: SessionRecord): Totals {
    const key = `${protocol} ${baseType}`;
    let totals = this.#kinds.get(key);
    if (totals === undefined) {
      totals = {
        protocol,
        baseType,
        active: new Map(),
        started: 0,
        ended: new Map(),
        past: { read: 0, written: 0 },
        pastRtp: rtpReception([]),
      };
      this.#kinds.set(key, totals);
    }
    return totals;
  }
}

function bytesOf(record: SessionRecord): Bytes {
  return { read: record.bytesRead(), written: record.bytesWritten() };
}
