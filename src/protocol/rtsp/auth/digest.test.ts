import { describe, expect, test } from 'vitest';
import { digestResponse, parseDigestAlgorithm } from './digest.ts';

const RFC_2617 = {
  algorithm: 'MD5',
  user: 'Mufasa',
  realm: 'testrealm@host.com',
  password: 'Circle Of Life',
  nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
  method: 'GET',
  uri: '/dir/index.html',
  nonceCount: '00000001',
  cnonce: '0a4f113b',
} as const;

const RFC_7616 = {
  ...RFC_2617,
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
} as const;

describe('a digest response', () => {
  test.each([
    ['RFC 2617, 3.5', RFC_2617, '6629fae49393a05397450978507c4ef1'],
    [
      'RFC 2069, 2.4, with its erratum',
      { ...RFC_2617, password: 'CircleOfLife', nonceCount: undefined },
      '1949323746fe6a43ef61f9606e7febea',
    ],
    ['RFC 7616, 3.9.1, MD5', RFC_7616, '8ca523f5e9506fed4657c9700eebdbec'],
    [
      'RFC 7616, 3.9.1, SHA-256',
      { ...RFC_7616, algorithm: 'SHA-256' as const },
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    ],
  ])('as in %s', (_, input, expected) => {
    expect(digestResponse(input)).toBe(expected);
  });

  test('of a session algorithm hashes the nonces into the secret', () => {
    const plain = digestResponse(RFC_2617);
    const session = digestResponse({ ...RFC_2617, algorithm: 'MD5-sess' });
    expect(session).not.toBe(plain);
    expect(session).not.toBe(digestResponse({ ...RFC_2617, algorithm: 'MD5-sess', cnonce: '0a4f113c' }));
    expect(digestResponse({ ...RFC_2617, algorithm: 'SHA-256-sess' })).toHaveLength(64);
  });
});

test.each([
  [undefined, 'MD5'],
  ['', 'MD5'],
  ['md5', 'MD5'],
  ['MD5-Sess', 'MD5-sess'],
  ['sha-256', 'SHA-256'],
  ['SHA-256-sess', 'SHA-256-sess'],
  ['SHA-512-256', undefined],
  ['token', undefined],
])('algorithm=%s means %s', (text, expected) => {
  expect(parseDigestAlgorithm(text)).toBe(expected);
});
