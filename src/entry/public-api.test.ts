import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = dirname(fileURLToPath(import.meta.url));
const entries = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

test('the public names are the reviewed ones', async () => {
  const lines: string[] = [];
  for (const entry of entries) {
    const names = Object.keys((await import(/* @vite-ignore */ join(folder, entry))) as object).sort();
    lines.push(`lal-ts/${entry.replace('.ts', '')}`, ...names.map((name) => `  ${name}`), '');
  }
  await expect(lines.join('\n')).toMatchFileSnapshot('./public-api.txt');
});

test('package.json exports exactly the entries', () => {
  const manifest = JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8')) as {
    exports: object;
  };
  const subpaths = Object.keys(manifest.exports).filter((name) => name !== './package.json');
  const expected = entries.map((entry) => (entry === 'index.ts' ? '.' : `./${entry.replace('.ts', '')}`));
  expect(subpaths.sort()).toEqual(expected.sort());
});

test('every exported name has a doc comment', () => {
  const undocumented: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    if (dirname(file) === folder) {
      for (const match of text.matchAll(/from '(\.[^']+)'/g)) visit(join(dirname(file), match[1]!));
      return;
    }
    const exported = /^export (?:abstract )?(?:class|function|const|interface|type) (\w+)/gm;
    for (const match of text.matchAll(exported)) {
      const before = text.slice(0, match.index).trimEnd();
      // A code-point object and the type of the same name share one comment.
      const isTwin = text.includes(`export const ${match[1]} =`) && match[0].startsWith('export type');
      if (!before.endsWith('*/') && !isTwin) undocumented.push(`${file.slice(folder.length)}: ${match[1]}`);
    }
  };
  for (const entry of entries) visit(join(folder, entry));
  expect(undocumented).toEqual([]);
});
