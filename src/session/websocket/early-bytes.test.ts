import { expect, test } from 'vitest';
import { duplexPair } from '../../testing/duplex-pair.ts';
import { settled } from '../../testing/settled.ts';
import { EarlyBytes } from './early-bytes.ts';

test('what comes before the decision is kept, behind what came with the request; later bytes are for others', async () => {
  const { server, client } = duplexPair();
  const early = new EarlyBytes(server.socket, Buffer.from('a'));
  client.write('b');
  await settled();
  client.write('c');
  await settled();
  expect(early.take().toString()).toBe('abc');
  client.write('d');
  await settled();
  const later: string[] = [];
  server.on('data', (chunk: Buffer) => later.push(chunk.toString()));
  server.resume();
  await settled();
  expect(later).toEqual(['d']);
});

test.each(['end', 'destroy'] as const)('a client that leaves by %s is noticed', async (way) => {
  const { server, client } = duplexPair();
  const early = new EarlyBytes(server.socket, Buffer.alloc(0));
  client[way]();
  await settled();
  expect(server.destroyed).toBe(true);
  expect(early.take()).toHaveLength(0);
});

test('a client that talks on and on is cut off', async () => {
  const { server, client } = duplexPair();
  const early = new EarlyBytes(server.socket, Buffer.alloc(4000));
  client.write(Buffer.alloc(96));
  await settled();
  expect(server.destroyed).toBe(false);
  client.write('x');
  await settled();
  expect(server.destroyed).toBe(true);
  expect(early.take()).toHaveLength(4097);
});
