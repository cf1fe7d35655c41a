import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { duplexPair, settle } from '../../testing/duplex-pair.ts';
import { builtInConfig } from '../config/built-in-config.ts';
import { ConnectionGuard, type ConnectionPurpose } from './connection-guard.ts';

function guardOf(maxConnections: number, maxPerAddress: number): ConnectionGuard {
  return new ConnectionGuard({
    ...builtInConfig().limits,
    max_connections: maxConnections,
    max_connections_per_address: maxPerAddress,
  });
}

function socketFrom(address?: string): Socket {
  return Object.assign(duplexPair().server, { remoteAddress: address }).socket;
}

test('sockets beyond the limit are destroyed and counted, and a closed one makes room', async () => {
  const guard = guardOf(2, 0);
  const sockets = [1, 2, 3].map(() => socketFrom('10.0.0.1'));
  expect(sockets.map((socket) => guard.admit(socket))).toEqual([true, true, false]);
  expect(sockets[2]!.destroyed).toBe(true);
  expect(guard.refused).toBe(1);
  expect(guard.open).toBe(2);
  sockets[0]!.destroy();
  await settle();
  expect(guard.open).toBe(1);
  expect(guard.admit(socketFrom('10.0.0.1'))).toBe(true);
});

test('one address has its own limit; what it gives back counts for it alone', async () => {
  const guard = guardOf(0, 1);
  const first = socketFrom('10.0.0.1');
  expect(guard.admit(first)).toBe(true);
  expect(guard.admit(socketFrom('10.0.0.1'))).toBe(false);
  expect(guard.admit(socketFrom('10.0.0.2'))).toBe(true);
  expect(guard.admit(socketFrom('10.0.0.2'))).toBe(false);
  first.destroy();
  await settle();
  expect(guard.admit(socketFrom('10.0.0.2'))).toBe(false);
  expect(guard.admit(socketFrom('10.0.0.1'))).toBe(true);
});

test.each([
  ['all together', guardOf(2, 0)],
  ['one address', guardOf(0, 2)],
])('the API has 64 places more when viewers have taken all, whatever is limited: %s', (_limit, guard) => {
  const admitted = (purpose: ConnectionPurpose) => guard.admit(socketFrom('10.0.0.1'), purpose);
  expect([admitted('media'), admitted('media'), admitted('media')]).toEqual([true, true, false]);
  for (let index = 0; index < 64; index += 1) expect(admitted('control')).toBe(true);
  expect(admitted('control')).toBe(false);
  expect(admitted('media')).toBe(false);
});

test('0 is no limit', () => {
  const guard = guardOf(0, 0);
  for (let index = 0; index < 1000; index += 1) expect(guard.admit(socketFrom('10.0.0.1'))).toBe(true);
});

test('knows when the last socket is closed', async () => {
  const guard = guardOf(0, 0);
  await guard.whenEmpty();
  guard.admit(socketFrom('10.0.0.1'));
  // A socket whose peer has left already has no address any more.
  guard.admit(socketFrom());
  let isEmpty = false;
  const emptied = (async () => {
    await guard.whenEmpty();
    isEmpty = true;
  })();
  await settle();
  expect(isEmpty).toBe(false);
  guard.destroyAll();
  await emptied;
  expect(guard.open).toBe(0);
});
