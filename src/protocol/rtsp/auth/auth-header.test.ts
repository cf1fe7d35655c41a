import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthParameters, parseChallenges, quotedParameter } from './auth-header.ts';

function parsed(header: string): unknown[] {
  return parseAuthParameters(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

describe('an authentication header', () => {
  test.each([
    ['Basic realm="lal"', [['basic', { realm: 'lal' }]]],
    [
      'Digest realm="lal", nonce="1f", stale=FALSE',
      [['digest', { realm: 'lal', nonce: '1f', stale: 'FALSE' }]],
    ],
    ['digest Realm="a, b=c",NONCE="x"', [['digest', { realm: 'a, b=c', nonce: 'x' }]]],
    ['Digest realm="a \\"b\\" \\\\c"', [['digest', { realm: 'a "b" \\c' }]]],
    ['Digest realm = "a" , nonce= x', [['digest', { realm: 'a', nonce: 'x' }]]],
    ['Digest realm="a" nonce="b"', [['digest', { realm: 'a', nonce: 'b' }]]],
    ['Digest realm="a", nonce="b', [['digest', { realm: 'a', nonce: 'b' }]]],
    ['Digest realm=, nonce=""', [['digest', { realm: '', nonce: '' }]]],
    ['Digest nonce="a", nonce="b"', [['digest', { nonce: 'a' }]]],
    [
      'Basic realm="a", Digest realm="b", qop="auth,auth-int", Negotiate',
      [
        ['basic', { realm: 'a' }],
        ['digest', { realm: 'b', qop: 'auth,auth-int' }],
        ['negotiate', {}],
      ],
    ],
    ['Basic', [['basic', {}]]],
    [',, ,Basic ,', [['basic', {}]]],
    ['', []],
    ['="x" realm="y"', []],
    ['"""', []],
  ])('%s', (header, expected) => {
    expect(parsed(header)).toEqual(expected);
  });

  test('longer than any real one says nothing', () => {
    expect(parsed(`Digest nonce="${'x'.repeat(5000)}"`)).toEqual([]);
  });

  test('keeps no more parameters and challenges than any real one has', () => {
    const many = Array.from({ length: 100 }, (_, index) => `p${index}=1`).join(',');
    expect(parseAuthParameters(`Digest ${many}`)[0]!.parameters.size).toBe(32);
    expect(parseChallenges(Array.from({ length: 100 }, () => 'Basic'))).toHaveLength(8);
  });

  test('reads back what is written into quotes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (value) => {
        const [digest] = parseAuthParameters(`Digest ${quotedParameter('realm', value)}, nonce=1`);
        expect(digest!.parameters.get('realm')).toBe(value);
        expect(digest!.parameters.get('nonce')).toBe('1');
      }),
    );
  });

  test('of any form is read without an exception and in bounded time', () => {
    const pieces = fc.constantFrom(
      'Digest',
      'Basic',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'nonce',
      'a',
      '\n',
      '\u{1f600}',
    );
    const header = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(pieces, { maxLength: 300 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme, parameters } of parseAuthParameters(text)) {
          expect(scheme).not.toMatch(/[\s,="]/);
          expect(parameters.size).toBeLessThanOrEqual(32);
        }
      }),
    );
    for (const piece of ['"', '\\"', 'a=', ' ', ',', 'a ', '="\\']) parseAuthParameters(piece.repeat(1000));
  });
});
