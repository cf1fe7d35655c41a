import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { fakeUdpPair, type FakeUdpPair } from '../../testing/fake-udp-ports.ts';
import { MediaNotes, rtpOf } from '../../testing/gb28181-kit.ts';
import { hex } from '../../testing/hex.ts';
import { Gb28181UdpTransport } from './udp-transport.ts';

const DEVICE = '192.0.2.7';
const OTHER = '192.0.2.8';
const REPORT = hex('80c8000000000007');

let clock: FakeClock;
let pair: FakeUdpPair;
let notes: MediaNotes;
let keptOut: Set<string>;
let transport: Gb28181UdpTransport;

beforeEach(() => {
  clock = new FakeClock();
  pair = fakeUdpPair(30_000);
  notes = new MediaNotes();
  keptOut = new Set();
  transport = new Gb28181UdpTransport(pair.pair, {
    clock,
    handler: notes,
    isKeptOut: (host) => keptOut.has(host),
  });
});

test('whoever sends first is the device, by address and port', () => {
  pair.rtp.arrive(rtpOf(1), DEVICE, 5000);
  pair.rtp.arrive(rtpOf(2), OTHER, 5000);
  pair.rtp.arrive(rtpOf(3), DEVICE, 5001);
  pair.rtp.arrive(rtpOf(4), DEVICE, 5000);
  expect(notes.heard).toEqual(['rtp 1', 'rtp 4']);
  expect(transport.counters.strangerPackets).toBe(2);
  expect([transport.port, transport.keepsOrder]).toEqual([30_000, false]);
});

test('what nobody takes makes nobody the device', () => {
  pair.rtp.arrive(rtpOf(1, 0), OTHER, 5000);
  pair.rtp.arrive(rtpOf(2), DEVICE, 5000);
  expect(notes.heard).toEqual(['rtp 2']);
});

test('after two seconds of silence it may be another, and what nobody takes is silence', () => {
  pair.rtp.arrive(rtpOf(1), DEVICE, 5000);
  clock.advance(1999);
  pair.rtp.arrive(rtpOf(2, 0), DEVICE, 5000);
  pair.rtp.arrive(rtpOf(3), OTHER, 6000);
  clock.advance(1);
  pair.rtp.arrive(rtpOf(4), OTHER, 6000);
  pair.rtp.arrive(rtpOf(5), DEVICE, 5000);
  expect(notes.heard).toEqual(['rtp 1', 'rtp 4']);
});

test('who is kept out is not heard, also where he was the device before, and another takes his place', () => {
  pair.rtp.arrive(rtpOf(1), `::ffff:${DEVICE}`, 5000);
  keptOut.add(DEVICE);
  pair.rtp.arrive(rtpOf(2), `::ffff:${DEVICE}`, 5000);
  pair.rtcp.arrive(REPORT, `::ffff:${DEVICE}`, 5001);
  clock.advance(2000);
  pair.rtp.arrive(rtpOf(3), DEVICE, 7000);
  pair.rtp.arrive(rtpOf(4), OTHER, 5000);
  expect(notes.heard).toEqual(['rtp 1', 'rtp 4']);
  expect(transport.counters).toMatchObject({ refusedPackets: 3, strangerPackets: 0 });
});

test('reports are taken from the device, on either port, and answered where they came from', () => {
  transport.sendRtcp(REPORT);
  pair.rtcp.arrive(REPORT, DEVICE, 5001);
  pair.rtp.arrive(rtpOf(1), DEVICE, 5000);
  pair.rtcp.arrive(REPORT, OTHER, 5001);
  expect(notes.heard).toEqual(['rtp 1']);
  transport.sendRtcp(REPORT);
  pair.rtcp.arrive(REPORT, DEVICE, 5003);
  transport.sendRtcp(REPORT);
  expect(pair.rtcp.sent).toEqual([{ packet: REPORT, port: 5003, address: DEVICE }]);
  pair.rtp.arrive(REPORT, DEVICE, 5000);
  transport.sendRtcp(REPORT);
  expect(pair.rtp.sent).toEqual([{ packet: REPORT, port: 5000, address: DEVICE }]);
  expect(notes.heard).toEqual(['rtp 1', 'rtcp', 'rtcp']);
});

test('once closed nothing is received or sent, and the ports are free', () => {
  pair.rtp.arrive(rtpOf(1), DEVICE, 5000);
  pair.rtcp.arrive(REPORT, DEVICE, 5001);
  transport.close();
  transport.close();
  pair.rtp.arrive(rtpOf(2), DEVICE, 5000);
  pair.rtcp.arrive(REPORT, DEVICE, 5001);
  transport.sendRtcp(REPORT);
  expect(notes.heard).toEqual(['rtp 1', 'rtcp']);
  expect([pair.isClosed, pair.rtcp.sent.length]).toEqual([true, 0]);
});
