/** Why a stream is not being written. docs/hls.md explains the codes. */
export interface HlsFailure {
  readonly code: HlsFailureCode;
  /** An errno such as `ENOSPC`, or what else narrows it down. */
  readonly detail: string;
  readonly message: string;
}

/**
 * `ERR_HLS_WRITE`: a file could not be written; `ERR_HLS_SLOW_DISK`: files are written slower than the stream makes
 * them; `ERR_HLS_RECORD_LIST`: the record list on disk cannot be continued; `ERR_HLS_REMOVE`: an old fragment stays.
 */
type HlsFailureCode = 'ERR_HLS_WRITE' | 'ERR_HLS_SLOW_DISK' | 'ERR_HLS_RECORD_LIST' | 'ERR_HLS_REMOVE';

/** The failure that an exception of the storage stands for. */
export function hlsFailureOf(error: unknown): HlsFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  return { code: 'ERR_HLS_WRITE', detail: code ?? 'unknown', message };
}
