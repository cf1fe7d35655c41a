import { beforeEach, expect, test } from 'vitest';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { MediaNotes, framedRtp, rtpOf } from '../../testing/gb28181-kit.ts';
import { Gb28181TcpCaller, type Gb28181Peer } from './tcp-caller.ts';

const PEER: Gb28181Peer = { host: '192.0.2.7', port: 9000 };

let clock: FakeClock;
let notes: MediaNotes;
/** Both ends of each connection that was asked for. */
let calls: { ours: PairedSocket; device: PairedSocket; peer: Gb28181Peer }[];
let caller: Gb28181TcpCaller;

beforeEach(() => {
  clock = new FakeClock();
  notes = new MediaNotes();
  calls = [];
  caller = new Gb28181TcpCaller(PEER, clock, notes, (peer) => {
    const { server, client } = duplexPair();
    calls.push({ ours: server, device: client, peer });
    client.resume();
    return server.socket;
  });
});

function pickUp(index: number): PairedSocket {
  calls[index]!.ours.emit('connect');
  return calls[index]!.device;
}

test('a device is called and sends', async () => {
  expect(calls.map(({ peer }) => peer)).toEqual([PEER]);
  pickUp(0).write(framedRtp(rtpOf(1)));
  await settle();
  expect(notes.heard).toEqual(['rtp 1']);
  expect(clock.pendingTimers).toBe(0);
});

test('a device that refuses, does not answer, or hangs up is called again after a second', async () => {
  calls[0]!.ours.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  await settle();
  clock.advance(999);
  expect(calls).toHaveLength(1);
  clock.advance(1);
  clock.advance(10_000);
  await settle();
  clock.advance(1000);
  expect(calls).toHaveLength(3);
  pickUp(2).end();
  await settle();
  clock.advance(1000);
  pickUp(3).write(framedRtp(rtpOf(1)));
  await settle();
  expect(notes.heard).toEqual(['changed', 'rtp 1']);
  expect(caller.counters).toMatchObject({ connections: 2, failedConnections: 2 });
});

test('who sends something else is cut off, and called again', async () => {
  pickUp(0).write('SSH-2.0-OpenSSH_9.2\r\n');
  await settle();
  clock.advance(1000);
  expect(calls).toHaveLength(2);
  expect(caller.counters.failedConnections).toBe(1);
});

test.each(['while it is called', 'while it sends', 'between calls'])(
  'closing %s ends everything',
  async (moment) => {
    if (moment !== 'while it is called') pickUp(0);
    if (moment === 'between calls') calls[0]!.device.end();
    await settle();
    caller.close();
    caller.close();
    await settle();
    clock.advance(60_000);
    expect([calls.length, calls[0]!.ours.destroyed, clock.pendingTimers]).toEqual([1, true, 0]);
  },
);
