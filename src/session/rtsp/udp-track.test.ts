import { describe, expect, test } from 'vitest';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { fakeUdpPair, type FakeUdpPair, type FakeUdpSocket } from '../../testing/fake-udp-ports.ts';
import { UdpSink } from './udp-sink.ts';
import { UdpTrack } from './udp-track.ts';

const CLIENT = '192.0.2.1';
const PORTS = { rtp: 7000, rtcp: 7001 };

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function trackOf(
  fake: FakeUdpPair,
  ports: typeof PORTS | undefined = PORTS,
): { track: UdpTrack; log: string[] } {
  const log: string[] = [];
  const track = new UdpTrack(fake.pair, CLIENT, ports, (packet, isRtcp) => {
    log.push(`${isRtcp ? 'rtcp' : 'rtp'} ${[...packet].join()}`);
  });
  return { track, log };
}

function sentBy(socket: FakeUdpSocket): string[] {
  return socket.sent.map(({ packet, port, address }) => `${[...packet].join()} to ${address}:${port}`);
}

describe('a track', () => {
  test('hears its client, on both ports', () => {
    const fake = fakeUdpPair();
    const { track, log } = trackOf(fake);
    fake.rtp.arrive(bytes(1, 2), CLIENT, 7000);
    fake.rtcp.arrive(bytes(3), CLIENT, 7001);
    expect(log).toEqual(['rtp 1,2', 'rtcp 3']);
    expect(track.counters).toEqual({ receivedBytes: 3, sentBytes: 0, strangerPackets: 0, droppedPackets: 0 });
    expect(track.ports).toEqual({ rtp: 5000, rtcp: 5001 });
  });

  test('ignores and counts strangers: other addresses, and other ports once one is known', () => {
    const fake = fakeUdpPair();
    const { track, log } = trackOf(fake);
    fake.rtp.arrive(bytes(1), '192.0.2.2', 7000);
    fake.rtp.arrive(bytes(2), CLIENT, 9000);
    fake.rtp.arrive(bytes(3), CLIENT, 7000);
    fake.rtp.arrive(bytes(4), CLIENT, 9000);
    fake.rtcp.arrive(bytes(5), CLIENT, 7001);
    expect(log).toEqual(['rtp 2', 'rtp 4', 'rtcp 5']);
    expect(track.counters.strangerPackets).toBe(2);
  });

  test('knows its client by an address of either family', () => {
    const fake = fakeUdpPair();
    const { log } = trackOf(fake);
    fake.rtp.arrive(bytes(1), `::ffff:${CLIENT}`, 7000);
    expect(log).toEqual(['rtp 1']);
  });

  test('sends to the ports that the client named, and from its first packet on to where that came from', () => {
    const fake = fakeUdpPair();
    const { track } = trackOf(fake);
    track.rtp.send(bytes(1, 2));
    fake.rtp.arrive(bytes(0), CLIENT, 40_000);
    track.rtp.send(bytes(3));
    track.rtcp.send(bytes(4));
    expect(sentBy(fake.rtp)).toEqual([`1,2 to ${CLIENT}:7000`, `3 to ${CLIENT}:40000`]);
    expect(sentBy(fake.rtcp)).toEqual([`4 to ${CLIENT}:7001`]);
    expect(track.counters.sentBytes).toBe(4);
  });

  test('whose client named no ports sends nothing before it has heard of it', () => {
    const fake = fakeUdpPair();
    const track = new UdpTrack(fake.pair, CLIENT, undefined, () => undefined);
    expect(track.rtp.isOpen).toBe(false);
    track.rtp.send(bytes(1));
    fake.rtp.arrive(bytes(0), CLIENT, 7000);
    expect(track.rtp.isOpen).toBe(true);
    track.rtp.send(bytes(2));
    expect(sentBy(fake.rtp)).toEqual([`2 to ${CLIENT}:7000`]);
  });

  test('that is closed is silent and deaf', () => {
    const fake = fakeUdpPair();
    const { track, log } = trackOf(fake);
    track.close();
    fake.rtp.arrive(bytes(1), CLIENT, 7000);
    track.rtp.send(bytes(1));
    expect(log).toEqual([]);
    expect(sentBy(fake.rtp)).toEqual([]);
    expect([track.rtp.isOpen, track.rtp.queuedBytes, fake.isClosed]).toEqual([false, 0, true]);
  });
});

describe('a sink', () => {
  const flush = Buffer.concat([
    serializeInterleavedPacket(0, bytes(1, 2, 3)),
    serializeInterleavedPacket(3, bytes(4)),
    serializeInterleavedPacket(7, bytes(5)),
    serializeInterleavedPacket(1, bytes()),
    serializeInterleavedPacket(2, bytes(6, 7)),
  ]);

  function sinkOf(
    video: FakeUdpPair,
    audio: FakeUdpPair,
  ): { sink: UdpSink; tracks: UdpTrack[]; log: EndReason[] } {
    const log: EndReason[] = [];
    const tracks = [trackOf(video).track, trackOf(audio).track];
    const sink = new UdpSink(
      tracks.map((track, index) => ({ track, rtpChannel: 2 * index, rtcpChannel: 2 * index + 1 })),
      (reason) => log.push(reason),
    );
    return { sink, tracks, log };
  }

  test('sends each packet of a flush by itself, on the port of its channel, without copying it', () => {
    const [video, audio] = [fakeUdpPair(), fakeUdpPair()];
    const { sink } = sinkOf(video, audio);
    expect(sink.write(flush)).toBe(true);
    expect(sentBy(video.rtp)).toEqual([`1,2,3 to ${CLIENT}:7000`]);
    expect(sentBy(video.rtcp)).toEqual([` to ${CLIENT}:7001`]);
    expect(sentBy(audio.rtp)).toEqual([`6,7 to ${CLIENT}:7000`]);
    expect(sentBy(audio.rtcp)).toEqual([`4 to ${CLIENT}:7001`]);
    expect(video.rtp.sent[0]!.packet.buffer).toBe(flush.buffer);
  });

  test('drops and counts what the system does not take', () => {
    const [video, audio] = [fakeUdpPair(), fakeUdpPair()];
    const { sink, tracks } = sinkOf(video, audio);
    video.rtp.queuedBytes = 100 * 1024 * 1024;
    expect(sink.queuedBytes).toBe(video.rtp.queuedBytes);
    expect(sink.write(flush)).toBe(true);
    expect(sentBy(video.rtp)).toEqual([]);
    expect(sentBy(audio.rtp)).toHaveLength(1);
    expect(tracks.map(({ counters }) => counters.droppedPackets)).toEqual([1, 0]);
  });

  test('says when its subscription gave up', () => {
    const { sink, log } = sinkOf(fakeUdpPair(), fakeUdpPair());
    sink.end(endReason('viewer-too-slow'));
    expect(log).toEqual([endReason('viewer-too-slow')]);
  });
});
