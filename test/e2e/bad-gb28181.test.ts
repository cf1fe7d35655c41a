/** Senders of GB28181 that are none, or not the one that is meant: they are counted, and the device goes on. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { concatBytes, packHeader, pesPacket } from '../../src/testing/ps-kit.ts';
import { Bystander } from '../support/bystander.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
import { Gb28181Bench } from '../support/gb28181-bench.ts';
import { packetsOfFlv, sendAtOnce, tcpLine, udpLine } from '../support/gb28181-device.ts';
import type { DeviceLine, TimedPacket } from '../support/gb28181-device.ts';
import { openDevice, startReceiver } from '../support/gb28181-sources.ts';
import type { DeviceWay } from '../support/gb28181-sources.ts';
import { usedMemory } from '../support/memory.ts';
import { pseudoRandom } from '../support/pseudo-random.ts';
import { RawClient } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { Scope } from '../support/scope.ts';

const fixture = 'h264-bframes-aac';
const pictures = 25;
const host = '127.0.0.1';
/** A picture may have 8 MiB; what it is collected in has grown by doubling. */
const maxPictureMemoryBytes = 32 << 20;

let scope: Scope;
let bench: Gb28181Bench;

beforeAll(async () => {
  await makeFixture(fixture);
});
beforeEach(async () => {
  scope = new Scope();
  bench = await Gb28181Bench.start(scope);
});
afterEach(() => scope.close());

/** A second of a device. */
function packetsOf(ssrc: number, firstSequence = 0): TimedPacket[] {
  const packets = packetsOfFlv(fixturePath(fixture), {}, { ssrc, firstSequence });
  return packets.filter(({ atMs }) => atMs < 1000);
}

/** The same packets with something else behind their headers. */
function withPayload(
  packets: readonly TimedPacket[],
  change: (payload: Uint8Array, index: number) => Uint8Array,
): TimedPacket[] {
  const headerBytes = 12;
  return packets.map(({ bytes, atMs }, index) => {
    const payload = change(bytes.subarray(headerBytes), index);
    return { atMs, bytes: concatBytes(bytes.subarray(0, headerBytes), payload) };
  });
}

function setSequence(packet: Uint8Array, sequenceNumber: number): void {
  new DataView(packet.buffer, packet.byteOffset).setUint16(2, sequenceNumber);
}

async function sendAll(line: DeviceLine, packets: readonly Uint8Array[]): Promise<void> {
  await sendAtOnce(
    line,
    packets.map((bytes) => ({ bytes, atMs: 0 })),
  );
}

describe('over UDP', () => {
  test('only the source that was named is received, whoever else sends, and before it', async () => {
    const { port, session_id } = await startReceiver(bench.api, { stream_name: 'cam', ssrc: '0100000007' });
    const [device, stranger] = [await udpLine(scope, port), await udpLine(scope, port)];
    const others = packetsOf(8);
    await sendAtOnce(stranger, others);
    const own = packetsOf(100_000_007);
    await sendAtOnce(device, own);
    await sendAtOnce(stranger, others);
    await bench.untilReceived('cam', own);
    await bench.stop('cam');
    expect(await bench.stopped(session_id)).toMatchObject({
      video: pictures,
      ingest: { received: own.length, strangerPackets: others.length },
      transport: { strangerPackets: others.length },
    });
  });

  test('without a name the first source is it, until it is silent', async () => {
    const { port, session_id } = await startReceiver(bench.api, { stream_name: 'cam' });
    const [device, stranger] = [await udpLine(scope, port), await udpLine(scope, port)];
    const [own, others] = [packetsOf(7), packetsOf(8)];
    for (const [index, packet] of own.entries()) {
      await device.send(packet.bytes);
      await stranger.send(others[index]!.bytes);
    }
    await bench.untilReceived('cam', own);
    await bench.stop('cam');
    expect(await bench.stopped(session_id)).toMatchObject({
      video: pictures,
      ingest: { received: own.length },
      transport: { strangerPackets: others.length },
    });
  });

  test('who is not received does not keep a receiver alive', async () => {
    const body = { stream_name: 'cam', ssrc: 7, timeout_ms: 1000 };
    const { port, session_id } = await startReceiver(bench.api, body);
    const stranger = await udpLine(scope, port);
    const sending = setInterval(() => void stranger.send(packetsOf(8)[0]!.bytes), 50);
    scope.defer(() => clearInterval(sending));
    expect(await bench.stopped(session_id)).toMatchObject({ code: 'idle-timeout', ingest: { received: 0 } });
  });

  test('an address on the blacklist is not heard, until it is off it', async () => {
    const { port, session_id } = await startReceiver(bench.api, { stream_name: 'cam' });
    const [device, listed] = [await udpLine(scope, port), packetsOf(7)];
    expect(bench.local.server.blacklist.add(host, 60)).toBe(true);
    await sendAtOnce(device, listed);
    await device.send(Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 7));
    const refused = (): number => bench.local.server.statistics.group('cam')!.health!.rtp!.refused;
    await bench.local.until(() => refused() > listed.length, 'the packets to be refused');
    bench.local.server.blacklist.remove(host);
    await sendAtOnce(device, listed);
    await bench.untilReceived('cam', listed);
    await bench.stop('cam');
    expect(await bench.stopped(session_id)).toMatchObject({
      video: pictures,
      ingest: { received: listed.length },
      transport: { refusedPackets: listed.length + 1 },
    });
  });
});

test('over TCP, an address on the blacklist is turned away, connected or not, and comes in again when it is off it', async () => {
  const body = { stream_name: 'cam', is_tcp_flag: 1 };
  const { port, session_id } = await startReceiver(bench.api, body);
  const packets = packetsOf(7);
  const first = await tcpLine(scope, port);
  await sendAtOnce(first, packets);
  await bench.untilReceived('cam', packets);
  bench.local.server.blacklist.add(host, 60);
  const second = await RawClient.open(scope, port);
  await Promise.all([second.ended(), first.closed]);
  bench.local.server.blacklist.remove(host);
  await sendAtOnce(await tcpLine(scope, port), packets);
  await bench.untilReceived('cam', [...packets, ...packets]);
  await bench.stop('cam');
  expect(await bench.stopped(session_id)).toMatchObject({
    video: 2 * pictures,
    transport: { connections: 2, refusedConnections: 2 },
  });
});

describe.each(['udp', 'tcp', 'tcp-active'] as const)('by %s', (way: DeviceWay) => {
  test('random bytes end nothing but their connection', async () => {
    const bystander = await Bystander.start(scope, bench.local);
    const device = await openDevice(scope, bench.api, way, { stream_name: 'cam' });
    let { line } = device;
    if (way === 'udp') {
      await sendAll(
        line,
        Array.from({ length: 200 }, (_, seed) => pseudoRandom(seed, seed * 7)),
      );
    } else {
      // In RTP's own framing, which makes nothing of it RTP.
      await sendAll(
        line,
        Array.from({ length: 200 }, (_, seed) => pseudoRandom(seed, 1 + seed * 7)),
      );
      await line.closed;
      line = await device.again();
    }
    await bystander.goOn();
    const packets = packetsOf(7);
    await sendAtOnce(line, packets);
    await bench.untilPictures('cam', pictures - 1);
    await bench.stop('cam');
    expect(await bench.stopped(device.receiver.session_id)).toMatchObject({ video: pictures });
    await bystander.expectUnharmed();
    expect(bench.local.errors).toEqual([]);
  });

  test('program streams of random bytes, and such that are cut off everywhere, are passed over', async () => {
    const player = await RtmpPlayer.open(scope, bench.local.port('rtmp'), 'cam');
    const { line, receiver } = await openDevice(scope, bench.api, way, { stream_name: 'cam' });
    const whole = packetsOf(7);
    const random = withPayload(whole, ({ length }, index) => pseudoRandom(index, length));
    const cutOff = withPayload(whole, (payload, index) =>
      payload.subarray(0, (payload.length * (index % 10)) / 10),
    );
    const inOrder = [...random, ...cutOff, ...whole].map(({ bytes, atMs }, index) => {
      setSequence(bytes, index);
      return { bytes, atMs };
    });
    await sendAtOnce(line, inOrder);
    await bench.untilReceived('cam', inOrder);
    await bench.stop('cam');
    const { ingest } = await bench.stopped(receiver.session_id);
    expect(ingest).toMatchObject({ received: inOrder.length, lost: 0 });
    // All that was whole, at the end.
    await player.until(
      () => player.recording.units.filter(({ kind }) => kind === 'video').length >= pictures,
      'pictures',
    );
    expect(bench.local.errors).toEqual([]);
  });
});

test('a picture without end takes no more memory than the largest that may be, and the next ones are there', async () => {
  const { line, receiver } = await openDevice(scope, bench.api, 'tcp', { stream_name: 'cam' });
  const packets = packetsOf(7);
  const begin = pesPacket(0xe0, Uint8Array.of(0, 0, 0, 1, 0x65, 0x88), { length: 0, ptsTicks: 0 });
  const [first] = withPayload(packets, () => concatBytes(packHeader(0), begin)) as [TimedPacket];
  const [more] = withPayload(packets, () => new Uint8Array(60_000).fill(0xff)) as [TimedPacket];
  const endless = [first, ...Array.from({ length: 500 }, () => more)];
  await line.send(first.bytes);
  const usedBytes = await usedMemory();
  for (const [index, { bytes }] of endless.slice(1).entries()) {
    setSequence(bytes, index + 1);
    await line.send(bytes);
  }
  await bench.untilReceived('cam', endless);
  expect((await usedMemory()) - usedBytes).toBeLessThan(maxPictureMemoryBytes);
  const next = packetsOf(7, endless.length);
  await sendAtOnce(line, next);
  await bench.untilReceived('cam', [...endless, ...next]);
  await bench.stop('cam');
  expect(await bench.stopped(receiver.session_id)).toMatchObject({ video: pictures });
});
