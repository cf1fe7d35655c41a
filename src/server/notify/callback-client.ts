import { Buffer } from 'node:buffer';
import { Agent, interceptors, request, type Dispatcher } from 'undici';
import type { Clock } from '../../media/clock.ts';
import { SERVER_NAME } from '../http-headers.ts';
import type { CallbackEndpoint } from './callback-endpoint.ts';
import { signatureHeaders } from './callback-signature.ts';

/** As lal's HTTP client has it; 301, 302 and 303 turn the POST into a GET, 307 and 308 do not. */
const MAX_REDIRECTS = 10;
/** Shorter than what common servers allow, so that a request rarely meets a connection that is just being closed. */
const KEEP_ALIVE_MS = 4000;
/** To one receiver: room for decisions beside as many events as may be under way. What is beyond waits. */
const MAX_CONNECTIONS = 128;
/** More of an answer is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What is sent. */
export interface CallbackRequest {
  readonly endpoint: CallbackEndpoint;
  /** JSON. */
  readonly body: string;
  /** For all of it: connection, answer, redirects. */
  readonly timeoutMs: number;
  /** Empty: no signature. */
  readonly hmacKey: string;
}

/** A status and a body (`undefined`: too long, or cut off), or why there was no answer. */
export type CallbackResult =
  | { readonly status: number; readonly text: string | undefined }
  | { readonly code: 'ERR_NOTIFY_TIMEOUT' | 'ERR_NOTIFY_CONNECTION'; readonly message: string };

/** Sends POST requests. */
export interface CallbackClient {
  /** Never rejects. */
  post(request: CallbackRequest): Promise<CallbackResult>;
  /** Gives up what is under way, and closes all connections. */
  close(): Promise<void>;
}

/** Sends over HTTP and HTTPS, on connections that are kept. */
export class HttpCallbackClient implements CallbackClient {
  readonly #clock: Clock;
  readonly #agent: Agent;
  readonly #dispatcher: Dispatcher;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
    this.#dispatcher = this.#agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));
  }

  async post({ endpoint, body, timeoutMs, hmacKey }: CallbackRequest): Promise<CallbackResult> {
    const abort = new AbortController();
    let isLate = false;
    const cancel = this.#clock.after(timeoutMs, () => {
      isLate = true;
      abort.abort();
    });
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': SERVER_NAME,
      ...(endpoint.authorization === undefined ? {} : { Authorization: endpoint.authorization }),
      ...(hmacKey === '' ? {} : signatureHeaders(hmacKey, body, this.#clock.wallMs())),
    };
    try {
      const options = {
        method: 'POST',
        headers,
        body,
        signal: abort.signal,
        dispatcher: this.#dispatcher,
      } as const;
      const answer = await request(endpoint.url, options);
      return { status: answer.statusCode, text: await textOf(answer.body) };
    } catch (error) {
      return isLate
        ? { code: 'ERR_NOTIFY_TIMEOUT', message: `no answer within ${timeoutMs} ms` }
        : { code: 'ERR_NOTIFY_CONNECTION', message: messageOf(error) };
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Reads the answer to its end, so that the connection can be used again, unless it is longer than any answer of sense. */
async function textOf(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

/** Several addresses may have been tried, each with an error of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
