import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeTcpServer, MediaNotes, framedRtp, rtpOf } from '../../testing/gb28181-kit.ts';
import { UdpPortPool } from '../net/udp-port-pool.ts';
import { Gb28181TcpListener, openTcpPort } from './tcp-listener.ts';

let clock: FakeClock;
let server: FakeTcpServer;
let notes: MediaNotes;
let released: number;
let isFull: boolean;
let isKeptOut: boolean;
let listener: Gb28181TcpListener;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeTcpServer();
  notes = new MediaNotes();
  released = 0;
  isFull = false;
  isKeptOut = false;
  const lease = { port: 6000, release: () => (released += 1) };
  listener = new Gb28181TcpListener(
    { server: server.server, lease },
    {
      clock,
      handler: notes,
      isKeptOut: (host) => isKeptOut && host === '192.0.2.1',
      admit: (socket) => {
        if (isFull) socket.destroy();
        return !isFull;
      },
    },
  );
});

function connect(): PairedSocket {
  const pair = duplexPair();
  server.emit('connection', pair.server.socket);
  pair.client.resume();
  return pair.client;
}

async function send(client: PairedSocket, ...sequenceNumbers: readonly number[]): Promise<void> {
  for (const number of sequenceNumbers) client.write(framedRtp(rtpOf(number)));
  await settle();
}

test('a device connects and sends', async () => {
  const client = connect();
  await send(client, 1, 2);
  expect(notes.heard).toEqual(['rtp 1', 'rtp 2']);
  expect([listener.port, listener.keepsOrder]).toEqual([6000, true]);
});

describe('a second connection', () => {
  test('waits, and takes over when the first is closed', async () => {
    const [first, second] = [connect(), connect()];
    await send(first, 1);
    await send(second, 2);
    await send(first, 3);
    first.end();
    await settle();
    expect(notes.heard).toEqual(['rtp 1', 'rtp 3', 'changed', 'rtp 2']);
    expect(listener.counters).toMatchObject({ connections: 2, refusedConnections: 0 });
  });

  test('takes over at once from one that is silent', async () => {
    const first = connect();
    await send(first, 1);
    clock.advance(2000);
    await send(connect(), 2);
    await send(first, 3);
    expect(notes.heard).toEqual(['rtp 1', 'changed', 'rtp 2']);
    expect(first.destroyed || first.readableEnded).toBe(true);
  });

  test('takes over when the first falls silent', async () => {
    const [first, second] = [connect(), connect()];
    await send(first, 1);
    await send(second, 2);
    clock.advance(1000);
    listener.tick(clock.monotonicMs());
    await settle();
    expect(notes.heard).toEqual(['rtp 1']);
    clock.advance(1000);
    listener.tick(clock.monotonicMs());
    await settle();
    expect(notes.heard).toEqual(['rtp 1', 'changed', 'rtp 2']);
  });

  test('is refused while the first goes on, after ten seconds or when a third comes', async () => {
    const first = connect();
    const [second, third] = [connect(), connect()];
    await settle();
    expect([second.readableEnded, third.readableEnded]).toEqual([true, false]);
    for (let elapsed = 0; elapsed < 10_000; elapsed += 1000) {
      await send(first, elapsed / 1000);
      clock.advance(1000);
      listener.tick(clock.monotonicMs());
    }
    await settle();
    expect(third.readableEnded).toBe(true);
    expect(listener.counters).toMatchObject({ connections: 1, refusedConnections: 2 });
  });

  test('that leaves again is forgotten', async () => {
    const [first, second] = [connect(), connect()];
    second.reset();
    await settle();
    first.end();
    await settle();
    await send(connect(), 5);
    expect(notes.heard).toEqual(['changed', 'rtp 5']);
  });
});

test('a connection that is out of step is found back, and that is counted', async () => {
  const client = connect();
  await send(client, 1);
  client.write(new Uint8Array(100).fill(0x55));
  await send(client, 2, 3);
  expect(notes.heard).toEqual(['rtp 1', 'rtp 2', 'rtp 3']);
  expect(listener.counters).toMatchObject({ resyncs: 1, failedConnections: 0 });
});

test('who sends something else than RTP is cut off, and the port stays open', async () => {
  const stranger = connect();
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await settle();
  expect(stranger.readableEnded).toBe(true);
  await send(connect(), 1);
  expect(notes.heard).toEqual(['changed', 'rtp 1']);
  expect(listener.counters.failedConnections).toBe(1);
});

test('what comes and is not taken counts as silence', async () => {
  const first = connect();
  clock.advance(1500);
  first.write(framedRtp(rtpOf(1, 0)));
  await settle();
  clock.advance(500);
  await send(connect(), 2);
  expect(notes.heard).toEqual(['changed', 'rtp 2']);
});

test('a connection above the limits of the server is none', async () => {
  isFull = true;
  const client = connect();
  await settle();
  expect([client.readableEnded, listener.counters.connections]).toEqual([true, 0]);
});

describe('who is kept out', () => {
  test('is not let in', async () => {
    isKeptOut = true;
    const client = connect();
    await send(client, 1);
    expect([client.readableEnded, notes.heard]).toEqual([true, []]);
    expect(listener.counters).toMatchObject({ connections: 0, refusedConnections: 1 });
  });

  test('while he is connected has to go', async () => {
    const client = connect();
    await send(client, 1);
    isKeptOut = true;
    listener.tick(clock.monotonicMs());
    await send(client, 2);
    expect([client.readableEnded, notes.heard]).toEqual([true, ['rtp 1']]);
    expect(listener.counters.refusedConnections).toBe(1);
    isKeptOut = false;
    await send(connect(), 3);
    expect(notes.heard).toEqual(['rtp 1', 'changed', 'rtp 3']);
  });
});

test('closing ends all connections and gives the port back, once', async () => {
  const [first, second] = [connect(), connect()];
  await settle();
  listener.close();
  listener.close();
  const late = connect();
  await settle();
  expect([first, second, late].map(({ readableEnded }) => readableEnded)).toEqual([true, true, true]);
  expect([server.isClosed, released]).toEqual([true, 1]);
});

describe('the port', () => {
  const HOST = '127.0.0.1';
  const MIN_PORT = 24_841;

  test('is the one that is asked for, or the system says why not', async () => {
    const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 4 });
    const port = await openTcpPort(HOST, 24_849, pool);
    await expect(openTcpPort(HOST, 24_849, pool)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((port!.server.address() as AddressInfo).port).toBe(24_849);
    expect(port!.lease).toBeUndefined();
    port!.server.close();
  });

  test('is one of the range, and passes over those that others have', async () => {
    const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 4 });
    const other = createServer().listen(24_842, HOST);
    await once(other, 'listening');
    const port = await openTcpPort(HOST, 0, pool);
    expect((port!.server.address() as AddressInfo).port).toBe(24_844);
    expect(await openTcpPort(HOST, 0, pool)).toBeUndefined();
    expect(pool.openPairs).toBe(1);
    port!.server.close();
    port!.lease!.release();
    other.close();
    expect(pool.openPairs).toBe(0);
  });
});
