import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, describe, expect, test, vi } from 'vitest';
import { parseDump } from '../../container/laldump/dump-record.ts';
import { Gb28181Ingest } from '../../ingest/gb28181/gb28181-ingest.ts';
import { endReason } from '../../media/end-reason.ts';
import { ntpTimeOfUnixUs } from '../../protocol/rtp/ntp-time.ts';
import { serializeRtcp } from '../../protocol/rtp/rtcp.ts';
import { ApiBench } from '../../testing/api-bench.ts';
import type { FakeTransport } from '../../testing/gb28181-kit.ts';
import { packsOf, psRtpPackets } from '../../testing/ps-device.ts';
import { framesOf, h264Track } from '../../testing/ts-kit.ts';
import type { Gb28181ListenFailure, Gb28181Service, Gb28181Started } from './gb28181-service.ts';
import type { Gb28181Request } from './receiver-request.ts';

let bench: ApiBench;
let service: Gb28181Service;
let ends: string[];

beforeEach(() => {
  bench = new ApiBench();
  service = bench.context.gb28181;
  ends = [];
  bench.registry.observe({
    sessionStarted: ({ id }) => void ends.push(`start ${id}`),
    sessionEnded: ({ id }, { code }) => void ends.push(`stop ${id} ${code}`),
  });
});
afterEach(() => bench.close());

function start(
  request: Partial<Gb28181Request> = {},
  streamName = 'cam',
): Promise<Gb28181Started | Gb28181ListenFailure | object> {
  return service.start({
    address: { appName: '', streamName, urlParam: '' },
    way: { transport: 'udp', port: 0 },
    timeoutMs: 60_000,
    ssrc: undefined,
    dumpPath: undefined,
    ...request,
  });
}

function transport(index = 0): FakeTransport {
  return bench.gb28181Network.opened[index]!;
}

/** A second of pictures, one packet each. */
const packets = psRtpPackets(packsOf(firstSlices()), { payloadBytes: 4000, ssrc: 7 }).map(
  ({ bytes }) => bytes,
);

function firstSlices(): ReturnType<typeof framesOf> {
  const frames = framesOf(h264Track, undefined, 1);
  for (const { data } of frames) data[5] = 0x88;
  return frames;
}

function send(...indices: readonly number[]): void {
  for (const index of indices) transport().handler.receiveRtp(packets[index]!);
}

describe('a receiver', () => {
  test('has its stream from the beginning, is listed as in lal, and puts on the air what comes', async () => {
    expect(await start()).toEqual({ sessionId: 'PSPUB1', port: 30_000 });
    const record = bench.registry.publisherOf('cam')!;
    expect(record).toMatchObject({ protocol: 'PS', baseType: 'PUB', remoteAddress: '', streamName: 'cam' });
    expect(bench.context.gate.isLive(record)).toBe(true);
    send(0, 1, 2);
    expect(bench.hub.get('cam')!.publication!.frames.video).toBe(3);
    expect(record.bytesRead()).toBe(packets.slice(0, 3).reduce((sum, { length }) => sum + length, 0));
  });

  test('says what became of its packets', async () => {
    await start();
    send(0, 1, 1, 3);
    transport().handler.receiveRtp(Uint8Array.of(1, 2, 3));
    bench.clock.advance(1000);
    expect(bench.registry.publisherOf('cam')!.rtpReception!()).toMatchObject({
      received: 4,
      duplicated: 1,
      lost: 1,
      refused: 1,
    });
  });

  test('is refused where the stream has an input, and takes nothing', async () => {
    await start();
    expect(await start()).toMatchObject({ code: 'stream-in-use' });
    expect(await start({}, '..')).toMatchObject({ code: 'name-refused' });
    expect(bench.gb28181Network.opened).toHaveLength(1);
  });

  test.each(['stop', 'kick', 'shutdown'])('is ended by %s: port and stream are free', async (way) => {
    await start();
    send(0, 1);
    if (way === 'stop') expect(service.stop('cam')).toBe('PSPUB1');
    else if (way === 'kick') bench.registry.publisherOf('cam')!.close(endReason('kicked'));
    else service.closeSessions(endReason('server-shutdown'));
    const code = way === 'shutdown' ? 'server-shutdown' : 'kicked';
    expect(ends).toEqual(['start PSPUB1', `stop PSPUB1 ${code}`]);
    expect([transport().isClosed, bench.hub.get('cam')!.publication, bench.clock.pendingTimers]).toEqual([
      true,
      undefined,
      0,
    ]);
    send(2);
    expect(service.stop('cam')).toBeUndefined();
    if (way !== 'shutdown') expect(await start()).toMatchObject({ sessionId: 'PSPUB2' });
  });

  test('that could not open its port leaves nothing behind', async () => {
    bench.gb28181Network.failures = [new Error('bind EADDRINUSE 0.0.0.0:5000'), undefined];
    expect(await start()).toEqual({ listenError: 'bind EADDRINUSE 0.0.0.0:5000' });
    expect(await start()).toEqual({ listenError: expect.stringContaining('no port') as string });
    expect(await start()).toMatchObject({ sessionId: 'PSPUB3' });
    expect(ends).toEqual(['start PSPUB3']);
  });

  test('that is ended while its port is opened frees it', async () => {
    const release = bench.gb28181Network.hold();
    const started = start();
    await Promise.resolve();
    await Promise.resolve();
    expect(service.stop('cam')).toBe('PSPUB1');
    release();
    expect(await started).toMatchObject({ code: 'kicked' });
    expect([transport().isClosed, ends, bench.clock.pendingTimers]).toEqual([true, [], 0]);
  });

  test('is none any more when the server stops', async () => {
    service.closeSessions(endReason('server-shutdown'));
    expect(await start()).toMatchObject({ code: 'server-shutdown' });
    expect(bench.gb28181Network.opened.every(({ isClosed }) => isClosed)).toBe(true);
  });
});

test('what was received is in its file when the service says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gb28181-'));
  const dumpPath = join(folder, 'cam.laldump');
  await start({ dumpPath });
  send(0, 1, 2);
  bench.registry.publisherOf('cam')!.close(endReason('kicked'));
  await service.whenWritten();
  const records = parseDump(readFileSync(dumpPath));
  expect(records.slice(1).map(({ body }) => body)).toEqual(
    packets.slice(0, 3).map((packet) => Buffer.from(packet)),
  );
  rmSync(folder, { recursive: true });
});

describe('a fault', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    ['of whoever takes its frames', () => send(3, 4)],
    ['while a gap is looked at', () => bench.clock.advance(100)],
  ] as const)('%s ends the receiver and nothing else', async (_, act) => {
    const fault = (): never => {
      throw new Error('ours');
    };
    await start();
    send(0, 1, 2);
    vi.spyOn(bench.hub.get('cam')!, 'publicationFrame').mockImplementation(fault);
    vi.spyOn(Gb28181Ingest.prototype, 'tick').mockImplementation(fault);
    act();
    expect(ends).toEqual(['start PSPUB1', 'stop PSPUB1 internal-error']);
    expect(transport().isClosed).toBe(true);
    expect(bench.clock.pendingTimers).toBe(0);
    vi.restoreAllMocks();
    expect(await start()).toMatchObject({ sessionId: 'PSPUB2' });
  });
});

describe('silence', () => {
  test('ends it after exactly its time-out, counted from the last packet', async () => {
    await start({ timeoutMs: 5000 });
    bench.clock.advance(4999);
    send(0);
    bench.clock.advance(4999);
    expect(bench.registry.publisherOf('cam')).toBeDefined();
    bench.clock.advance(1);
    expect(ends).toEqual(['start PSPUB1', 'stop PSPUB1 idle-timeout']);
    expect([transport().isClosed, bench.clock.pendingTimers]).toEqual([true, 0]);
  });

  test('is not broken by strangers', async () => {
    await start({ timeoutMs: 5000, ssrc: 8 });
    bench.clock.advance(4000);
    send(0);
    bench.clock.advance(1000);
    expect(bench.registry.publisherOf('cam')).toBeUndefined();
  });

  test('is borne for ever where there is no time-out', async () => {
    await start({ timeoutMs: 0, way: { transport: 'tcp', port: 0 } });
    bench.clock.advance(1e9);
    expect(bench.registry.publisherOf('cam')).toBeDefined();
  });
});

test('what is out of order is waited for, without anybody ticking', async () => {
  await start();
  send(0, 1, 2, 4, 5);
  expect(bench.hub.get('cam')!.publication!.frames.video).toBe(3);
  bench.clock.advance(200);
  send(25 - 1);
  expect(bench.registry.publisherOf('cam')).toBeDefined();
});

test('the device hears what arrives, when it reports itself', async () => {
  await start();
  send(0);
  const report = { packetCount: 0, octetCount: 0, reports: [] };
  const time = ntpTimeOfUnixUs(1e15);
  transport().handler.receiveRtcp(
    serializeRtcp([{ type: 'sender-report', ssrc: 7, rtpTimestamp: 0, ...time, ...report }]),
  );
  bench.clock.advance(5000);
  service.tick(bench.clock.monotonicMs());
  expect(transport().sent).toHaveLength(1);
  expect(transport().ticks).toBe(1);
  expect(bench.registry.publisherOf('cam')!.bytesWritten()).toBe(transport().sent[0]!.length);
});

test('another connection goes on with the same stream', async () => {
  await start({ way: { transport: 'tcp', port: 6000 } });
  send(0, 1);
  transport().handler.connectionChanged();
  send(0, 1, 2);
  expect(bench.hub.get('cam')!.publication!.frames.video).toBe(5);
  expect(bench.registry.publisherOf('cam')!.id).toBe('PSPUB1');
});
