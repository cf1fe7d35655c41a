import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiCode } from './api-codes.ts';
import type { ApiContext } from './api-context.ts';
import { commonHeaders, corsHeaders } from './api-headers.ts';
import { hasToken } from './api-token.ts';
import { failureBody, type ApiBody, type Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';
import { sourceOf } from './origin-check.ts';
import { discardBody, readBody } from './request-body.ts';

/** All parameters of any call fit many times; it also bounds how deep their JSON can be nested. */
const MAX_BODY_BYTES = 65_536;

/** What a peer may go on sending of a body that is too large. */
const MAX_DISCARDED_BYTES = 1_048_576;

const HTTP_STATUS: Partial<Record<ApiCode, number>> = {
  [ApiCode.tokenMissing]: 401,
  [ApiCode.originRefused]: 403,
  [ApiCode.internalError]: 500,
};

/** A request under way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** `undefined` for a path that is no call of the API. */
  readonly endpoint: Endpoint | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The HTTP API: finds the call, checks who asks and what for, answers. docs/api.md says what callers see. */
export class HttpApi {
  readonly #context: ApiContext;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  #isClosing = false;

  constructor(context: ApiContext, endpoints: readonly Endpoint[] = ENDPOINTS) {
    this.#context = context;
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  }

  /** Connections end with the answer that is under way. */
  close(): void {
    this.#isClosing = true;
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isClosing) response.shouldKeepAlive = false;
    const [path, query = ''] = splitOnce(request.url ?? '', '?');
    const endpoint = this.#endpoints.get(path);
    const { http_api: config } = this.#context.config;
    const source = sourceOf(request.headers, config.allowed_origins);
    const { origin } = request.headers;
    const changesState = endpoint?.changesState ?? false;
    const headers = { ...commonHeaders, ...corsHeaders(config.token, { changesState, source, origin }) };
    const exchange = { request, response, query: new URLSearchParams(query), endpoint, headers };
    if (request.method === 'OPTIONS') {
      response.writeHead(204, headers).end();
    } else if (!hasToken(request.headers, exchange.query, config.token)) {
      send(exchange, failureBody({ code: ApiCode.tokenMissing }));
    } else if (endpoint === undefined) {
      send(exchange, failureBody({ code: ApiCode.pathUnknown }));
    } else if (changesState && config.token === '' && source === 'foreign') {
      send(exchange, failureBody({ code: ApiCode.originRefused }));
    } else {
      await this.#call(exchange, endpoint);
    }
  }

  async #call(exchange: Exchange, endpoint: Endpoint): Promise<void> {
    const { request, query } = exchange;
    let body: ApiBody;
    try {
      if (endpoint.call === 'GET') {
        body = await this.#answer(endpoint, valuesOf(query));
      } else {
        const text = await readBody(request, MAX_BODY_BYTES);
        if (text === undefined) {
          await refuseLargeBody(exchange, endpoint);
          return;
        }
        body = await this.#answer(endpoint, parseJson(text));
      }
    } catch {
      // The connection broke while its request was being read.
      request.destroy();
      return;
    }
    send(exchange, body);
    if (endpoint.changesState) this.#log(exchange, endpoint, body);
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
    const { remoteAddress } = request.socket;
    this.#context.logger.info({ path, remote: remoteAddress, code, desp }, 'api call');
  }
}

function send({ request, response, headers }: Exchange, body: ApiBody): void {
  const text = JSON.stringify(body);
  // A body that nobody reads would have to be waited for before the next request.
  if (hasBody(request) && !request.readableEnded) response.shouldKeepAlive = false;
  response
    .writeHead(HTTP_STATUS[body.error_code] ?? 200, {
      ...headers,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}

/** The answer first: whoever still sends may read it before the connection ends. */
async function refuseLargeBody(exchange: Exchange, endpoint: Endpoint): Promise<void> {
  const { request, response, headers } = exchange;
  const detail = `the body is larger than ${MAX_BODY_BYTES} bytes`;
  const text = JSON.stringify(endpoint.failure({ code: ApiCode.paramMissing, detail }));
  const length = Buffer.byteLength(text);
  const entity = { 'Content-Type': 'application/json', 'Content-Length': length };
  response.writeHead(200, { ...headers, ...entity, Connection: 'close' }).write(text);
  await discardBody(request, MAX_DISCARDED_BYTES);
  response.end();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Of a parameter that is given twice the first counts, as in Go. */
function valuesOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].toReversed());
}

/** @returns `undefined` for what is no JSON, which is no object of parameters either */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
