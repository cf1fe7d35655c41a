import { schemaTree, type SchemaNode } from './json-schema.ts';
import type { ServerConfig } from './server-config.ts';

/** Shown instead of a secret that is set. */
const SECRET_PLACEHOLDER = '***';

/**
 * The config with every default filled in, as readable JSON in the order of the documentation. Secrets that are set
 * show as `***`, empty ones as empty, so that the output can be mailed around.
 */
export function effectiveConfigJson(config: ServerConfig): string {
  return JSON.stringify(withoutSecrets(config, schemaTree), undefined, 2);
}

function withoutSecrets(value: unknown, schema: SchemaNode): unknown {
  if (schema.secret === true) return value === '' ? '' : SECRET_PLACEHOLDER;
  const { items } = schema;
  if (items !== undefined) return (value as unknown[]).map((item) => withoutSecrets(item, items));
  if (schema.properties === undefined) return value;
  const section = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([key, child]) => [key, withoutSecrets(section[key], child)]),
  );
}
