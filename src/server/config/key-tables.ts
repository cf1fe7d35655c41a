import { allowedText } from './load-config.ts';
import { builtInConfig } from './built-in-config.ts';
import { valueAtKey } from './config-keys.ts';
import { schemaTree, type SchemaNode } from './json-schema.ts';
import { RELOAD_EFFECT_TEXTS, RELOAD_EFFECTS, type ReloadEffect } from './reload-effects.ts';

/** The tables of docs/config.md, one per section, from the schema: Markdown that ends with a line feed. */
export function configKeyTables(): string {
  const entries = Object.entries(schemaTree.properties ?? {});
  const topLevel = entries.filter(([, schema]) => schema.properties === undefined);
  const sections = entries.filter(([, schema]) => schema.properties !== undefined);
  const tables = [table(topLevel, '', false)];
  for (const [name, schema] of sections) {
    const isExtension = schema.extension === true;
    tables.push(
      `### \`${name}\`${isExtension ? ' (extension)' : ''}\n\n${schema.description}\n\n` +
        table(Object.entries(schema.properties!), `${name}.`, isExtension),
    );
  }
  return `### Top level\n\n${tables.join('\n')}`;
}

function table(
  entries: readonly (readonly [string, SchemaNode])[],
  prefix: string,
  isExtensionSection: boolean,
): string {
  const builtIn = builtInConfig();
  const rows = entries.flatMap(([key, schema]) => {
    const mark = schema.extension === true && !isExtensionSection ? ' (extension)' : '';
    const path = prefix + key;
    const cells = [
      `\`${key}\`${mark}`,
      allowedText(schema),
      code(schema.default),
      code(valueAtKey(builtIn, path)),
      RELOAD_EFFECT_TEXTS[valueAtKey(RELOAD_EFFECTS, path) as ReloadEffect],
    ];
    return [row(cells, schema), ...elementRows(key, schema)];
  });
  return (
    '| key | value | when missing | built-in config | a change counts | meaning |\n|---|---|---|---|---|---|\n' +
    rows.join('')
  );
}

/** The keys of a list's objects. */
function elementRows(list: string, { items }: SchemaNode): string[] {
  return Object.entries(items?.properties ?? {}).map(([key, schema]) => {
    const missing = schema.default === undefined ? 'must be given' : code(schema.default);
    return row([`\`${list}[].${key}\``, allowedText(schema), missing, '', ''], schema);
  });
}

function row(cells: readonly string[], { description }: SchemaNode): string {
  return `| ${cells.join(' | ')} | ${description} |\n`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
