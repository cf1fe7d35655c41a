import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthParameters } from './auth-header.ts';
import { RtspAuthenticator } from './authenticator.ts';
import type { RtspAuthRequest, RtspAuthenticatorOptions } from './authenticator.ts';
import { RtspClientAuth } from './client-auth.ts';

const OPTIONS: RtspAuthenticatorOptions = {
  scheme: 'digest',
  user: 'me',
  password: 'sec:ret',
  nonceKey: new Uint8Array(32).fill(7),
};
const REQUEST: RtspAuthRequest = {
  method: 'DESCRIBE',
  uri: 'rtsp://h/live/a',
  authorization: undefined,
  clientAddress: '192.0.2.1',
  wallMs: 1_700_000_000_000,
};

/** The request with what a client of these credentials answers to the challenge. */
function answered(
  authenticator: RtspAuthenticator,
  credentials = { user: 'me', password: 'sec:ret' },
  request: RtspAuthRequest = REQUEST,
): RtspAuthRequest {
  const client = new RtspClientAuth(credentials, () => 'c0ffee');
  client.accept(authenticator.challenges(request, 'missing'));
  return { ...request, authorization: client.authorization(request.method, request.uri) };
}

describe('the challenge', () => {
  test('of Basic is that of lal', () => {
    const basic = new RtspAuthenticator({ ...OPTIONS, scheme: 'basic' });
    expect(basic.challenges(REQUEST, 'missing')).toEqual(['Basic realm="lal"']);
  });

  test('of Digest has the form of lal, and another nonce for each address and time', () => {
    const digest = new RtspAuthenticator(OPTIONS);
    const first = digest.challenges(REQUEST, 'missing');
    expect(first).toEqual([expect.stringMatching(/^Digest realm="lal", nonce="[0-9a-f]{44}"$/)]);
    expect(digest.challenges({ ...REQUEST, clientAddress: '192.0.2.2' }, 'wrong')).not.toEqual(first);
    expect(digest.challenges({ ...REQUEST, wallMs: REQUEST.wallMs + 1 }, 'wrong')).not.toEqual(first);
  });

  test('names SHA-256 when asked to, and says when a nonce was stale', () => {
    const digest = new RtspAuthenticator({ ...OPTIONS, realm: 'r"', algorithms: ['SHA-256', 'MD5'] });
    const [sha256, md5] = digest
      .challenges(REQUEST, 'stale')
      .map((header) => Object.fromEntries(parseAuthParameters(header)[0]!.parameters));
    const { nonce } = md5!;
    expect(sha256).toEqual({ realm: 'r"', nonce, algorithm: 'SHA-256', qop: 'auth', stale: 'true' });
    expect(md5).toEqual({ realm: 'r"', nonce, stale: 'true' });
  });
});

describe.each([
  ['basic', { ...OPTIONS, scheme: 'basic' as const }],
  ['digest with MD5', OPTIONS],
  ['digest with SHA-256', { ...OPTIONS, algorithms: ['SHA-256'] as const }],
  ['digest with both', { ...OPTIONS, algorithms: ['SHA-256', 'MD5'] as const }],
])('%s', (_, options) => {
  const authenticator = new RtspAuthenticator(options);

  test('lets in who knows user and password', () => {
    expect(authenticator.check(answered(authenticator))).toBe('ok');
  });

  test.each([
    { user: 'me', password: 'sec:re' },
    { user: 'Me', password: 'sec:ret' },
    { user: '', password: '' },
  ])('refuses $user with $password', (credentials) => {
    expect(authenticator.check(answered(authenticator, credentials))).toBe('wrong');
  });

  test('asks who says nothing', () => {
    expect(authenticator.check(REQUEST)).toBe('missing');
    expect(authenticator.check({ ...REQUEST, authorization: ' ' })).toBe('missing');
  });

  test.each(['Basic', 'Basic !', 'Digest', 'Digest username="me"', 'Bearer x', '=', 'Basic bWU=', '"'])(
    'refuses nonsense: %s',
    (authorization) => {
      expect(authenticator.check({ ...REQUEST, authorization })).toBe('wrong');
    },
  );

  test('lets nobody in for a damaged header', () => {
    const right = answered(authenticator).authorization!;
    // The last characters may be padding and a closing quote, which say nothing.
    const cut = fc.nat(right.length - 4).map((length) => right.slice(0, length));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), cut), (authorization) => {
        expect(authenticator.check({ ...REQUEST, authorization })).not.toBe('ok');
      }),
    );
  });
});

describe('basic', () => {
  const basic = new RtspAuthenticator({ ...OPTIONS, scheme: 'basic' });

  test('takes the scheme in any case', () => {
    const token = Buffer.from('me:sec:ret').toString('base64');
    expect(basic.check({ ...REQUEST, authorization: `  BASIC  ${token} ` })).toBe('ok');
  });
});

describe('digest', () => {
  const digest = new RtspAuthenticator({ ...OPTIONS, nonceLifetimeMs: 60_000 });
  const right = answered(digest);

  test('calls a nonce stale that has expired, though everything else is right', () => {
    expect(digest.check({ ...right, wallMs: right.wallMs + 59_999 })).toBe('ok');
    expect(digest.check({ ...right, wallMs: right.wallMs + 60_000 })).toBe('stale');
    expect(digest.check({ ...right, wallMs: right.wallMs - 10_001 })).toBe('stale');
  });

  test('calls a nonce stale that was issued to another address, or with another key', () => {
    expect(digest.check({ ...right, clientAddress: '192.0.2.9' })).toBe('stale');
    const other = new RtspAuthenticator({ ...OPTIONS, nonceKey: new Uint8Array(32) });
    expect(other.check(right)).toBe('stale');
    expect(new RtspAuthenticator(OPTIONS).check(right)).toBe('ok');
  });

  test('does not take a nonce that nobody issued', () => {
    const client = new RtspClientAuth({ user: 'me', password: 'sec:ret' }, () => 'c');
    for (const nonce of ['', '0', 'f'.repeat(44), `018bcfe56800${'0'.repeat(32)}`]) {
      client.accept([`Digest realm="lal", nonce="${nonce}", stale=true`]);
      const authorization = client.authorization(REQUEST.method, REQUEST.uri);
      expect(digest.check({ ...REQUEST, authorization })).toBe('stale');
    }
  });

  test('takes the older form, and the one with quality of protection, whichever was offered', () => {
    const client = new RtspClientAuth({ user: 'me', password: 'sec:ret' }, () => 'c');
    client.accept([`${digest.challenges(REQUEST, 'missing')[0]!}, qop="auth", algorithm="MD5"`]);
    for (let times = 0; times < 2; times += 1) {
      const authorization = client.authorization(REQUEST.method, REQUEST.uri)!;
      expect(digest.check({ ...REQUEST, authorization })).toBe('ok');
      expect(digest.check({ ...REQUEST, authorization: authorization.replace('nc=', 'nc=1') })).toBe('wrong');
    }
  });

  test.each([
    ['another method', { method: 'ANNOUNCE' }, 'wrong'],
    ['another path', { uri: 'rtsp://h/live/b' }, 'wrong'],
    ['another query', { uri: 'rtsp://h/live/a?x' }, 'wrong'],
    ['another host, as behind a proxy', { uri: 'rtsp://10.0.0.1:8554/live/a' }, 'ok'],
    ['a slash at the end', { uri: 'rtsp://h/live/a/' }, 'ok'],
  ])('is bound to the request: %s', (_, change, expected) => {
    expect(digest.check({ ...right, ...change })).toBe(expected);
  });

  test.each([
    ['realm="lal"', 'realm="other"'],
    ['username="me"', 'username="you"'],
    ['response="', 'response="0'],
    ['Digest ', 'Digest qop=auth-int, '],
    ['Digest ', 'Digest algorithm=SHA-256, '],
    ['Digest ', 'Basic '],
  ])('refuses %s changed to %s', (from, to) => {
    const authorization = right.authorization!.replace(from, to);
    expect(authorization).not.toBe(right.authorization);
    expect(digest.check({ ...right, authorization })).toBe('wrong');
  });
});
