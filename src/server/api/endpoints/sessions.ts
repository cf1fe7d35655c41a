import { z } from 'zod';
import { endReason } from '../../../media/end-reason.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';
import type { ApiContext } from '../api-context.ts';
import { defineEndpoint, type ApiResult, type Endpoint } from '../endpoint.ts';
import { noSuchSession } from '../no-such-session.ts';
import { streamKeyFor, streamParameters, type NamedStream } from '../stream-parameters.ts';

const kickParameters = z.object({
  ...streamParameters,
  session_id: z.string().meta({
    description: 'Id of any publisher, viewer or relay of the stream, as `/api/stat/group` shows it.',
  }),
});

function kick(
  context: ApiContext,
  { session_id, ...stream }: NamedStream & { session_id: string },
): ApiResult<undefined> {
  const streamKey = streamKeyFor(context, stream);
  const session = sessionOf(context, streamKey, session_id);
  if (session !== undefined) {
    session.close(endReason('kicked'));
    return { data: undefined };
  }
  return noSuchSession(context, streamKey);
}

/** lal's documents, and lal 0.2.8, call FLV and TS viewers `FLVSUB1` and `TSSUB1`. */
function sessionOf({ registry }: ApiContext, streamKey: string, id: string): SessionRecord | undefined {
  return registry.get(streamKey, id) ?? registry.get(streamKey, id.replace(/^(FLV|TS)SUB/, '$1PUBSUB'));
}

/** Sessions from outside. */
export const sessionEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    path: '/api/ctrl/kick_session',
    call: 'POST',
    changesState: true,
    group: 'Sessions',
    summary: 'Ends a session',
    parameters: kickParameters,
    handle: kick,
  }),
  defineEndpoint({
    path: '/api/ctrl/kick_out_session',
    call: 'POST',
    changesState: true,
    group: 'Sessions',
    summary: 'The name that `kick_session` had in lal 0.2.8',
    parameters: kickParameters,
    handle: kick,
  }),
];
