import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { END_CODES } from '../media/end-reason.ts';

const root = join(import.meta.dirname, '..', '..');

/** Codes of Node's that the source mentions. */
const foreignCodes = /^ERR_STREAM_/;

/** The rows of all tables of docs/errors.md: code, meaning, what to do. */
function documented(): { code: string; meaning: string; remedy: string }[] {
  const rows = readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(
    /^\| `([^`]+)` \| (.+) \| (.+) \|$/gm,
  );
  return [...rows].map(([, code, meaning, remedy]) => ({ code: code!, meaning: meaning!, remedy: remedy! }));
}

/** Every code that the source can throw: string literals, tests and test kits apart. */
function codesInSource(): string[] {
  const source = join(root, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const codes = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testing'))
    .flatMap((file) => [...readFileSync(join(source, file), 'utf8').matchAll(/'(ERR_[A-Z0-9_]*[A-Z0-9])'/g)])
    .map((match) => match[1]!)
    .filter((code) => !foreignCodes.test(code));
  return [...new Set(codes)].sort();
}

test('every end code is documented with the meaning that the code gives it', () => {
  const rows = documented().filter(({ code }) => !code.startsWith('ERR_'));
  expect(Object.fromEntries(rows.map(({ code, meaning }) => [code, meaning]))).toEqual(END_CODES);
});

test('every error code in the source is documented once, and no other', () => {
  const codes = documented().map(({ code }) => code);
  expect(codes.filter((code) => code.startsWith('ERR_')).sort()).toEqual(codesInSource());
});

test('every documented code says what to do', () => {
  for (const { code, remedy } of documented()) expect(remedy, code).not.toBe('');
});
