import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ApiBench } from '../../testing/api-bench.ts';
import { ENDPOINTS } from './endpoints.ts';
import { openApiDocument } from './openapi-document.ts';

type Json = Record<string, unknown>;

const document = openApiDocument(ENDPOINTS) as unknown as Json;
const bench = new ApiBench();

beforeAll(() => bench.listen());
afterAll(() => bench.close());

/* The part of OpenAPI 3.1 that the document may use; nothing else may be in it. */
const jsonContent = z.strictObject({ 'application/json': z.strictObject({ schema: z.looseObject({}) }) });
const response = z.strictObject({ description: z.string().min(1), content: jsonContent });
const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z_]+$/),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  description: z.string().optional(),
  'x-changes-state': z.boolean(),
  parameters: z
    .array(
      z.strictObject({
        name: z.string(),
        in: z.literal('query'),
        required: z.boolean(),
        description: z.string().min(1),
        schema: z.looseObject({}),
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content: jsonContent }).optional(),
  responses: z.record(z.string().regex(/^\d{3}$/), response),
});
const openApi = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string() })),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(
    z.string().regex(/^\/api\/[a-z_/]+$/),
    z.strictObject({ get: operation.optional(), post: operation.optional() }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^\w+$/), z.looseObject({})),
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.enum(['http', 'apiKey']) })),
  }),
});

/** Replaces references by what they refer to; fails for those that lead nowhere. */
function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inlined);
  if (typeof value !== 'object' || value === null) return value;
  const { $ref, ...others } = value as Json & { $ref?: string };
  if ($ref === undefined)
    return Object.fromEntries(Object.entries(others).map(([key, inner]) => [key, inlined(inner)]));
  const target = $ref
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Json)[key], document);
  if (target === undefined) throw new Error(`${$ref} leads nowhere`);
  return inlined({ ...(target as Json), ...others });
}

/** The schema of a call's answer, as a reader of the document would build it. */
function answerSchema(path: string): z.ZodType {
  const [found] = Object.values(
    (openApi.parse(document).paths[path] ?? {}) as Record<string, z.output<typeof operation>>,
  );
  const { schema } = found!.responses['200']!.content['application/json'];
  return z.fromJSONSchema(inlined(schema) as z.core.JSONSchema.JSONSchema);
}

test('the document is what OpenAPI 3.1 asks for, and every reference leads somewhere', () => {
  openApi.parse(document);
  inlined(document);
});

test('every call is in it once, and nothing else is', () => {
  const { paths } = openApi.parse(document);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described).toEqual(ENDPOINTS.map(({ call, path }) => `${call} ${path}`));
  expect(new Set(ENDPOINTS.map(({ path }) => path)).size).toBe(ENDPOINTS.length);
});

test.each(ENDPOINTS)(
  '$path: each parameter is described, in the place where the call takes it',
  ({ path, call, parameters }) => {
    const { paths } = openApi.parse(document);
    const { get, post } = paths[path]!;
    const keys = Object.keys(parameters.shape);
    if (call === 'GET') {
      expect(get!.parameters!.map(({ name }) => name)).toEqual(keys);
    } else {
      const schema = inlined(post!.requestBody!.content['application/json'].schema) as {
        properties: Record<string, { description?: string }>;
      };
      expect(Object.keys(schema.properties)).toEqual(keys);
      for (const key of keys) expect(schema.properties[key]!.description, key).toMatch(/\S/);
    }
  },
);

test.each(ENDPOINTS)(
  '$path: an answer that refuses has the form that is described',
  async ({ path, call }) => {
    const answer = call === 'GET' ? await bench.get(path) : await bench.post(path, []);
    answerSchema(path).parse(answer.body);
  },
);

test('an answer that is full of everything has the form that is described', async () => {
  await bench.picture(bench.publish(), 0);
  bench.statistics.tick();
  bench.addSession('RTMPPUBSUB1', { baseType: 'PUB' });
  bench.addSession('RTMPPUBSUB2');
  bench.context.records.start('test110', 'flv');
  for (const [path, query] of [
    ['/api/stat/group', { stream_name: 'test110' }],
    ['/api/stat/all_group', {}],
    ['/api/stat/lal_info', {}],
    ['/api/stat/recordings', {}],
  ] as const) {
    const { body } = await bench.get(path, query);
    expect(body.error_code).toBe(0);
    expect(answerSchema(path).parse(body), path).toEqual(body);
  }
});

test('the document is served to pages of any origin, and needs no token', async () => {
  const secured = new ApiBench({ http_api: { token: 'secret' } });
  await secured.listen();
  const { status, headers, body } = await secured.get('/openapi.json');
  await secured.close();
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(body).toEqual(document);
});
