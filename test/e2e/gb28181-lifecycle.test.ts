/** Receivers of GB28181 come and go by every way, for every reason, and leave nothing. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CountingClock } from '../support/counting-clock.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { freePort } from '../support/free-ports.ts';
import { Gb28181Bench, expectFree } from '../support/gb28181-bench.ts';
import { packetsOfFlv, sendAtOnce } from '../support/gb28181-device.ts';
import type { TimedPacket } from '../support/gb28181-device.ts';
import { openDevice, startReceiver } from '../support/gb28181-sources.ts';
import type { DeviceWay } from '../support/gb28181-sources.ts';
import { openSockets, openUdpSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

const ways: readonly DeviceWay[] = ['udp', 'tcp', 'tcp-active'];
const fixture = 'h264-bframes-aac';

let scope: Scope;
let packets: readonly TimedPacket[];
const pictures = 25;

beforeAll(async () => {
  await makeFixture(fixture);
  // A second of it.
  packets = packetsOfFlv(fixturePath(fixture)).filter(({ atMs }) => atMs < 1000);
});
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

describe.each(ways)('%s', (way) => {
  const rounds = 50;
  /** What stays of fifty rounds is less than one of them uses. */
  const maxGrowthBytes = 2 << 20;

  test('fifty starts and stops on one port leave nothing', async () => {
    const clock = new CountingClock();
    const bench = await Gb28181Bench.start(scope, {}, { clock });
    const port = way === 'tcp-active' ? 0 : await freePort();
    const goRound = async (): Promise<void> => {
      const device = new Scope();
      const { receiver, line } = await openDevice(device, bench.api, way, { stream_name: 'cam', port });
      expect(receiver.port).toBe(port);
      await sendAtOnce(line, packets.slice(0, 30));
      await bench.untilPictures('cam', 5);
      expect(await bench.stop('cam')).toMatchObject({
        error_code: 0,
        data: { session_id: receiver.session_id },
      });
      if (way !== 'udp') await line.closed;
      await device.close();
      await expectFree(way, port);
    };
    // The first makes what stays: connections to the API, compiled code.
    for (let round = 0; round < 5; round += 1) await goRound();
    const before = { udp: openUdpSockets(), timers: clock.pending.length };
    const sockets = openSockets();
    const usedBytes = await usedMemory();
    for (let round = 0; round < rounds; round += 1) await goRound();
    await untilOpenSockets(sockets);
    expect({ udp: openUdpSockets(), timers: clock.pending.length }).toEqual(before);
    expect((await usedMemory()) - usedBytes).toBeLessThan(maxGrowthBytes);
    await bench.local.until(() => bench.local.server.hub.streams.size === 0, 'the stream to go');
    expect(bench.local.errors).toEqual([]);
  });

  test.each(['stop_rtp_pub', 'kick_session', 'silence', 'shutdown'] as const)('ends by %s', async (cause) => {
    const bench = await Gb28181Bench.start(scope);
    const { local, api } = bench;
    const body = { stream_name: 'cam', timeout_ms: cause === 'silence' ? 1000 : 60_000 };
    const { receiver, line } = await openDevice(scope, api, way, body);
    await sendAtOnce(line, packets);
    await bench.untilReceived('cam', packets);
    if (cause === 'stop_rtp_pub') expect((await bench.stop('cam')).error_code).toBe(0);
    else if (cause === 'kick_session') await api.kick('cam', receiver.session_id);
    else if (cause === 'shutdown') await local.server.close();
    const codes = {
      silence: 'idle-timeout',
      shutdown: 'server-shutdown',
      stop_rtp_pub: 'kicked',
      kick_session: 'kicked',
    };
    expect(await bench.stopped(receiver.session_id)).toMatchObject({ code: codes[cause], video: pictures });
    if (way !== 'udp') await line.closed;
    await expectFree(way, receiver.port);
    if (cause === 'shutdown') return;
    expect((await api.group('cam'))?.pub.session_id ?? '').toBe('');
    expect([1001, 1003]).toContain((await bench.stop('cam')).error_code);
    const next = await openDevice(scope, api, way, { stream_name: 'cam', port: receiver.port });
    await sendAtOnce(next.line, packets);
    await bench.untilPictures('cam', 20);
    expect(local.errors).toEqual([]);
  });
});

test('a stream has one input, and a port one receiver', async () => {
  const bench = await Gb28181Bench.start(scope);
  const taken = { error_code: 2001, desp: 'lal.logic: in stream already exist at group' };
  const first = await startReceiver(bench.api, { stream_name: 'cam' });
  expect(await bench.call({ stream_name: 'cam' })).toMatchObject(taken);
  expect(await bench.call({ stream_name: 'cam', is_tcp_flag: 1 })).toMatchObject(taken);
  await expect(RtmpPublisher.open(scope, bench.local.port('rtmp'), 'cam')).rejects.toThrow();

  const publisher = await RtmpPublisher.open(scope, bench.local.port('rtmp'), 'desk');
  await publisher.send(readFlvTags(fixturePath(fixture)).slice(0, 20));
  expect(await bench.call({ stream_name: 'desk' })).toMatchObject(taken);

  const onSamePort = await bench.call({ stream_name: 'other', port: first.port });
  expect(onSamePort).toMatchObject({
    error_code: 2002,
    desp: expect.stringContaining('EADDRINUSE') as string,
  });
  const other = await startReceiver(bench.api, { stream_name: 'other' });
  expect(other.port).not.toBe(first.port);
  expect(bench.local.server.statistics.groups().map((group) => group.pub.session_id)).toEqual(
    expect.arrayContaining([first.session_id, other.session_id]),
  );
});
