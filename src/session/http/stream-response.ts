import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../media/clock.ts';
import { StreamSession } from '../net/stream-session.ts';

/**
 * Answers a request with a body that lasts as long as the stream: no length, no chunked coding, the connection's end
 * ends it. The body bypasses `ServerResponse`, which would cost more than the media itself.
 */
export function startStreamResponse(
  request: IncomingMessage,
  response: ServerResponse,
  headers: OutgoingHttpHeaders,
  clock: Clock,
): StreamSession {
  const { socket } = request;
  socket.setTimeout(0);
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(200, headers);
  response.flushHeaders();
  return new StreamSession(socket, () => socket.end(), clock);
}
