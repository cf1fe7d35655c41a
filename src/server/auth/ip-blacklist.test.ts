import pino from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import type { SessionIdentity, SessionProtocol, SessionRecord } from '../sessions/session-record.ts';
import { IpBlacklist } from './ip-blacklist.ts';

let clock: FakeClock;
let registry: SessionRegistry;
let blacklist: IpBlacklist;
let closed: string[];

beforeEach(() => {
  clock = new FakeClock();
  registry = new SessionRegistry();
  blacklist = listOf();
  closed = [];
});

function listOf(maxEntries?: number): IpBlacklist {
  const options = { registry, clock, logger: pino({ level: 'silent' }) };
  return new IpBlacklist(maxEntries === undefined ? options : { ...options, maxEntries });
}

function client(remoteAddress: string, protocol: SessionProtocol = 'RTMP'): SessionIdentity {
  const address = { appName: 'live', streamName: 'a', urlParam: '' };
  return { ...address, id: 'X1', protocol, remoteAddress, url: '' };
}

function list(): string[] {
  return blacklist.list().map(({ ip, remainingSec }) => `${ip} ${remainingSec}`);
}

test.each([
  ['192.0.2.1', '192.0.2.1:5000'],
  ['::ffff:192.0.2.1', '192.0.2.1:5000'],
  ['2001:DB8:0:0::1', '[2001:db8::1]:5000'],
])('%s keeps %s from publishing and playing, and nobody else', (ip, remoteAddress) => {
  expect(blacklist.add(ip, 60)).toBe(true);
  const refusal = { code: 'refused', detail: 'ERR_BLACKLISTED' };
  expect(blacklist.publish(client(remoteAddress))).toMatchObject(refusal);
  expect(blacklist.play(client(remoteAddress, 'FLV'))).toMatchObject(refusal);
  expect(blacklist.publish(client('192.0.2.2:5000'))).toBeUndefined();
  expect(blacklist.play(client('[2001:db8::2]:5000'))).toBeUndefined();
  expect(blacklist.play(client(''))).toBeUndefined();
});

test('for HLS the stream is not there, its fragments neither', () => {
  blacklist.add('192.0.2.1', 60);
  for (const kind of ['playlist', 'fragment'] as const) {
    const request = { ...client('', 'HLS'), kind };
    expect(blacklist.fetchHls({ ...request, remoteHost: '192.0.2.1' })?.code).toBe('stream-not-found');
    expect(blacklist.fetchHls({ ...request, remoteHost: '192.0.2.2' })).toBeUndefined();
  }
});

test('an entry ends by the clock; adding it again sets its time anew, longer or shorter', () => {
  blacklist.add('192.0.2.1', 10);
  blacklist.add('192.0.2.2', 10);
  clock.advance(9999);
  expect(list()).toEqual(['192.0.2.1 1', '192.0.2.2 1']);
  blacklist.add('192.0.2.1', 10);
  clock.advance(1);
  expect(blacklist.isListed('192.0.2.2')).toBe(false);
  expect(list()).toEqual(['192.0.2.1 10']);
  blacklist.add('192.0.2.1', 1);
  expect(list()).toEqual(['192.0.2.1 1']);
  for (const durationSec of [0, -1]) {
    blacklist.add('192.0.2.1', 60);
    blacklist.add('192.0.2.1', durationSec);
    expect(list()).toEqual([]);
  }
});

test('an entry can be taken off in any spelling', () => {
  blacklist.add('192.0.2.1', 60);
  expect(blacklist.remove('::ffff:192.0.2.1')).toBe(true);
  expect(blacklist.remove('192.0.2.1')).toBe(false);
  expect(blacklist.remove('nonsense')).toBeUndefined();
  blacklist.add('192.0.2.1', 1);
  clock.advance(1000);
  expect(blacklist.remove('192.0.2.1')).toBe(false);
  expect(list()).toEqual([]);
});

test.each(['', 'localhost', '192.0.2.0/24', '192.0.2.1:80'])('"%s" is not taken', (text) => {
  expect(blacklist.add(text, 60)).toBe(false);
  expect(list()).toEqual([]);
});

test('when it is full, the entry that would end first makes room; those that are over do so by themselves', () => {
  blacklist = listOf(2);
  blacklist.add('192.0.2.1', 60);
  blacklist.add('192.0.2.2', 30);
  blacklist.add('192.0.2.3', 90);
  expect(list()).toEqual(['192.0.2.1 60', '192.0.2.3 90']);
  blacklist.add('192.0.2.3', 10);
  expect(list()).toEqual(['192.0.2.1 60', '192.0.2.3 10']);
  clock.advance(10_000);
  blacklist.tick(clock.monotonicMs());
  blacklist.add('192.0.2.4', 5);
  expect(list()).toEqual(['192.0.2.1 50', '192.0.2.4 5']);
});

function connected(
  id: string,
  baseType: SessionRecord['baseType'],
  remoteAddress: string,
  isHls = false,
): void {
  const record: SessionRecord = {
    ...client(remoteAddress, isHls ? 'HLS' : 'RTMP'),
    id,
    baseType,
    streamKey: 'a',
    startedMs: 0,
    bytesRead: () => 0,
    bytesWritten: () => 0,
    close: (reason) => {
      closed.push(`${id} ${reason.code} ${reason.detail}`);
      registry.remove(record, reason);
    },
  };
  registry.add(record);
}

test('HLS viewers of the address are closed; its other sessions only when asked for, relays never', () => {
  connected('publisher', 'PUB', '192.0.2.1:1');
  connected('player', 'SUB', '192.0.2.1:2');
  connected('pull', 'PULL', '192.0.2.1:3');
  connected('push', 'PUSH', '192.0.2.1:4');
  connected('hls', 'SUB', '192.0.2.1:5', true);
  connected('other', 'SUB', '192.0.2.2:6', true);
  blacklist.add('192.0.2.1', 60);
  expect(closed).toEqual(['hls kicked ERR_BLACKLISTED']);
  blacklist.add('::ffff:192.0.2.1', 60, { closeSessions: true });
  expect(closed.slice(1)).toEqual(['publisher kicked ERR_BLACKLISTED', 'player kicked ERR_BLACKLISTED']);
});
