import { get as httpGet } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { get as httpsGet } from 'node:https';
import { WebSocket } from 'ws';

/** What becomes of a request for a live stream. */
export interface LiveBodyEvents {
  answered(status: number, headers: IncomingHttpHeaders): void;
  /** The answer is that the stream comes. */
  accepted(): void;
  received(chunk: Buffer): void;
  /** Perhaps more than once. The error says why there was no stream, or why it broke. */
  ended(error?: Error): void;
}

/**
 * Asks for a live stream over HTTP, HTTPS, WS or WSS; certificates are not checked.
 * @returns closes the connection
 */
export function openLiveBody(
  url: string,
  headers: Record<string, string>,
  events: LiveBodyEvents,
): () => void {
  return url.startsWith('ws') ? openWebSocket(url, headers, events) : openHttp(url, headers, events);
}

function openHttp(url: string, headers: Record<string, string>, events: LiveBodyEvents): () => void {
  const options = { agent: false, headers, rejectUnauthorized: false } as const;
  const request = (url.startsWith('https') ? httpsGet : httpGet)(url, options, (response) => {
    const { statusCode = 0 } = response;
    events.answered(statusCode, response.headers);
    if (statusCode !== 200) {
      response.resume();
      events.ended(new Error(`${url} was answered with ${statusCode}`));
      return;
    }
    events.accepted();
    response.on('data', (chunk: Buffer) => events.received(chunk));
    response.on('error', () => events.ended());
    response.on('close', () => events.ended());
  });
  request.on('error', (error) => events.ended(error));
  return () => void request.destroy();
}

function openWebSocket(url: string, headers: Record<string, string>, events: LiveBodyEvents): () => void {
  const socket = new WebSocket(url, { headers, rejectUnauthorized: false, perMessageDeflate: false });
  socket.binaryType = 'nodebuffer';
  socket.on('upgrade', ({ statusCode = 0, headers: answer }) => {
    events.answered(statusCode, answer);
    events.accepted();
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) events.received(data as Buffer);
    else events.ended(new Error(`${url} sent a text message`));
  });
  socket.on('error', (error) => events.ended(error));
  socket.on('close', () => events.ended());
  return () => socket.terminate();
}
