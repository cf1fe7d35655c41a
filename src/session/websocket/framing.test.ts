import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { webSocketFraming } from './framing.ts';

function headerOf(length: number): string {
  const frame = webSocketFraming.frame(new Uint8Array(length).fill(7));
  const header = frame.subarray(0, frame.length - length);
  expect(frame.subarray(header.length).every((byte) => byte === 7)).toBe(true);
  return Buffer.from(header).toString('hex');
}

/** RFC 6455, 5.2: the shortest form that holds the length must be used. */
test.each([
  [0, '8200'],
  [1, '8201'],
  [125, '827d'],
  [126, '827e007e'],
  [65_535, '827effff'],
  [65_536, '827f0000000000010000'],
  [20_000_000, '827f0000000001312d00'],
])('a payload of %i bytes gets the header %s', (length, header) => {
  expect(headerOf(length)).toBe(header);
});

test('the payload is left as it is', () => {
  const payload = Uint8Array.of(1, 2, 3);
  const frame = webSocketFraming.frame(payload);
  frame.fill(0);
  expect([...payload]).toEqual([1, 2, 3]);
});

test('an independent client reads the frames', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const lengths = [0, 125, 126, 65_535, 65_536];
  server.on('connection', (_socket, { socket }) => {
    for (const length of lengths) socket.write(webSocketFraming.frame(new Uint8Array(length).fill(length)));
  });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  const received: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('message', (data, isBinary) => {
      expect(isBinary).toBe(true);
      received.push(data as Buffer);
      if (received.length === lengths.length) resolve();
    });
  });
  expect(received.map((message) => message.length)).toEqual(lengths);
  expect(received.every((message) => message.every((byte) => byte === (message.length & 0xff)))).toBe(true);
  client.terminate();
  server.close();
});
