import { z } from 'zod';
import { serverConfigSchema } from './config-schema.ts';
import { RENAMED_KEYS } from './renamed-keys.ts';

/** A JSON Schema node, as far as this project's schema uses them. */
export interface SchemaNode {
  type?: 'object' | 'string' | 'integer' | 'boolean' | 'array';
  description?: string;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  /** Not in lal. */
  extension?: boolean;
  /** Never shown in logs or in the effective config. */
  secret?: boolean;
  deprecated?: boolean;
  [keyword: string]: unknown;
}

/** The schema as data: what walks a document, explains a mistake or writes documentation reads this. */
export const schemaTree: SchemaNode = z.toJSONSchema(serverConfigSchema, { io: 'input' }) as SchemaNode;

/**
 * JSON Schema (draft 2020-12) for editors: the same keys, plus the older names, plus comment keys.
 * @returns a fresh object
 */
export function configJsonSchema(): SchemaNode {
  const root = structuredClone(schemaTree);
  for (const { from, to } of RENAMED_KEYS) {
    const [fromSection, fromKey] = from.split('.') as [string, string];
    const [toSection, toKey] = to.split('.') as [string, string];
    const target = root.properties![toSection]!.properties![toKey]!;
    root.properties![fromSection] ??= { type: 'object', deprecated: true, properties: {} };
    root.properties![fromSection].properties![fromKey] = {
      ...target,
      deprecated: true,
      description: `Older name of \`${to}\`.`,
    };
  }
  const withComments = openForComments(root);
  withComments.properties!['$schema'] = { type: 'string' };
  return { ...withComments, title: 'lal-ts server configuration' };
}

function openForComments(node: SchemaNode): SchemaNode {
  if (node.items !== undefined) openForComments(node.items);
  if (node.properties === undefined) {
    // The widest range JavaScript can hold says nothing to a person who edits a file.
    if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
    return node;
  }
  delete node.default;
  for (const child of Object.values(node.properties)) openForComments(child);
  node['patternProperties'] = { '^#': {} };
  node['additionalProperties'] = false;
  return node;
}
