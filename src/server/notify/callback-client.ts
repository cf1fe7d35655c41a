import { Buffer } from 'node:buffer';
import { request, type Dispatcher } from 'undici';
import type { Clock } from '../../media/clock.ts';
import { SERVER_NAME } from '../http/http-headers.ts';
import { CallbackAgent, MAX_CONNECTIONS } from './callback-agent.ts';
import type { CallbackEndpoint } from './callback-endpoint.ts';
import { signatureHeaders } from './callback-signature.ts';
import { Slots } from './slots.ts';

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

/** One request on its way. */
interface Attempt {
  readonly abort: AbortController;
  /** The status has come. */
  isAnswered: boolean;
}

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
  readonly #agent: CallbackAgent;
  /** By origin: what is beyond waits here, where it can be given up, and not in undici, where it cannot. */
  readonly #lanes = new Map<string, Slots>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#agent = new CallbackAgent(clock);
  }

  async post(callback: CallbackRequest): Promise<CallbackResult> {
    const { timeoutMs } = callback;
    const attempt: Attempt = { abort: new AbortController(), isAnswered: false };
    let cancel = (): void => {};
    const late = new Promise<CallbackResult>((resolve) => {
      cancel = this.#clock.after(timeoutMs, () => {
        attempt.abort.abort();
        // What is only missing the rest of its answer ends by itself now.
        if (attempt.isAnswered) return;
        resolve({ code: 'ERR_NOTIFY_TIMEOUT', message: `no answer within ${timeoutMs} ms` });
      });
    });
    try {
      return await Promise.race([this.#sendInLane(callback, attempt), late]);
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #sendInLane(callback: CallbackRequest, attempt: Attempt): Promise<CallbackResult> {
    const { origin } = callback.endpoint;
    const lane = this.#lanes.get(origin) ?? new Slots(() => MAX_CONNECTIONS);
    this.#lanes.set(origin, lane);
    if (!(await lane.take(attempt.abort.signal)))
      return { code: 'ERR_NOTIFY_TIMEOUT', message: 'never sent' };
    try {
      return await this.#send(callback, attempt);
    } finally {
      lane.free();
      if (lane.isIdle) this.#lanes.delete(origin);
    }
  }

  async #send({ endpoint, body, hmacKey }: CallbackRequest, attempt: Attempt): Promise<CallbackResult> {
    const { signal } = attempt.abort;
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': SERVER_NAME,
      ...(endpoint.authorization === undefined ? {} : { Authorization: endpoint.authorization }),
      ...(hmacKey === '' ? {} : signatureHeaders(hmacKey, body, this.#clock.wallMs())),
    };
    try {
      const options = { method: 'POST', headers, body, signal, dispatcher: this.#agent.dispatcher } as const;
      const answer = await request(endpoint.url, options);
      attempt.isAnswered = true;
      return { status: answer.statusCode, text: await textOf(answer.body) };
    } catch (error) {
      return { code: 'ERR_NOTIFY_CONNECTION', message: messageOf(error) };
    }
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
