/**
 * Writes what is generated from the config schema: conf/lalserver.schema.json for editors, and the tables of keys in
 * docs/config.md. A unit test fails while either is out of date. Needs Node 22.18 or newer: `npx node scripts/...`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../src/server/config/generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const { path, content } of generatedFiles((path) => readFileSync(root + path, 'utf8'))) {
  writeFileSync(root + path, content);
  console.log(`wrote ${path}`);
}
