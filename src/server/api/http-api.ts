import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendBody } from '../../session/http/body-sender.ts';
import { ApiCode } from './api-codes.ts';
import type { ApiContext } from './api-context.ts';
import { cleanTarget } from '../request-target.ts';
import type { MetricsText } from '../metrics/server-metrics.ts';
import type { StreamSelection } from '../metrics/stream-series.ts';
import { commonHeaders, corsHeaders } from './api-headers.ts';
import { hasToken } from './api-token.ts';
import { failureBody, type ApiBody, type ApiFailure, type Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';
import { openApiDocument } from './openapi-document.ts';
import { sourceOf } from './origin-check.ts';
import { jsonFile, readPages, type PageFile } from './pages.ts';
import { discardBody, readBody } from './request-body.ts';

/** All parameters of any call fit many times; it also bounds how deep their JSON can be nested. */
const MAX_BODY_BYTES = 65_536;

/** What a peer may go on sending of a body that is too large. */
const MAX_DISCARDED_BYTES = 1_048_576;

/** Where Prometheus looks. */
const METRICS_PATH = '/metrics';

const HTTP_STATUS: Partial<Record<ApiCode, number>> = {
  [ApiCode.tokenMissing]: 401,
  [ApiCode.originRefused]: 403,
  [ApiCode.internalError]: 500,
};

/** Parameters, unchecked, or why there are none. */
type RequestInput = { readonly values: unknown } | { readonly problem: string };

/** A request under way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Of the answer, whatever it says. */
  readonly headers: Readonly<Record<string, string>>;
  readonly context: ApiContext;
}

/** The HTTP API: finds the call, checks who asks and what for, answers. docs/api.md says what callers see. */
export class HttpApi {
  readonly #context: ApiContext;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #files: ReadonlyMap<string, PageFile>;
  #isClosing = false;

  constructor(context: ApiContext, endpoints: readonly Endpoint[] = ENDPOINTS) {
    this.#context = context;
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
    this.#files = new Map([...readPages(), ['/openapi.json', jsonFile(openApiDocument(endpoints))]]);
  }

  /** Connections end with the answer that is under way. */
  close(): void {
    this.#isClosing = true;
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isClosing) response.shouldKeepAlive = false;
    const [path, query = ''] = splitOnce(cleanTarget(request.url ?? ''), '?');
    const endpoint = this.#endpoints.get(path);
    const { http_api: config } = this.#context.config;
    const source = sourceOf(request.headers, config.allowed_origins);
    const { origin } = request.headers;
    const changesState = endpoint?.changesState ?? false;
    const headers = { ...commonHeaders, ...corsHeaders(config.token, { changesState, source, origin }) };
    const context = this.#context;
    const exchange = { request, response, query: new URLSearchParams(query), headers, context };
    const file = this.#files.get(path);
    if (request.method === 'OPTIONS') {
      await finish(exchange, 204);
    } else if (file !== undefined) {
      await finish(exchange, 200, file.headers, file.bytes);
    } else if (!hasToken(request.headers, exchange.query, config.token)) {
      await this.#refuse(exchange, endpoint, ApiCode.tokenMissing, { 'WWW-Authenticate': 'Bearer' });
    } else if (path === METRICS_PATH && config.metrics_enable) {
      await this.#metrics(exchange);
    } else if (endpoint === undefined) {
      await send(exchange, failureBody({ code: ApiCode.pathUnknown }));
    } else if (changesState && config.token === '' && source === 'foreign') {
      await this.#refuse(exchange, endpoint, ApiCode.originRefused);
    } else {
      await this.#call(exchange, endpoint);
    }
  }

  /** Who tries to get in, or should be listed, is seen in the log. */
  #refuse(
    exchange: Exchange,
    endpoint: Endpoint | undefined,
    code: ApiFailure['code'],
    headers?: Record<string, string>,
  ): Promise<void> {
    const body = failureBody({ code });
    if (endpoint !== undefined) this.#log(exchange, endpoint, body);
    return send(exchange, body, headers);
  }

  async #call(exchange: Exchange, endpoint: Endpoint): Promise<void> {
    let input: RequestInput;
    try {
      input = endpoint.call === 'GET' ? { values: valuesOf(exchange.query) } : await bodyOf(exchange.request);
    } catch {
      // The connection broke while its request was being read.
      exchange.request.destroy();
      return;
    }
    const body =
      'problem' in input
        ? endpoint.failure({ code: ApiCode.paramMissing, detail: input.problem })
        : await this.#answer(endpoint, input.values);
    if (endpoint.changesState) this.#log(exchange, endpoint, body);
    if (this.#isClosing) exchange.response.shouldKeepAlive = false;
    await send(exchange, body);
  }

  async #metrics(exchange: Exchange): Promise<void> {
    let answer: MetricsText;
    try {
      answer = await this.#context.metrics.text(selectedStreams(exchange.query));
    } catch (error) {
      this.#context.logger.error({ err: error, path: METRICS_PATH }, 'api: call failed');
      await send(exchange, failureBody({ code: ApiCode.internalError }));
      return;
    }
    const { contentType, text } = answer;
    const length = String(Buffer.byteLength(text));
    await finish(exchange, 200, { 'Content-Type': contentType, 'Content-Length': length }, text);
  }

  async #answer(endpoint: Endpoint, input: unknown): Promise<ApiBody> {
    try {
      return await endpoint.answer(this.#context, input);
    } catch (error) {
      this.#context.logger.error({ err: error, path: endpoint.path }, 'api: call failed');
      return endpoint.failure({ code: ApiCode.internalError });
    }
  }

  #log({ request }: Exchange, { path }: Endpoint, { error_code: code, desp }: ApiBody): void {
    const { remoteAddress: remote } = request.socket;
    const { origin } = request.headers;
    this.#context.logger.info({ path, remote, origin, code, desp }, 'api call');
  }
}

/** `?stream=NAME`, as often as need be, or `?streams=all`. */
function selectedStreams(query: URLSearchParams): StreamSelection {
  return query.get('streams') === 'all' ? 'all' : query.getAll('stream');
}

function send(exchange: Exchange, body: ApiBody, headers: Record<string, string> = {}): Promise<void> {
  const text = JSON.stringify(body);
  return finish(exchange, HTTP_STATUS[body.error_code] ?? 200, { ...jsonHeaders(text), ...headers }, text);
}

function jsonHeaders(text: string): Record<string, string> {
  return { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
}

/**
 * Answers; who does not take the answer is cut off, because it holds memory. Where the request has a body that nobody has read, the connection ends, but only when the peer has sent that
 * body or enough of it: one who is cut off while he sends does not see the answer.
 */
async function finish(
  { request, response, headers, context }: Exchange,
  status: number,
  ownHeaders: Readonly<Record<string, string>> = {},
  body: Uint8Array | string = '',
): Promise<void> {
  const { clock, config } = context;
  const isUnread = hasBody(request) && !request.readableEnded;
  if (isUnread) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, ...ownHeaders });
  if (isUnread) {
    response.flushHeaders();
    response.write(body);
    await discardBody(request, MAX_DISCARDED_BYTES);
    response.end();
  } else {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    await sendBody(response, bytes, bytes.length, clock, config.limits.viewer_stall_timeout_ms);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Of a parameter that is given twice the first counts, as in Go. */
function valuesOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].toReversed());
}

/** @throws when the connection breaks */
async function bodyOf(request: IncomingMessage): Promise<RequestInput> {
  const text = await readBody(request, MAX_BODY_BYTES);
  if (text === undefined) return { problem: `the body is larger than ${MAX_BODY_BYTES} bytes` };
  if (text === '') return { values: {} };
  try {
    return { values: JSON.parse(text) };
  } catch {
    return { problem: 'the body is no JSON' };
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
