import { ApiCode } from './api-codes.ts';
import type { ApiContext } from './api-context.ts';
import type { ApiFailure } from './endpoint.ts';

/** The answer of calls that stop a session of a stream, and find none: either the stream is missing, or the session. */
export function noSuchSession({ hub }: ApiContext, streamKey: string): ApiFailure {
  return { code: hub.get(streamKey) === undefined ? ApiCode.groupNotFound : ApiCode.sessionNotFound };
}
