import { join, resolve, sep } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_FILE_NAME, fileNameProblemOf, FileNameTemplate } from './file-name.ts';

const wallMs = new Date(2024, 4, 9, 8, 7, 6, 54).getTime();

function pathOf(streamKey: string, template = DEFAULT_FILE_NAME): string {
  return new FileNameTemplate(template).pathOf({ streamKey, wallMs, segment: 3 });
}

test("the default gives lal's names", () => {
  expect(pathOf('test110')).toBe(`test110-${Math.floor(wallMs / 1000)}`);
});

test('every placeholder has its value, folders included', () => {
  expect(pathOf('cam', '{date}/{stream}/{time}-{segment}')).toBe('20240509/cam/080706-3');
  expect(pathOf('cam', '{stream}_{unix_ms}')).toBe(`cam_${wallMs}`);
});

test('an app in the key becomes a folder', () => {
  expect(pathOf('live/cam', '{stream}-{segment}')).toBe('live/cam-3');
});

test.each([
  ['..', '%2E%2E-3'],
  ['../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd-3'],
  ['%2e%2e/x', '%252e%252e/x-3'],
  ['/etc/passwd', '%/etc/passwd-3'],
  ['a//b', 'a/%/b-3'],
  ['a\\..\\b', 'a%5C..%5Cb-3'],
  ['a\0b', 'a%00b-3'],
  ['C:x', 'C%3Ax-3'],
  ['.hidden', '%2Ehidden-3'],
  ['dot.', 'dot%2E-3'],
  ['Grüße 日本', 'Grüße 日本-3'],
])('the stream key %j gives the path %j', (streamKey, path) => {
  expect(pathOf(streamKey, '{stream}-{segment}')).toBe(path);
});

test('a name too long for a file is cut, at a whole character, and stays different from its like', () => {
  const [a, b] = [pathOf(`${'ü'.repeat(2000)}a`), pathOf(`${'ü'.repeat(2000)}b`)];
  expect(a).not.toBe(b);
  expect(Buffer.byteLength(a)).toBeLessThan(200);
  expect(a).not.toContain('\uFFFD');
});

test('no stream key leads out of the folder, and two keys never share a path', () => {
  const root = resolve('/records');
  const parts = fc.constantFrom(
    '..',
    '.',
    '',
    'a',
    '%',
    '%2e',
    '\\',
    '\0',
    ' ',
    '~',
    ':',
    '\u{1F600}',
    '\uD800',
  );
  const keys = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(parts, { maxLength: 6 }).map((list) => list.join('/')),
    fc.array(parts, { maxLength: 6 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const path = resolve(join(root, `${pathOf(a)}.flv`));
      expect(path.startsWith(root + sep)).toBe(true);
      expect(path).not.toContain('\0');
      for (const part of path.split(sep)) expect(Buffer.byteLength(part)).toBeLessThan(250);
      if (a.toWellFormed() !== b.toWellFormed()) expect(pathOf(a)).not.toBe(pathOf(b));
    }),
    { numRuns: 2000 },
  );
});

test('a template knows the files it named, with and without a suffix, and no others', () => {
  const template = new FileNameTemplate('{date}/{stream}-{unix}');
  const pattern = template.pattern('flv');
  const path = template.pathOf({ streamKey: 'a/b-1', wallMs, segment: 0 });
  expect(pattern.test(`${path}.flv`)).toBe(true);
  expect(pattern.test(`${path}-12.flv`)).toBe(true);
  for (const other of [
    `${path}.ts`,
    `${path}.flv.bak`,
    `${path}xflv`,
    'film.flv',
    'x/film-1620540712.flv',
    '20240509/-1620540712.flv',
    `20240509/film-16205.flv`,
  ]) {
    expect([other, pattern.test(other)]).toEqual([other, false]);
  }
});

test.each([
  ['{stream}-{unix}', undefined],
  ['{date}/{stream}/{time}', undefined],
  ['{unix}', /must have \{stream\}/],
  ['{stream}{stream}', /once/],
  ['{stream}-{toString}', /no placeholder/],
  ['{stream}-{uuid}', /no placeholder \{uuid\}/],
  ['/abs/{stream}', /empty/],
  ['../{stream}', /begins with a dot/],
  ['a/./{stream}', /begins with a dot/],
  ['{stream}/', /empty/],
  ['{stream}-{unix', /character/],
  ['{stream}:1', /character/],
  [`{stream}${'x'.repeat(60)}`, /longer/],
])('the template %j is judged', (template, problem) => {
  if (problem === undefined) expect(fileNameProblemOf(template)).toBeUndefined();
  else expect(fileNameProblemOf(template)).toMatch(problem);
});
