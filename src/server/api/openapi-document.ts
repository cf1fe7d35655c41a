import { z } from 'zod';
import { VERSION } from '../version.ts';
import { API_TEXTS, ApiCode } from './api-codes.ts';
import type { Endpoint } from './endpoint.ts';

/** A JSON Schema (draft 2020-12), which is what OpenAPI 3.1 describes values by. */
interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** One call, as OpenAPI has it. */
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly 'x-changes-state': boolean;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

/** The parts of an OpenAPI 3.1 document that are used here. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<'get' | 'post', Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

const DESCRIPTION =
  'lal’s HTTP API, and ours beyond it. Success is told by `error_code`, 0; the status is 200 nevertheless, but for 401, ' +
  '403 and 500. Every call answers to any method: what counts is whether its parameters are in the query or in a JSON body.';

/** Named schemas, collected while calls are described. */
type Schemas = Record<string, JsonSchema>;

/** The OpenAPI document of the calls, from the very schemas that check their parameters. */
export function openApiDocument(endpoints: readonly Endpoint[]): OpenApiDocument {
  const codes = Object.values(ApiCode).map((code) => `${code}: ${API_TEXTS[code]}`);
  const schemas: Schemas = {
    ErrorCode: { type: 'integer', description: codes.join('; ') },
    Failure: answerSchema(undefined),
  };
  const paths = endpoints.map((endpoint) => [
    endpoint.path,
    { [endpoint.call.toLowerCase()]: operation(endpoint, schemas) },
  ]);
  return {
    openapi: '3.1.0',
    info: { title: 'lal-ts HTTP API', version: VERSION, description: DESCRIPTION },
    servers: [{ url: '.' }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    security: [{}, { bearer: [] }, { query: [] }],
    paths: Object.fromEntries(paths) as OpenApiDocument['paths'],
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: '`http_api.token`, where the config has one.',
        },
        query: { type: 'apiKey', in: 'query', name: 'token', description: 'The same.' },
      },
    },
  };
}

function operation(endpoint: Endpoint, schemas: Schemas): Operation {
  const { path, call, group, summary, description, changesState, data } = endpoint;
  const dataSchema = data === undefined ? undefined : toJsonSchema(data.schema, schemas);
  return {
    operationId: path.split('/').slice(2).join('_'),
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    'x-changes-state': changesState,
    ...(call === 'GET' ? inQuery(endpoint, schemas) : inBody(endpoint, schemas)),
    responses: {
      200: { description: 'Done, or refused: `error_code` says which.', ...json(answerSchema(dataSchema)) },
      401: failure('The token is missing or wrong.'),
      ...(changesState ? { 403: failure('The page that calls is of another origin.') } : {}),
      500: failure('A fault of the server.'),
    },
  };
}

function inQuery({ parameters }: Endpoint, schemas: Schemas): { parameters: object[] } {
  const { properties = {}, required = [] } = toJsonSchema(parameters, schemas) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return {
    parameters: Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      description: schema['description'],
      schema,
    })),
  };
}

function inBody({ parameters }: Endpoint, schemas: Schemas): { requestBody: object } {
  return { requestBody: { required: true, ...json(toJsonSchema(parameters, schemas)) } };
}

function failure(description: string): object {
  return { description, ...json({ $ref: '#/components/schemas/Failure' }) };
}

function json(schema: JsonSchema): { content: object } {
  return { content: { 'application/json': { schema } } };
}

/** @param data absent: the call answers with a code alone */
function answerSchema(data: JsonSchema | undefined): JsonSchema {
  return {
    type: 'object',
    properties: {
      error_code: { $ref: '#/components/schemas/ErrorCode' },
      desp: { type: 'string', description: '`succ`, or why not.' },
      ...(data === undefined ? {} : { data }),
      detail: { type: 'string', description: 'Extension: which parameter is wrong, and how.' },
    },
    required: ['error_code', 'desp', ...(data === undefined ? [] : ['data'])],
  };
}

/** Named schemas go to `schemas`, and are referred to. */
function toJsonSchema(schema: z.ZodType, schemas: Schemas): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => widestRangeIsNone(jsonSchema),
  });
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
  const {
    $schema: _dialect,
    $defs: named = {},
    ...own
  } = JSON.parse(text) as JsonSchema & { $defs?: Schemas };
  for (const [name, { id: _id, ...definition }] of Object.entries(named)) schemas[name] = definition;
  return own;
}

/** The range of JavaScript's whole numbers says nothing about a parameter. */
function widestRangeIsNone(schema: { minimum?: number; maximum?: number }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}
