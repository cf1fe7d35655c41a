import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { Objection } from '../admission/admission-check.ts';
import { ConfigStore } from '../config/config-store.ts';
import { parseConfig } from '../config/load-config.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { SessionIdentity, SessionProtocol } from '../sessions/session-record.ts';
import { lalSecretOf } from './lal-secret.ts';
import { signedQuery } from './signed-query.ts';
import { SimpleAuth } from './simple-auth.ts';

const SECRETS = { key: 'mykey', dangerous_lal_secret: 'Master', sign_key: 'signer' };
const clock = new FakeClock();
const nowSec = clock.wallMs() / 1000;

function authOf(simpleAuth: object, streamKey = 'stream'): SimpleAuth {
  const text = JSON.stringify({ simple_auth: simpleAuth, stream_key: streamKey });
  return new SimpleAuth(parseConfig(text, 'test config').config, clock);
}

function session(urlParam: string, protocol: SessionProtocol = 'RTMP'): SessionIdentity {
  const address = { appName: 'live', streamName: 'camera-01', urlParam };
  return { ...address, id: 'X1', protocol, remoteAddress: '192.0.2.1:5000', url: '' };
}

function playlist(urlParam: string, kind: 'playlist' | 'fragment' = 'playlist') {
  return { ...session(urlParam, 'HLS'), kind, remoteHost: '192.0.2.1' };
}

const ways: { name: string; ask: (auth: SimpleAuth, urlParam: string) => Objection }[] = [
  { name: 'pub_rtmp_enable', ask: (auth, urlParam) => auth.publish(session(urlParam, 'RTMP')) },
  { name: 'sub_rtmp_enable', ask: (auth, urlParam) => auth.play(session(urlParam, 'RTMP')) },
  { name: 'sub_httpflv_enable', ask: (auth, urlParam) => auth.play(session(urlParam, 'FLV')) },
  { name: 'sub_httpts_enable', ask: (auth, urlParam) => auth.play(session(urlParam, 'TS')) },
  { name: 'pub_rtsp_enable', ask: (auth, urlParam) => auth.publish(session(urlParam, 'RTSP')) },
  { name: 'sub_rtsp_enable', ask: (auth, urlParam) => auth.play(session(urlParam, 'RTSP')) },
  { name: 'hls_m3u8_enable', ask: (auth, urlParam) => auth.fetchHls(playlist(urlParam)) },
];

const secret = `lal_secret=${lalSecretOf('mykey', 'camera-01')}`;

test.each(ways)('$name asks for a secret there and nowhere else', ({ name, ask }) => {
  const auth = authOf({ ...SECRETS, [name]: true });
  for (const way of ways) {
    const objection = way.ask(auth, '');
    expect(objection?.detail, way.name).toBe(way.name === name ? 'ERR_AUTH_MISSING' : undefined);
  }
  expect(ask(auth, '')).toMatchObject({ code: 'refused' });
  expect(ask(auth, secret)).toBeUndefined();
  expect(ask(auth, 'lal_secret=Master')).toBeUndefined();
  expect(ask(auth, secret.replace(/.$/, 'g'))?.detail).toBe('ERR_AUTH_SECRET');
});

test('fragments, GB28181 and the application itself are never asked', () => {
  const all = Object.fromEntries(ways.map(({ name }) => [name, true]));
  const auth = authOf({ ...SECRETS, ...all });
  expect(auth.fetchHls(playlist('', 'fragment'))).toBeUndefined();
  for (const protocol of ['PS', 'CUSTOMIZE'] as const) {
    expect(auth.publish(session('', protocol))).toBeUndefined();
  }
});

const rtmp = { pub_rtmp_enable: true, sub_rtmp_enable: true };

test.each([
  ['nothing', '', 'ERR_AUTH_MISSING'],
  ['an empty secret', 'lal_secret=', 'ERR_AUTH_MISSING'],
  ['a name without value', 'lal_secret', 'ERR_AUTH_MISSING'],
  ['the name in capitals', 'LAL_SECRET=Master', 'ERR_AUTH_MISSING'],
  ['other parameters before and behind', `a=b&${secret}&c=d`, undefined],
  ['the right one first', `${secret}&lal_secret=x`, undefined],
  ['the wrong one first', `lal_secret=x&${secret}`, 'ERR_AUTH_SECRET'],
  ['an empty one first', `lal_secret=&${secret}`, 'ERR_AUTH_MISSING'],
  ['percent-coding', 'lal%5Fsecret=%4Daster', undefined],
  ['broken percent-coding in the secret', 'lal_secret=Master%', 'ERR_AUTH_QUERY'],
  ['broken percent-coding elsewhere', `${secret}&a=%zz`, 'ERR_AUTH_QUERY'],
  ['a semicolon', `a=b;${secret}`, 'ERR_AUTH_QUERY'],
  ['the master secret in small letters, where it has a capital', 'lal_secret=master', 'ERR_AUTH_SECRET'],
])('%s: %s', (_name, urlParam, detail) => {
  expect(authOf({ ...SECRETS, ...rtmp }).publish(session(urlParam))?.detail).toBe(detail);
});

function signed(changes: { action?: 'publish' | 'play'; expiresSec?: number; ip?: string } = {}): string {
  return signedQuery('signer', {
    action: 'play',
    streamKey: 'camera-01',
    expiresSec: nowSec + 60,
    ...changes,
  });
}

test('a signature does where a secret does, until it expires, for its direction and address', () => {
  const auth = authOf({ ...SECRETS, ...rtmp });
  expect(auth.play(session(signed()))).toBeUndefined();
  expect(auth.play(session(signed({ ip: '192.0.2.1' })))).toBeUndefined();
  expect(auth.publish(session(signed({ action: 'publish' })))).toBeUndefined();
  expect(auth.publish(session(signed()))?.detail).toBe('ERR_AUTH_SIGNATURE');
  expect(auth.play(session(signed({ expiresSec: nowSec })))?.detail).toBe('ERR_AUTH_EXPIRED');
  expect(auth.play(session(signed({ ip: '192.0.2.2' })))?.detail).toBe('ERR_AUTH_ADDRESS');
});

test('of a secret and a signature one that is right is enough', () => {
  const auth = authOf({ ...SECRETS, ...rtmp });
  expect(auth.play(session(`${secret}&${signed({ expiresSec: 1 })}`))).toBeUndefined();
  expect(auth.play(session(`lal_secret=wrong&${signed()}`))).toBeUndefined();
  expect(auth.play(session(`lal_secret=wrong&${signed({ expiresSec: 1 })}`))?.detail).toBe(
    'ERR_AUTH_EXPIRED',
  );
});

test('a scheme without its key lets nobody in', () => {
  const lalOnly = authOf({ ...rtmp, key: 'mykey' });
  const empty = signedQuery('', { action: 'play', streamKey: 'camera-01', expiresSec: nowSec + 60 });
  expect(lalOnly.play(session(empty))?.detail).toBe('ERR_AUTH_MISSING');
  expect(lalOnly.play(session(secret))).toBeUndefined();
  const signOnly = authOf({ ...rtmp, sign_key: 'signer' });
  expect(signOnly.play(session(`lal_secret=${lalSecretOf('', 'camera-01')}`))?.detail).toBe(
    'ERR_AUTH_SECRET',
  );
  expect(signOnly.play(session(signed()))).toBeUndefined();
});

test('where apps keep streams apart, signatures do too; the secret of lal knows the name alone', () => {
  const auth = authOf({ ...SECRETS, ...rtmp }, 'app_stream');
  const grant = { action: 'play', expiresSec: nowSec + 60 } as const;
  expect(
    auth.play(session(signedQuery('signer', { ...grant, streamKey: 'live/camera-01' }))),
  ).toBeUndefined();
  expect(auth.play(session(signedQuery('signer', { ...grant, streamKey: 'other/camera-01' })))?.detail).toBe(
    'ERR_AUTH_SIGNATURE',
  );
  expect(auth.play(session(secret))).toBeUndefined();
});

test('whatever stands in a query, it is refused and not thrown at', () => {
  const auth = authOf({ ...SECRETS, ...rtmp });
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.webQueryParameters());
  const query = fc.oneof(
    value,
    fc
      .tuple(fc.constantFrom('lal_secret', 'lal_sign', 'lal_expire', 'lal_ip'), value)
      .map(([name, text]) => `lal_sign=0&${name}=${text}`),
  );
  fc.assert(
    fc.property(query, (urlParam) => {
      expect(auth.play(session(urlParam))?.code).toBe('refused');
    }),
  );
});

test('a reload counts from the next request on', () => {
  const configOf = (simpleAuth: object): ServerConfig =>
    parseConfig(JSON.stringify({ simple_auth: simpleAuth }), 'test config').config;
  const store = new ConfigStore(configOf({ ...rtmp, dangerous_lal_secret: 'old' }));
  const auth = new SimpleAuth(store.current, clock);
  expect(auth.play(session('lal_secret=old'))).toBeUndefined();
  store.apply(configOf({ ...rtmp, dangerous_lal_secret: 'new' }));
  expect(auth.play(session('lal_secret=old'))?.detail).toBe('ERR_AUTH_SECRET');
  expect(auth.play(session('lal_secret=new'))).toBeUndefined();
  store.apply(configOf({}));
  expect(auth.play(session(''))).toBeUndefined();
});

test('each playlist is asked for again: a signature that has expired meanwhile is over', () => {
  const own = new FakeClock();
  const text = JSON.stringify({ simple_auth: { ...SECRETS, hls_m3u8_enable: true } });
  const auth = new SimpleAuth(parseConfig(text, 'test config').config, own);
  expect(auth.fetchHls(playlist(signed()))).toBeUndefined();
  own.advance(60_000);
  expect(auth.fetchHls(playlist(signed()))?.detail).toBe('ERR_AUTH_EXPIRED');
});
