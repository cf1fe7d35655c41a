import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body.
 * @returns `undefined` when it is larger than `maxBytes`; what is on its way is left unread then
 * @throws when the connection breaks
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Lets go of a body that nobody reads, so that a peer who is still sending sees our answer before the connection
 * breaks. Resolves when the peer has sent all of it, `maxBytes` more, or is gone.
 */
export async function discardBody(request: IncomingMessage, maxBytes: number): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) return;
    }
  } catch {
    // The connection broke; there is nothing left to let go of.
  }
}
