import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import pino from 'pino';
import { expect, test } from 'vitest';
import { addressOf, listen, ListenError, stopListening } from './listener.ts';

const silent = pino({ level: 'silent' });

test('says what cannot be opened, where, and why', async () => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  const { port } = occupied.address() as AddressInfo;
  const failing = listen(createServer(), 'rtmp', `127.0.0.1:${port}`, silent);
  await expect(failing).rejects.toThrow(
    `rtmp: cannot listen on 127.0.0.1:${port}: another program (or another lalserver) has this port (EADDRINUSE)`,
  );
  await expect(failing).rejects.toBeInstanceOf(ListenError);
  occupied.close();
});

test('refuses what is no listen address', async () => {
  await expect(listen(createServer(), 'http', 'nonsense', silent)).rejects.toThrow(
    'http: "nonsense" is not a listen address',
  );
});

test('a connection that cannot be accepted is logged and does not end the process', async () => {
  const log: string[] = [];
  const logger = pino({}, { write: (line: string) => log.push(line) });
  const listener = await listen(createServer(), 'rtmp', '127.0.0.1:0', logger);
  listener.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  expect(log.join('')).toContain('accept EMFILE');
  stopListening(listener);
  stopListening(listener);
});

test('knows where it listens when the system chose the port', async () => {
  const listener = await listen(createServer(), 'rtmp', '127.0.0.1:0', silent);
  const address = addressOf(listener);
  expect(address).toMatchObject({ kind: 'rtmp', address: '127.0.0.1' });
  expect(address.port).toBeGreaterThan(0);
  stopListening(listener);
});
