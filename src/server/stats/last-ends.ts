import type { EndReason } from '../../media/end-reason.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { formatGoTime } from './go-time.ts';

/** How many are remembered of a stream. */
const MAX_ENDS = 10;

/** A session that is over, and why. */
export interface StatEnd {
  session_id: string;
  protocol: string;
  base_type: string;
  remote_addr: string;
  start_time: string;
  end_time: string;
  /** docs/errors.md. */
  code: string;
  detail: string;
  message: string;
  read_bytes_sum: number;
  wrote_bytes_sum: number;
}

/** The sessions of one stream that have ended last. */
export class LastEnds {
  readonly #ends: StatEnd[] = [];

  /** @param wallMs now, in milliseconds since 1970 */
  add(record: SessionRecord, { code, detail = '', message }: EndReason, wallMs: number): void {
    this.#ends.unshift({
      session_id: record.id,
      protocol: record.protocol,
      base_type: record.baseType,
      remote_addr: record.remoteAddress,
      start_time: formatGoTime(record.startedMs),
      end_time: formatGoTime(wallMs),
      code,
      detail,
      message,
      read_bytes_sum: record.bytesRead(),
      wrote_bytes_sum: record.bytesWritten(),
    });
    if (this.#ends.length > MAX_ENDS) this.#ends.pop();
  }

  /** Newest first. */
  get ends(): readonly StatEnd[] {
    return this.#ends;
  }
}
