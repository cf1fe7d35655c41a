import { describe, expect, test } from 'vitest';
import { parseAuthParameters } from './auth-header.ts';
import { RtspClientAuth } from './client-auth.ts';
import { digestResponse } from './digest.ts';
import type { DigestAlgorithm } from './digest.ts';

const CREDENTIALS = { user: 'me', password: 'se:cret' };
const URI = 'rtsp://h/a';
/** What the answers below have in common. */
const INPUT = { user: 'me', password: 'se:cret', uri: URI };

function clientAuth(
  credentials: { user: string; password: string } | undefined = CREDENTIALS,
): RtspClientAuth {
  let nonces = 0;
  return new RtspClientAuth(credentials, () => `c${(nonces += 1)}`);
}

/** The scheme and algorithm that `auth` answers with now. */
function kindOf(auth: RtspClientAuth): string {
  const [answer] = parseAuthParameters(auth.authorization('DESCRIBE', URI) ?? 'nothing');
  return `${answer!.scheme} ${answer!.parameters.get('algorithm') ?? ''}`.trim();
}

describe('a client', () => {
  test('sends nothing as long as nobody asks, and gives up when it has no user', () => {
    expect(clientAuth().authorization('OPTIONS', URI)).toBeUndefined();
    const nobody = new RtspClientAuth(undefined, () => 'c');
    expect(nobody.accept(['Basic realm="lal"'])).toBe(false);
    expect(nobody.authorization('OPTIONS', URI)).toBeUndefined();
  });

  test('answers Basic', () => {
    const auth = clientAuth({ user: 'Aladdin', password: 'open sesame' });
    expect(auth.accept(['Basic realm="lal"'])).toBe(true);
    expect(auth.authorization('DESCRIBE', URI)).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  });

  test('answers Basic in UTF-8', () => {
    const auth = clientAuth({ user: 'test', password: '123\u00a3' });
    auth.accept(['Basic realm="foo", charset="UTF-8"']);
    expect(auth.authorization('DESCRIBE', URI)).toBe('Basic dGVzdDoxMjPCow==');
  });

  test('answers the Digest of lal, which names neither algorithm nor quality of protection', () => {
    const auth = clientAuth();
    expect(auth.accept(['Digest realm="lal", nonce="1f"'])).toBe(true);
    const response = digestResponse({
      ...INPUT,
      algorithm: 'MD5',
      realm: 'lal',
      nonce: '1f',
      method: 'DESCRIBE',
      nonceCount: undefined,
      cnonce: '',
    });
    expect(auth.authorization('DESCRIBE', URI)).toBe(
      `Digest username="me", realm="lal", nonce="1f", uri="${URI}", response="${response}"`,
    );
  });

  test.each<[string, DigestAlgorithm]>([
    ['md5', 'MD5'],
    ['"SHA-256"', 'SHA-256'],
    ['MD5-sess', 'MD5-sess'],
  ])('answers quality of protection with counted nonces, algorithm %s', (written, algorithm) => {
    const auth = clientAuth();
    auth.accept([`Digest realm="r", nonce="n", qop="auth-int, auth", opaque="o\\"", algorithm=${written}`]);
    for (const nonceCount of ['00000001', '00000002']) {
      const [answer] = parseAuthParameters(auth.authorization('PLAY', URI)!);
      const response = digestResponse({
        ...INPUT,
        algorithm,
        realm: 'r',
        nonce: 'n',
        method: 'PLAY',
        nonceCount,
        cnonce: 'c1',
      });
      expect(Object.fromEntries(answer!.parameters)).toEqual({
        username: 'me',
        realm: 'r',
        nonce: 'n',
        uri: URI,
        response,
        algorithm,
        opaque: 'o"',
        qop: 'auth',
        nc: nonceCount,
        cnonce: 'c1',
      });
    }
  });

  test('leaves the quality of protection out when only that of bodies is offered', () => {
    const auth = clientAuth();
    auth.accept(['Digest realm="r", nonce="n", qop="auth-int"']);
    expect(auth.authorization('PLAY', URI)).not.toContain('qop');
  });

  test.each([
    [['Basic realm="r"', 'Digest realm="r", nonce="n"'], 'digest'],
    [['Digest realm="r", nonce="n", Basic realm="r"'], 'digest'],
    [
      ['Digest realm="r", nonce="n", algorithm=MD5', 'Digest realm="r", nonce="n", algorithm=SHA-256'],
      'digest SHA-256',
    ],
    [['Digest realm="r", nonce="n", algorithm=SHA-512-256', 'Basic realm="r"'], 'basic'],
    [['Digest realm="r"', 'Basic realm="r"'], 'basic'],
    [['Negotiate', 'Digest realm="r", nonce="n"'], 'digest'],
  ])('takes the strongest that it can answer: %s', (headers, expected) => {
    const auth = clientAuth();
    expect(auth.accept(headers)).toBe(true);
    expect(kindOf(auth)).toBe(expected);
  });

  test('gives up when there is nothing it can answer', () => {
    expect(clientAuth().accept(['Negotiate', 'Digest realm="r"'])).toBe(false);
    expect(clientAuth().accept([])).toBe(false);
  });

  test('tries a weaker digest after a stronger was refused, and never sends the password after that', () => {
    const auth = clientAuth();
    const headers = [
      'Basic realm="r"',
      'Digest realm="r", nonce="n", algorithm=MD5',
      'Digest realm="r", nonce="n", algorithm=SHA-256',
    ];
    expect(auth.accept(headers)).toBe(true);
    expect(auth.accept(headers)).toBe(true);
    expect(kindOf(auth)).toBe('digest MD5');
    expect(auth.accept(headers)).toBe(false);
  });

  test('gives up when Basic is refused', () => {
    const auth = clientAuth();
    expect(auth.accept(['Basic realm="r"'])).toBe(true);
    expect(auth.accept(['Basic realm="r"'])).toBe(false);
  });

  test('goes on with a new nonce when the server calls the old one stale', () => {
    const auth = clientAuth();
    auth.accept(['Digest realm="r", nonce="n1", qop="auth"']);
    auth.authorization('DESCRIBE', URI);
    expect(auth.accept(['Digest realm="r", nonce="n2", qop="auth", stale="TRUE"'])).toBe(true);
    const answer = auth.authorization('DESCRIBE', URI);
    expect(answer).toContain('nonce="n2"');
    expect(answer).toContain('nc=00000001');
    expect(answer).toContain('cnonce="c2"');
  });

  test('takes a nonce that was good before as expired, even if the server does not say so', () => {
    const auth = clientAuth();
    expect(auth.isUnproven).toBe(false);
    auth.accept(['Digest realm="r", nonce="n1"']);
    expect(auth.isUnproven).toBe(true);
    auth.confirm();
    expect(auth.isUnproven).toBe(false);
    expect(auth.accept(['Digest realm="r", nonce="n2"'])).toBe(true);
    expect(auth.accept(['Digest realm="r", nonce="n3"'])).toBe(false);
  });
});
