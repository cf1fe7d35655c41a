import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../media/clock.ts';

/** Whoever takes less than this is not watching; 64 kbit/s, a tenth of the lowest usual video bit rate. */
const MIN_BYTES_PER_SEC = 8 * 1024;

/**
 * Sends a body, and breaks the connection off when it is taken too slowly: what is being sent holds memory, or an open
 * file.
 * @param body its bytes, which nobody changes, or a stream of `length` bytes
 * @param stallMs time a slow start, or a break, is forgiven
 */
export async function sendBody(
  response: ServerResponse,
  body: Uint8Array | Readable,
  length: number,
  clock: Clock,
  stallMs: number,
): Promise<void> {
  const cancel = clock.after(stallMs + (length / MIN_BYTES_PER_SEC) * 1000, () => response.destroy());
  try {
    if (body instanceof Uint8Array) await sendBytes(response, body);
    else await pipeline(body, response);
  } catch {
    // The client left, or was too slow: nobody is there to be told.
    response.destroy();
  } finally {
    cancel();
  }
}

async function sendBytes(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  // The client left while its answer was being prepared: no event would tell.
  if (response.closed) return;
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(bytes);
  });
}
