import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Clock } from '../../media/clock.ts';
import { endReason } from '../../media/end-reason.ts';
import type { HttpClient } from './http-client.ts';
import { httpFailureOf } from './http-failure.ts';
import { openHttp, type OpenedHttp } from './open-http.ts';

/** What to fetch, and how patiently. */
export interface FetchOptions {
  readonly client: HttpClient;
  readonly clock: Pick<Clock, 'after'>;
  readonly headers: Readonly<Record<string, string>>;
  /** Larger bodies are refused. */
  readonly maxBytes: number;
  /** For the answer, redirects included, and again for each piece of the body. */
  readonly timeoutMs: number;
  /** Its reason must be an `EndReason`. */
  readonly signal: AbortSignal;
  /** Told of each piece of the body. */
  readonly onBytes: (length: number) => void;
}

/** A whole body. */
export interface FetchedBytes {
  /** Where it was found, redirects followed. */
  readonly url: string;
  readonly status: number;
  /** Fresh. */
  readonly bytes: Uint8Array;
}

/** A server that lets it drip is given up after so many times `timeoutMs`. */
const MAX_TIMEOUTS = 6;
/** What a server announces is believed so far: most fragments then need no larger block. */
const MAX_FIRST_BLOCK_BYTES = 4 << 20;

/**
 * Fetches the whole body of `url`.
 * @throws {HttpFailure} when it cannot be had
 * @throws {ProtocolError} `ERR_HTTP_BODY_TOO_LARGE`
 */
export async function fetchBytes(url: string, options: FetchOptions): Promise<FetchedBytes> {
  const { client, clock, headers, timeoutMs, signal } = options;
  const stop = new AbortController();
  const follow = (): void => stop.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const giveUp = (): void =>
    stop.abort(endReason('idle-timeout', 'ETIMEDOUT', 'the server answers too slowly'));
  const cancelDeadline = clock.after(timeoutMs * MAX_TIMEOUTS, giveUp);
  let cancelWait = clock.after(timeoutMs, giveUp);
  try {
    const answer = await openHttp(client, url, headers, stop.signal);
    const bytes = await readBody(answer, options, () => {
      cancelWait();
      cancelWait = clock.after(timeoutMs, giveUp);
    });
    return { url: answer.url, status: answer.status, bytes };
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw httpFailureOf(error, stop.signal);
  } finally {
    cancelWait();
    cancelDeadline();
    signal.removeEventListener('abort', follow);
  }
}

/** A body of many small pieces takes no more memory than one of few: all are copied into one block. */
async function readBody(
  { headers, body }: OpenedHttp,
  { maxBytes, onBytes }: FetchOptions,
  moved: () => void,
): Promise<Uint8Array> {
  const announced = Number(headers['content-length'] ?? 0);
  try {
    if (announced > maxBytes) throw tooLarge(maxBytes);
    moved();
    const block = new ByteWriter(announced > 0 ? Math.min(announced, MAX_FIRST_BLOCK_BYTES) : undefined);
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      moved();
      onBytes(piece.length);
      if (block.length + piece.length > maxBytes) throw tooLarge(maxBytes);
      block.bytes(piece);
    }
    return block.finish();
  } finally {
    body.destroy();
  }
}

function tooLarge(limit: number): ProtocolError {
  return new ProtocolError('ERR_HTTP_BODY_TOO_LARGE', `the body is larger than ${limit} bytes`, { limit });
}
