import { readFileSync } from 'node:fs';

/** The bytes of a file under test/fixtures/. */
export function fixture(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(`../../test/fixtures/${path}`, import.meta.url)));
}
