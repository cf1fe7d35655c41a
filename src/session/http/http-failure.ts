import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';

/** A request came to nothing. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly endReason: EndReason;

  constructor(reason: EndReason, options?: ErrorOptions) {
    super(reason.message, options);
    this.endReason = reason;
  }
}

/**
 * Why a request, or reading its answer, went wrong.
 * @param signal of the request; when it fired, its reason is an `EndReason`
 */
export function httpFailureOf(error: unknown, signal: AbortSignal): HttpFailure {
  if (error instanceof HttpFailure) return error;
  if (signal.aborted) return new HttpFailure(signal.reason as EndReason);
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const reason = endReasonOfError(error);
  // Names that cannot be resolved, and certificates that are not trusted, have codes of their own.
  const isUnreached = syscall === 'connect' || (reason.code === 'internal-error' && typeof code === 'string');
  return new HttpFailure(
    // An attempt on several addresses fails with an error that has no text of its own.
    isUnreached ? endReason('connect-failed', code, message === '' ? undefined : message) : reason,
    { cause: error },
  );
}
