import { schemaTree, type SchemaNode } from './json-schema.ts';

/** Every key of the config, `rtmp.gop_num`, in the order of the documentation. */
export const CONFIG_KEYS: readonly string[] = keysBelow(schemaTree, '');

function keysBelow(node: SchemaNode, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    child.properties === undefined ? [prefix + name] : keysBelow(child, `${prefix}${name}.`),
  );
}

/** What stands under a key, in a config or in anything else that is laid out like one. */
export function valueAtKey(tree: object, key: string): unknown {
  return key.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], tree);
}

/** @param key one of `CONFIG_KEYS` */
export function setValueAtKey(config: object, key: string, value: unknown): void {
  const at = key.lastIndexOf('.');
  const section = at < 0 ? config : valueAtKey(config, key.slice(0, at));
  (section as Record<string, unknown>)[key.slice(at + 1)] = value;
}
