import { endReason, type EndReason } from '../../media/end-reason.ts';

/** The codes of `RECORD_ERRORS`. */
export type RecordErrorCode =
  | 'ERR_RECORD_OPEN'
  | 'ERR_RECORD_DISK_FULL'
  | 'ERR_RECORD_WRITE'
  | 'ERR_RECORD_TOO_SLOW'
  | 'ERR_RECORD_FINISH'
  | 'ERR_RECORD_RETENTION';

/** What can go wrong with a recording. None of it touches the live stream. docs/recording.md has the same table. */
const RECORD_ERRORS: Readonly<Record<RecordErrorCode, string>> = {
  ERR_RECORD_OPEN: 'the folder or the file cannot be made',
  ERR_RECORD_DISK_FULL: 'the disk, or the quota, is full',
  ERR_RECORD_WRITE: 'the file cannot be written',
  ERR_RECORD_TOO_SLOW: 'the disk takes less than the stream brings, and the queue is full',
  ERR_RECORD_FINISH: 'duration and index cannot be filled in; all media are in the file',
  ERR_RECORD_RETENTION: 'an old recording cannot be found or removed',
};

/** A recording, or a part of its upkeep, failed. What was written before stays. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  /** Stable; callers match on this. */
  readonly code: RecordErrorCode;
  /** The file or folder it is about. */
  readonly path: string;

  constructor(code: RecordErrorCode, path: string, cause?: unknown) {
    const because = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${RECORD_ERRORS[code]}${because}`, { cause });
    this.code = code;
    this.path = path;
  }

  /** The same as log, API and callbacks show ends of all kinds. */
  get endReason(): EndReason {
    const code = this.code === 'ERR_RECORD_TOO_SLOW' ? 'consumer-overflow' : 'storage-failed';
    return endReason(code, this.code, this.message);
  }
}

const FULL_DISK: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What an error of the file system means for a recording, unless it is one of ours already. */
export function asRecordError(error: unknown, path: string, otherwise: RecordErrorCode): RecordError {
  if (error instanceof RecordError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const isFull = typeof code === 'string' && FULL_DISK.has(code);
  return new RecordError(isFull ? 'ERR_RECORD_DISK_FULL' : otherwise, path, error);
}
