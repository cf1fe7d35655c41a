import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { UdpPortPool, type PortLease, type ReceiveBufferGrant, type UdpPortPair } from './udp-port-pool.ts';

const HOST = '127.0.0.1';
/** Ports that this file alone uses. */
const MIN_PORT = 24_801;

const open: { close(): void }[] = [];

afterEach(() => {
  for (const item of open.splice(0)) item.close();
});

async function openPair(pool: UdpPortPool, use: 'publish' | 'play' = 'play'): Promise<UdpPortPair> {
  const pair = await pool.open(HOST, use);
  open.push(pair!);
  return pair!;
}

async function occupied(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, HOST);
  await once(socket, 'listening');
  open.push(socket);
  return socket;
}

test('pairs begin at even ports, and are given in turn', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
  const ports = [];
  for (let count = 0; count < 4; count += 1) {
    const pair = await openPair(pool);
    expect(pair.rtp.address()).toMatchObject({ address: HOST, port: pair.port });
    expect(pair.rtcp.address()).toMatchObject({ address: HOST, port: pair.port + 1 });
    ports.push(pair.port);
    pair.close();
  }
  expect(ports).toEqual([24_802, 24_804, 24_806, 24_802]);
  expect(pool.openPairs).toBe(0);
});

test('there are as many pairs as there are, and one that is closed can be had again', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 4 });
  const first = await openPair(pool);
  await openPair(pool);
  expect(await pool.open(HOST, 'play')).toBeUndefined();
  expect(pool.openPairs).toBe(2);
  first.close();
  first.close();
  expect(pool.openPairs).toBe(1);
  expect((await openPair(pool)).port).toBe(first.port);
});

test('a pair of which another program has a port is passed over', async () => {
  await occupied(24_803);
  await occupied(24_804);
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
  expect((await openPair(pool)).port).toBe(24_806);
  expect(pool.openPairs).toBe(1);
});

test('an address that is not ours has no ports', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 20 });
  expect(await pool.open('192.0.2.1', 'play')).toBeUndefined();
  expect(pool.openPairs).toBe(0);
});

test('IPv6 addresses have ports where the machine has IPv6', async () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
  const pair = await pool.open('::1', 'play');
  if (pair !== undefined) open.push(pair);
  expect(pair?.rtp.address().family).toBe(hasIpv6 ? 'IPv6' : undefined);
});

test.each([
  [30_001, 30_001],
  [30_001, 30_002],
  [30_000, 30_000],
  [0, 10],
  [65_534, 65_536],
])('%i to %i is refused', (minPort, maxPort) => {
  expect(() => new UdpPortPool({ minPort, maxPort })).toThrow(RangeError);
});

test('a receive buffer that the system makes smaller is told once, with what to do about it', async () => {
  const grants: ReceiveBufferGrant[] = [];
  const pool = new UdpPortPool({
    minPort: MIN_PORT,
    maxPort: MIN_PORT + 20,
    receiveBufferBytes: 2 ** 30,
    onReceiveBufferCapped: (grant) => grants.push(grant),
  });
  await openPair(pool, 'play');
  expect(grants).toEqual([]);
  await openPair(pool, 'publish');
  await openPair(pool, 'publish');
  expect(grants).toHaveLength(1);
  expect(grants[0]!.requestedBytes).toBe(2 ** 30);
  expect(grants[0]!.message).toContain('net.core.rmem_max=1073741824');
});

test('a receive buffer that the system grants is not spoken of', async () => {
  const grants: ReceiveBufferGrant[] = [];
  const pool = new UdpPortPool({
    minPort: MIN_PORT,
    maxPort: MIN_PORT + 20,
    receiveBufferBytes: 64 * 1024,
    onReceiveBufferCapped: (grant) => grants.push(grant),
  });
  await openPair(pool, 'publish');
  expect(grants).toEqual([]);
});

test('packets go out before `send` returns: nothing is looked up', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 20 });
  const sender = await openPair(pool);
  const receiver = await openPair(pool);
  const received = once(receiver.rtp, 'message');
  sender.rtp.send(Uint8Array.of(9, 1, 2, 9), 1, 2, receiver.port, HOST);
  const [packet, from] = (await received) as [Buffer, { address: string; port: number }];
  expect([...packet]).toEqual([1, 2]);
  expect(from).toMatchObject({ address: HOST, port: sender.port });
});

describe('a port that somebody else has chosen', () => {
  test('is opened with the next one, whatever the range', async () => {
    const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
    const port = await pool.openAt(HOST, 24_831);
    open.push(port);
    expect(port.rtp.address()).toMatchObject({ address: HOST, port: 24_831 });
    expect(port.rtcp?.address()).toMatchObject({ address: HOST, port: 24_832 });
    expect(pool.openPairs).toBe(0);
  });

  test('goes without RTCP when the next one is taken, or there is none', async () => {
    const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
    await occupied(24_832);
    for (const wanted of [24_831, 65_535]) {
      const port = await pool.openAt(HOST, wanted);
      open.push(port);
      expect(port.rtcp).toBeUndefined();
    }
  });

  test("is refused with the system's error when it is taken, and nothing stays open", async () => {
    const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
    await occupied(24_831);
    await expect(pool.openAt(HOST, 24_831)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await occupied(24_832);
  });
});

test('numbers can be leased for other sockets, each to one at a time', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 4 });
  const leases: PortLease[] = [];
  const take = (): Promise<number | undefined> =>
    pool.tryLeases(async (lease) => {
      leases.push(lease);
      return lease.port;
    });
  expect([await take(), await take(), await take()]).toEqual([24_802, 24_804, undefined]);
  leases[0]!.release();
  leases[0]!.release();
  expect(await take()).toBe(24_802);
});

test('a lease that is let go of leads to the next number', async () => {
  const pool = new UdpPortPool({ minPort: MIN_PORT, maxPort: MIN_PORT + 6 });
  const tried: number[] = [];
  const port = await pool.tryLeases(async (lease) => {
    tried.push(lease.port);
    lease.release();
    return tried.length === 3 ? lease.port : undefined;
  });
  expect([tried, port, pool.openPairs]).toEqual([[24_802, 24_804, 24_806], 24_806, 0]);
});
