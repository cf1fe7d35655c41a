import { allowedText } from './load-config.ts';
import { builtInConfig } from './built-in-config.ts';
import { schemaTree, type SchemaNode } from './config-schema.ts';

/** The tables of docs/config.md, one per section, from the schema: Markdown that ends with a line feed. */
export function configKeyTables(): string {
  const builtIn = builtInConfig() as unknown as Record<string, unknown>;
  const entries = Object.entries(schemaTree.properties ?? {});
  const topLevel = entries.filter(([, schema]) => schema.properties === undefined);
  const sections = entries.filter(([, schema]) => schema.properties !== undefined);
  const tables = [table(topLevel, builtIn, false)];
  for (const [name, schema] of sections) {
    const isExtension = schema.extension === true;
    const values = builtIn[name] as Record<string, unknown>;
    tables.push(
      `### \`${name}\`${isExtension ? ' (extension)' : ''}\n\n${schema.description}\n\n` +
        table(Object.entries(schema.properties!), values, isExtension),
    );
  }
  return `### Top level\n\n${tables.join('\n')}`;
}

function table(
  entries: readonly (readonly [string, SchemaNode])[],
  builtIn: Record<string, unknown>,
  isExtensionSection: boolean,
): string {
  const rows = entries.map(([key, schema]) => {
    const mark = schema.extension === true && !isExtensionSection ? ' (extension)' : '';
    const cells = [`\`${key}\`${mark}`, allowedText(schema), code(schema.default), code(builtIn[key])];
    return `| ${cells.join(' | ')} | ${schema.description} |\n`;
  });
  return `| key | value | when missing | built-in config | meaning |\n|---|---|---|---|---|\n${rows.join('')}`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
