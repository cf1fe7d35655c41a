import type { z } from 'zod';
import { API_TEXTS, ApiCode } from './api-codes.ts';
import type { ApiContext } from './api-context.ts';

/** Why a call did not succeed. */
export interface ApiFailure {
  readonly code: Exclude<ApiCode, typeof ApiCode.success>;
  /** Default: the code's text. */
  readonly desp?: string;
  /** Ours: what exactly is wrong, for people. */
  readonly detail?: string;
}

/** A call's outcome. `data` is `undefined` for calls that answer with a code alone. */
export type ApiResult<Data> = { readonly data: Data } | ApiFailure;

/** An answer as it is sent, keys in lal's order. */
export interface ApiBody {
  readonly error_code: ApiCode;
  readonly desp: string;
  readonly data?: unknown;
  readonly detail?: string;
}

/**
 * One call of the HTTP API. It is all there is to write: checks of the request, the answer's form and the OpenAPI
 * document come from it. A group of calls is a file in `endpoints/` that exports them as a list; `endpoints.ts` has
 * the lists.
 *
 * ```ts
 * export const kickEndpoints: readonly Endpoint[] = [
 *   defineEndpoint({
 *     path: '/api/ctrl/kick_session',
 *     call: 'POST',
 *     changesState: true,
 *     group: 'Sessions',
 *     summary: 'Ends a session',
 *     parameters: z.object({ ...streamParameters, session_id: z.string().meta({ description: '…' }) }),
 *     handle: (context, { stream_name, session_id }) => ({ data: undefined }), // or { code: ApiCode.groupNotFound }
 *   }),
 * ];
 * ```
 */
export interface EndpointDefinition<Parameters extends z.ZodObject, Data> {
  readonly path: `/api/${string}`;
  /** Where lal takes the parameters from: GET, the query; POST, a JSON body. Both kinds answer to any method, as in lal. */
  readonly call: 'GET' | 'POST';
  /** Such calls are refused to pages of foreign origins. */
  readonly changesState: boolean;
  /** Heading in the documentation. */
  readonly group: string;
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** Each with its description. What is no text needs `z.coerce` in a query. */
  readonly parameters: Parameters;
  /** Form of `data`, and what stands in its place when the call fails. Absent: the answer has no `data`. */
  readonly data?: { readonly schema: z.ZodType<Data>; readonly onFailure: NoInfer<Data> };
  handle(
    context: ApiContext,
    parameters: z.output<Parameters>,
  ): ApiResult<NoInfer<Data>> | Promise<ApiResult<NoInfer<Data>>>;
}

/** A definition without its types, ready to be called. */
export interface Endpoint extends Omit<EndpointDefinition<z.ZodObject, unknown>, 'handle'> {
  /** @param input the query's or the body's keys, unchecked */
  answer(context: ApiContext, input: unknown): Promise<ApiBody>;
  /** The answer to a request that does not get as far as the call. */
  failure(failure: ApiFailure): ApiBody;
}

export function defineEndpoint<Parameters extends z.ZodObject, Data = undefined>(
  definition: EndpointDefinition<Parameters, Data>,
): Endpoint {
  const { parameters, data } = definition;
  const failure = (why: ApiFailure): ApiBody => failureBody(why, data?.onFailure);
  const answer = async (context: ApiContext, input: unknown): Promise<ApiBody> => {
    const parsed = parameters.safeParse(withoutNulls(input));
    if (!parsed.success) {
      return failure({ code: ApiCode.paramMissing, detail: problemOf(parsed.error) });
    }
    const result = await definition.handle(context, parsed.data);
    if ('code' in result) return failure(result);
    return { error_code: ApiCode.success, desp: API_TEXTS[ApiCode.success], data: result.data };
  };
  return { ...definition, answer, failure };
}

/** What a service refuses, in its words; `detail` names the limit, for example. */
export function failureOf(
  code: ApiFailure['code'],
  { message, detail }: { readonly message: string; readonly detail?: string | undefined },
): ApiFailure {
  return { code, desp: message, ...(detail === undefined ? {} : { detail }) };
}

/** @param data what stands in the place of the call's data; `undefined`: nothing */
export function failureBody({ code, desp = API_TEXTS[code], detail }: ApiFailure, data?: unknown): ApiBody {
  return {
    error_code: code,
    desp,
    ...(data === undefined ? {} : { data }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Go leaves a field alone that is `null` in the JSON text: it counts as missing. */
function withoutNulls(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

function problemOf({ issues }: z.ZodError): string {
  const { path, message } = issues[0]!;
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
