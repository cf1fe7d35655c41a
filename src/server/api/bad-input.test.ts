import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ApiBench, type ApiAnswer } from '../../testing/api-bench.ts';
import type { Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';

/* What every call of the API has to bear, whoever has added it. */

const bench = new ApiBench();
const inBody = ENDPOINTS.filter(({ call }) => call === 'POST');

beforeAll(() => bench.listen());
afterAll(() => bench.close());

interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
}

interface Parameter {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: ParameterSchema;
}

function parametersOf({ parameters }: Endpoint): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(parameters, { io: 'input' }) as {
    properties?: Record<string, ParameterSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    isRequired: required.includes(name),
  }));
}

/** A value that a parameter may have. */
function fittingValue({ type, enum: values, minimum }: ParameterSchema, text: string): unknown {
  if (values !== undefined) return values[0];
  if (type === 'integer' || type === 'number') return Math.max(minimum ?? 0, 1);
  if (type === 'boolean') return false;
  return type === 'array' ? [] : text;
}

/** All required parameters, with fitting values. */
function fittingInput(endpoint: Endpoint, text = 'none'): Record<string, unknown> {
  const required = parametersOf(endpoint).filter(({ isRequired }) => isRequired);
  return Object.fromEntries(required.map(({ name, schema }) => [name, fittingValue(schema, text)]));
}

function ask({ path, call }: Endpoint, input: Record<string, unknown>): Promise<ApiAnswer> {
  return call === 'GET' ? bench.get(path, input as Record<string, string>) : bench.post(path, input);
}

/** The answer is the one to a wrong parameter: nothing was done. */
function expectRefused({ data }: Endpoint, { status, body }: ApiAnswer): void {
  expect(status).toBe(200);
  const { detail, ...others } = body;
  expect(detail).toMatch(/\S/);
  expect(others).toEqual({
    error_code: 1002,
    desp: 'param missing',
    ...(data === undefined ? {} : { data: data.onFailure }),
  });
}

test.each(ENDPOINTS)('$path: each required parameter is missed', async (endpoint) => {
  for (const { name } of parametersOf(endpoint).filter(({ isRequired }) => isRequired)) {
    const { [name]: _left, ...others } = fittingInput(endpoint);
    expectRefused(endpoint, await ask(endpoint, others));
  }
});

test.each(inBody)('$path: a value of another type is refused, whatever else there is', async (endpoint) => {
  const values = [true, 7, 1.5, -1, 1e300, 'text', [], [[]], {}, { a: 1 }];
  for (const { name } of parametersOf(endpoint)) {
    const type = endpoint.parameters.shape[name] as z.ZodType;
    const wrong = values.filter((value) => !type.safeParse(value).success);
    expect(wrong.length, name).toBeGreaterThan(3);
    for (const value of wrong) {
      expectRefused(endpoint, await ask(endpoint, { ...fittingInput(endpoint), [name]: value }));
    }
  }
});

test.each(inBody)('$path: a body that is no object of parameters is refused', async (endpoint) => {
  const bodies = ['{', '[]', '"text"', '7', 'true', 'null', '{"a":1}}', '\u0000', 'a=1&b=2'];
  const deep = '['.repeat(30_000);
  bodies.push(deep, `${deep}${']'.repeat(30_000)}`, '{"a":'.repeat(12_000));
  bodies.push(`{"a":"${'a'.repeat(65_536)}"}`);
  const binary = new Uint8Array(1000).map((_, index) => index % 256);
  for (const body of [...bodies, binary]) {
    expectRefused(endpoint, await bench.fetch(endpoint.path, { method: 'POST', body }));
  }
});

test.each(ENDPOINTS)('$path: an odd name is answered like any other', async (endpoint) => {
  const names = [
    '',
    ' ',
    '.',
    '..',
    '../../x',
    '/',
    'a/../b',
    '\\',
    '%',
    '%zz',
    '%ff',
    '+',
    'a&b=c#d?e',
    '{}',
  ];
  names.push('\u0000', '\r\nX: 1', '\u001b[2J', '\u202e', '\ud800', '\ud83d\ude00', '\u00e9', 'e\u0301');
  names.push('<img src=x onerror=alert(1)>', "';--", '$(id)', '__proto__', 'constructor', 'toString');
  names.push('a'.repeat(300), 'a'.repeat(4000), ' http://a/b', 'http://[', 'rtmp://');
  for (const name of names) {
    const { status, body } = await ask(endpoint, fittingInput(endpoint, name));
    expect([status, typeof body.error_code, typeof body.desp], name).toEqual([200, 'number', 'string']);
  }
});

test.each(ENDPOINTS)(
  '$path: a preflight does nothing, and any method is as good as its own',
  async (endpoint) => {
    const { path, call } = endpoint;
    const preflight = await bench.fetch(path, { method: 'OPTIONS' });
    expect([preflight.status, preflight.text]).toEqual([204, '']);
    const own = await bench.fetch(path, { method: call });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      const other = await bench.fetch(path, { method });
      expect([other.status, other.body.error_code], method).toEqual([own.status, own.body.error_code]);
    }
  },
);
