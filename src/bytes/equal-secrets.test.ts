import { expect, test } from 'vitest';
import { equalSecrets } from './equal-secrets.ts';

test('texts and bytes are equal when their bytes are, whatever their length', () => {
  expect(equalSecrets('geheim', 'geheim')).toBe(true);
  expect(equalSecrets('schlüssel', new TextEncoder().encode('schlüssel'))).toBe(true);
  expect(equalSecrets('', '')).toBe(true);
  for (const other of ['', 'geheim ', 'Geheim', 'gehei']) expect(equalSecrets('geheim', other)).toBe(false);
});
