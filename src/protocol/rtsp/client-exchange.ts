/** Requests of a client and their answers: numbering, session and authentication (RFC 2326, 12.17, 12.37 and 14). */
import type { RtspClientAuth } from './auth/client-auth.ts';
import { rtspRequest, serializeRtspRequest } from './rtsp-message.ts';
import type { RtspResponse } from './rtsp-message.ts';
import { RtspStatus } from './rtsp-status.ts';
import { parseSessionHeader } from './session-header.ts';

/** What to ask; `CSeq`, `Session`, `User-Agent` and `Authorization` are added. */
export interface RtspClientRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly body?: Uint8Array | undefined;
}

/** The final answer to a request. */
export interface RtspClientAnswer {
  readonly request: RtspClientRequest;
  readonly response: RtspResponse;
}

/** The first without credentials, then a stale nonce, and each digest algorithm once. */
const MAX_ATTEMPTS = 4;
/** RFC 2326, 12.37. */
const DEFAULT_SESSION_TIMEOUT_SEC = 60;

interface Pending {
  readonly request: RtspClientRequest;
  readonly attempts: number;
  readonly isAuthorized: boolean;
}

/**
 * Sends one request at a time. An answer belongs to the request that waits for one, whatever its `CSeq` says: some
 * servers copy it wrongly, or not at all.
 */
export class RtspClientExchange {
  readonly #auth: RtspClientAuth;
  readonly #userAgent: string;
  #sequenceNumber = 0;
  #pending: Pending | undefined;
  #sessionId: string | undefined;
  #sessionTimeoutSec = DEFAULT_SESSION_TIMEOUT_SEC;
  #output: Uint8Array[] = [];

  constructor(auth: RtspClientAuth, userAgent: string) {
    this.#auth = auth;
    this.#userAgent = userAgent;
  }

  /** The method that waits for an answer. */
  get pendingMethod(): string | undefined {
    return this.#pending?.request.method;
  }

  /** Requests sent so far, repetitions included. */
  get requestsSent(): number {
    return this.#sequenceNumber;
  }

  get hasSession(): boolean {
    return this.#sessionId !== undefined;
  }

  /** How long the server keeps the session when it hears nothing; 60 s unless it says otherwise. */
  get sessionTimeoutMs(): number {
    return this.#sessionTimeoutSec * 1000;
  }

  /** Sends a request. One that still waits for its answer is given up. */
  send(request: RtspClientRequest): void {
    this.#send(request, 1);
  }

  /** Bytes that are no request of ours, in their place among those that are. */
  sendBytes(bytes: Uint8Array): void {
    this.#output.push(bytes);
  }

  /** @returns `undefined` for what is not final: a provisional answer, a challenge that was met, an answer to nothing */
  receive(response: RtspResponse): RtspClientAnswer | undefined {
    const pending = this.#pending;
    if (pending === undefined || response.status < 200) return undefined;
    this.#pending = undefined;
    this.#noteSession(response);
    if (response.status !== RtspStatus.unauthorized) {
      if (pending.isAuthorized) this.#auth.confirm();
      return { request: pending.request, response };
    }
    const mayTryAgain =
      pending.attempts < MAX_ATTEMPTS && this.#auth.accept(response.headers.getAll('WWW-Authenticate'));
    if (!mayTryAgain) return { request: pending.request, response };
    this.#send(pending.request, pending.attempts + 1);
    return undefined;
  }

  /** Bytes to write now, in order; they belong to the caller. */
  takeOutput(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  #send(request: RtspClientRequest, attempts: number): void {
    const { method, uri, headers = [], body } = request;
    this.#sequenceNumber += 1;
    const message = rtspRequest(method, uri, [['CSeq', String(this.#sequenceNumber)]], body);
    message.headers.append('User-Agent', this.#userAgent);
    if (this.#sessionId !== undefined) message.headers.append('Session', this.#sessionId);
    const authorization = this.#auth.authorization(method, uri);
    if (authorization !== undefined) message.headers.append('Authorization', authorization);
    for (const [name, value] of headers) message.headers.append(name, value);
    this.#output.push(serializeRtspRequest(message));
    this.#pending = { request, attempts, isAuthorized: authorization !== undefined };
  }

  /** The first session counts: servers that name one per track mean the same. */
  #noteSession({ headers }: RtspResponse): void {
    const session = parseSessionHeader(headers.get('Session') ?? '');
    if (session === undefined) return;
    this.#sessionId ??= session.id;
    if (session.timeoutSec !== undefined && session.timeoutSec > 0) {
      this.#sessionTimeoutSec = session.timeoutSec;
    }
  }
}
