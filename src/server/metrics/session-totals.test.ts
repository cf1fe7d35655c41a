import { beforeEach, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { rtpReception } from '../sessions/rtp-reception.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import { SessionTotals } from './session-totals.ts';

let registry: SessionRegistry;
let totals: SessionTotals;

beforeEach(() => {
  registry = new SessionRegistry();
  totals = new SessionTotals();
  registry.observe(totals);
});

function record(
  id: string,
  bytes: { read: number; written: number },
  more: Partial<SessionRecord> = {},
): SessionRecord {
  const made: SessionRecord = {
    id,
    protocol: 'RTMP',
    baseType: 'PUB',
    streamKey: 'a',
    streamName: 'a',
    appName: 'live',
    urlParam: '',
    remoteAddress: '',
    url: '',
    startedMs: 0,
    bytesRead: () => bytes.read,
    bytesWritten: () => bytes.written,
    close: () => {},
    ...more,
  };
  registry.add(made);
  return made;
}

test('bytes are those since the session was listed, and stay when it ends', () => {
  const bytes = { read: 3000, written: 3100 };
  const first = record('1', bytes);
  expect(totals.kinds()).toMatchObject([{ active: 1, started: 1, readBytes: 0, writtenBytes: 0 }]);
  bytes.read += 500;
  bytes.written += 7;
  expect(totals.kinds()).toMatchObject([{ readBytes: 500, writtenBytes: 7 }]);
  registry.remove(first, endReason('peer-closed'));
  expect(totals.kinds()).toMatchObject([{ active: 0, started: 1, readBytes: 500, writtenBytes: 7 }]);
  // The same connection publishes again.
  const second = record('1', bytes);
  bytes.read += 20;
  registry.remove(second, endReason('kicked'));
  expect(totals.kinds()).toMatchObject([{ active: 0, started: 2, readBytes: 520, writtenBytes: 7 }]);
  expect([...totals.kinds()[0]!.ended]).toEqual([
    ['peer-closed', 1],
    ['kicked', 1],
  ]);
});

test('kinds of sessions are counted apart', () => {
  const none = { read: 0, written: 0 };
  record('1', none);
  record('2', none, { baseType: 'SUB' });
  record('3', none, { baseType: 'SUB' });
  record('4', none, { protocol: 'RTSP' });
  expect(totals.kinds().map(({ protocol, baseType, active }) => `${protocol} ${baseType} ${active}`)).toEqual(
    ['RTMP PUB 1', 'RTMP SUB 2', 'RTSP PUB 1'],
  );
});

test('packets of inputs are added up, over sessions that are there and that are over', () => {
  const track = { received: 10, lost: 2, duplicated: 1, late: 1, reordered: 3 };
  const rtp = (): ReturnType<typeof rtpReception> =>
    rtpReception([track, undefined, { ...track, malformed: 4, stray: 1, droppedUnits: 5, damagedUnits: 1 }]);
  const none = { read: 0, written: 0 };
  const first = record('1', none, { rtpReception: rtp });
  record('2', none, { rtpReception: rtp });
  const expected = {
    received: 40,
    lost: 8,
    duplicated: 4,
    late: 4,
    reordered: 12,
    refused: 10,
    damagedUnits: 12,
  };
  expect(totals.kinds()[0]!.rtp).toEqual(expected);
  registry.remove(first, endReason('peer-closed'));
  expect(totals.kinds()[0]!.rtp).toEqual(expected);
});

test('a session that was there before anybody counted has no end', () => {
  const early = new SessionRegistry();
  const made = record('1', { read: 0, written: 0 });
  registry.remove(made, endReason('kicked'));
  early.add(made);
  early.observe(totals);
  early.remove(made, endReason('kicked'));
  expect(totals.kinds()).toMatchObject([{ active: 0, started: 1 }]);
});
