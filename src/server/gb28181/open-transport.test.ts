import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiBench } from '../../testing/api-bench.ts';
import { MediaNotes, framedRtp, rtpOf } from '../../testing/gb28181-kit.ts';
import type { Gb28181Transport } from '../../session/gb28181/media-transport.ts';
import { openTransport } from './open-transport.ts';
import type { Gb28181Way } from './receiver-request.ts';

const HOST = '127.0.0.1';
/** Ports that this file alone uses. */
const MIN_PORT = 24_861;

let bench: ApiBench;
let notes: MediaNotes;
let transports: Gb28181Transport[];

beforeEach(async () => {
  // Those of the test before are still closing.
  await expect.poll(openSockets).toBe(0);
  bench = benchOn(HOST);
  notes = new MediaNotes();
  transports = [];
});
afterEach(async () => {
  for (const transport of transports) transport.close();
  await bench.close();
});

function benchOn(listen_host: string): ApiBench {
  const rtsp = { udp_port_min: MIN_PORT, udp_port_max: MIN_PORT + 8 };
  return new ApiBench({ gb28181: { listen_host }, rtsp });
}

async function open(way: Gb28181Way): Promise<Gb28181Transport> {
  const transport = await openTransport(way, notes, bench.context, bench.context.blacklist);
  if (transport !== undefined) transports.push(transport);
  return transport!;
}

/** Sockets of this process that the system knows of. */
function openSockets(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(UDPWrap|TCPSocketWrap|TCPServerWrap)$/.test(name)).length;
}

async function sendUdp(port: number, host = HOST): Promise<void> {
  const socket = createSocket('udp4');
  socket.send(rtpOf(1), port, host);
  await expect.poll(() => notes.heard).toEqual(['rtp 1']);
  socket.close();
}

async function sendTcp(port: number): Promise<void> {
  const socket = connect(port, HOST);
  socket.write(framedRtp(rtpOf(1)));
  await expect.poll(() => notes.heard).toEqual(['rtp 1']);
  socket.destroy();
}

describe.each(['udp', 'tcp'] as const)('%s', (transport) => {
  const send = transport === 'udp' ? sendUdp : sendTcp;

  test('on a port of the range receives, and gives the port back', async () => {
    const opened = await open({ transport, port: 0 });
    expect(opened.port).toBe(24_862);
    expect(bench.context.udpPorts.openPairs).toBe(1);
    await send(opened.port);
    opened.close();
    expect(bench.context.udpPorts.openPairs).toBe(0);
    await expect.poll(openSockets).toBe(0);
    expect((await open({ transport, port: opened.port })).port).toBe(opened.port);
  });

  test('on a port that was asked for receives, and frees it', async () => {
    const opened = await open({ transport, port: 24_875 });
    await send(24_875);
    await expect(open({ transport, port: 24_875 })).rejects.toThrow('EADDRINUSE');
    opened.close();
    await expect.poll(openSockets).toBe(0);
    expect((await open({ transport, port: 24_875 })).port).toBe(24_875);
  });

  test('on all addresses, unless the config says otherwise', async () => {
    await bench.close();
    bench = benchOn('');
    const opened = await open({ transport, port: 0 });
    await send(opened.port);
  });
});

test('a device that waits is called', async () => {
  const device = createServer((socket) => socket.write(framedRtp(rtpOf(1)))).listen(0, HOST);
  await once(device, 'listening');
  const { port } = device.address() as { port: number };
  const opened = await open({ transport: 'tcp-active', peer: { host: HOST, port } });
  await expect.poll(() => notes.heard).toEqual(['rtp 1']);
  opened.close();
  device.close();
  await expect.poll(openSockets).toBe(0);
});

test('a range without a free port has none', async () => {
  for (let count = 0; count < 4; count += 1) await open({ transport: 'udp', port: 0 });
  expect(await open({ transport: 'udp', port: 0 })).toBeUndefined();
  expect(await open({ transport: 'tcp', port: 0 })).toBeUndefined();
});
