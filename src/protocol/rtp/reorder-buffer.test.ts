import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ReorderBuffer,
  type OrderedPacket,
  type ReorderBufferOptions,
  type ReorderCounters,
  type SequencedPacket,
} from './reorder-buffer.ts';

const patient: ReorderBufferOptions = { maxPackets: 1024, maxWaitMs: 200 };
const inOrder: ReorderBufferOptions = { maxPackets: 0, maxWaitMs: 200 };
const none: ReorderCounters = {
  received: 0,
  lost: 0,
  duplicated: 0,
  late: 0,
  reordered: 0,
  stray: 0,
  resyncs: 0,
};

function packet(sequenceNumber: number, ssrc = 1): SequencedPacket {
  return { sequenceNumber: sequenceNumber & 0xffff, ssrc };
}

/** `5` is packet 5 in its place, `5-2` packet 5 behind a gap of two. */
function described(packets: readonly OrderedPacket<SequencedPacket>[]): string {
  return packets
    .map(({ packet, lostBefore }) => `${packet.sequenceNumber}${lostBefore > 0 ? `-${lostBefore}` : ''}`)
    .join(' ');
}

/** What comes out when the packets come in at the same moment, and then the source ends. */
function run(
  sequenceNumbers: readonly number[],
  options = patient,
): { out: string; counters: ReorderCounters } {
  const buffer = new ReorderBuffer<SequencedPacket>(options);
  const out = sequenceNumbers.flatMap((number) => buffer.receive(packet(number), 0));
  out.push(...buffer.flush());
  return { out: described(out), counters: buffer.counters };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

test.each([
  ['packets in order pass', [5, 6, 7], '5 6 7', {}],
  ['numbers go on over their wrap', [65_534, 65_535, 0, 1], '65534 65535 0 1', {}],
  ['packets out of order are put in order', [5, 7, 8, 6, 9], '5 6 7 8 9', { reordered: 1 }],
  ['over the wrap as well', [65_534, 0, 65_535, 2, 1], '65534 65535 0 1 2', { reordered: 2 }],
  ['what never comes is lost', [5, 7, 8, 11], '5 7-1 8 11-2', { lost: 3 }],
  ['a packet that passed comes again', [5, 6, 5, 6, 7], '5 6 7', { duplicated: 2 }],
  ['a packet that waits comes again', [5, 7, 7, 6], '5 6 7', { duplicated: 1, reordered: 1 }],
  ['a packet from before the first is late, and only once', [5, 4, 4, 6], '5 6', { late: 1, duplicated: 1 }],
  [
    'a source that begins anew is followed from its second packet on, with both',
    [5, 6, 40_000, 40_001, 40_002],
    '5 6 40000-1 40001 40002',
    { resyncs: 1 },
  ],
  ['also when it steps back', [500, 501, 20, 21], '500 501 20-1 21', { resyncs: 1 }],
  ['a packet far away does not disturb', [5, 40_000, 6, 40_001, 7], '5 6 7', { stray: 2 }],
  ['not even twice the same', [5, 40_000, 40_000, 6], '5 6', { stray: 1, duplicated: 1 }],
  ['nor at the end', [5, 40_000], '5', { stray: 1 }],
  [
    'what waits is handed on before a new beginning',
    [5, 7, 40_000, 40_001],
    '5 7-1 40000-1 40001',
    { lost: 1, resyncs: 1 },
  ],
  ['2999 missing packets are a loss', [5, 3004, 3005], '5 3004-2998 3005', { lost: 2998 }],
  ['3000 steps are a new beginning', [5, 3005, 3006], '5 3005-1 3006', { resyncs: 1 }],
  [
    'a hundred packets behind is late or twice, more is a new beginning',
    [...range(1000, 1200), 1100, 1098, 1099],
    `${range(1000, 1200).join(' ')} 1098-1 1099`,
    { duplicated: 1, resyncs: 1 },
  ],
])('%s', (_name, numbers, out, counters) => {
  expect(run(numbers)).toEqual({ out, counters: { ...none, received: numbers.length, ...counters } });
});

test('another source is followed from its second packet on, whatever its numbers', () => {
  const buffer = new ReorderBuffer<SequencedPacket>(patient);
  const packets = [packet(5, 1), packet(6, 2), packet(6, 1), packet(7, 2), packet(8, 2), packet(9, 2)];
  expect(described(packets.flatMap((one) => buffer.receive(one, 0)))).toBe('5 6 7-1 8 9');
  expect(buffer.counters).toEqual({ ...none, received: 6, stray: 1, resyncs: 1 });
});

test('two sources in turns never take the place of each other', () => {
  const buffer = new ReorderBuffer<SequencedPacket>(patient);
  const packets = range(5, 50).flatMap((number) => [packet(number, 1), packet(number, 2)]);
  expect(described(packets.flatMap((one) => buffer.receive(one, 0)))).toBe(range(5, 50).join(' '));
  expect(buffer.counters).toMatchObject({ stray: 44, resyncs: 0 });
});

test('where the order is kept, a gap is given up at once', () => {
  const buffer = new ReorderBuffer<SequencedPacket>(inOrder);
  expect(described(buffer.receive(packet(5), 0))).toBe('5');
  expect(described(buffer.receive(packet(9), 0))).toBe('9-3');
  expect(described(buffer.receive(packet(8), 0))).toBe('');
  expect(described(buffer.receive(packet(10), 0))).toBe('10');
  expect(buffer.nextTimeoutMs(0)).toBeUndefined();
  expect(buffer.counters).toEqual({ ...none, received: 4, lost: 3, late: 1 });
});

test('a gap is given up when too many packets wait behind it', () => {
  const buffer = new ReorderBuffer<SequencedPacket>({ maxPackets: 2, maxWaitMs: 200 });
  expect(described(buffer.receive(packet(5), 0))).toBe('5');
  expect(described(buffer.receive(packet(7), 0))).toBe('');
  expect(described(buffer.receive(packet(9), 0))).toBe('');
  // The first gap goes, the second is still waited for.
  expect(described(buffer.receive(packet(10), 0))).toBe('7-1');
  expect(described(buffer.receive(packet(8), 0))).toBe('8 9 10');
  expect(described(buffer.receive(packet(6), 0))).toBe('');
  expect(buffer.counters).toEqual({ ...none, received: 6, lost: 1, late: 1, reordered: 1 });
});

test('a gap is given up in time, counted from the packet that showed it', () => {
  const buffer = new ReorderBuffer<SequencedPacket>(patient);
  buffer.receive(packet(5), 1000);
  expect(buffer.nextTimeoutMs(1000)).toBeUndefined();
  buffer.receive(packet(9), 1010);
  buffer.receive(packet(7), 1050);
  buffer.receive(packet(10), 1100);
  expect(buffer.nextTimeoutMs(1100)).toBe(110);
  expect(buffer.tick(1209)).toEqual([]);
  // 9 was there first and showed both gaps, so both end with it.
  expect(described(buffer.tick(1210))).toBe('7-1 9-1 10');
  expect(buffer.nextTimeoutMs(1210)).toBeUndefined();
  expect(buffer.counters).toEqual({ ...none, received: 4, lost: 2, reordered: 1 });
});

test('a later gap has its own time', () => {
  const buffer = new ReorderBuffer<SequencedPacket>(patient);
  buffer.receive(packet(5), 1000);
  buffer.receive(packet(7), 1010);
  buffer.receive(packet(9), 1100);
  expect(described(buffer.tick(1250))).toBe('7-1');
  expect(buffer.nextTimeoutMs(1250)).toBe(50);
  expect(buffer.nextTimeoutMs(2000)).toBe(0);
  // Any packet shows that time has passed, also one that is dropped.
  expect(described(buffer.receive(packet(7), 1300))).toBe('9-1');
});

test('packets that keep leaping ahead cannot make it wait for half of all numbers', () => {
  const buffer = new ReorderBuffer<SequencedPacket>({ maxPackets: 1024, maxWaitMs: 1e9 });
  const numbers = range(0, 100).map((index) => 5 + index * 2900);
  const out = numbers.flatMap((number) => buffer.receive(packet(number), 0));
  out.push(...buffer.flush());
  expect(out.map(({ packet }) => packet.sequenceNumber)).toEqual(numbers.map((number) => number & 0xffff));
  expect(buffer.counters).toEqual({ ...none, received: 100, lost: 99 * 2899 });
});

/** What a network does to 400 packets, from a seed. */
function impaired(
  seed: number,
  rates: { loss: number; duplication: number; reordering: number },
): { arrivals: number[]; lost: number; duplicated: number } {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const kept = range(65_400, 65_800).filter(
    (number) => number === 65_400 || number === 65_799 || random() >= rates.loss,
  );
  const timed = kept.flatMap((number) => {
    const delay = random() < rates.reordering && number !== 65_400 ? 1 + random() * 20 : 0;
    const copies = [{ number, at: number + delay }];
    if (random() < rates.duplication) copies.push({ number, at: number + delay + random() * 20 });
    return copies;
  });
  timed.sort((a, b) => a.at - b.at);
  return {
    arrivals: timed.map(({ number }) => number),
    lost: 400 - kept.length,
    duplicated: timed.length - kept.length,
  };
}

test.each([0.001, 0.01, 0.05])('counts exactly what a network does at a rate of %d', (rate) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const network = impaired(seed, { loss: rate, duplication: rate, reordering: rate });
    const seen = new Set<number>();
    let highest = 0;
    let reordered = 0;
    for (const number of network.arrivals) {
      if (!seen.has(number) && number < highest) reordered += 1;
      seen.add(number);
      highest = Math.max(highest, number);
    }
    const { out, counters } = run(network.arrivals);
    expect(counters).toEqual({
      ...none,
      received: network.arrivals.length,
      lost: network.lost,
      duplicated: network.duplicated,
      reordered,
    });
    const ordered = [...seen].sort((a, b) => a - b).map((number) => number & 0xffff);
    expect(out.split(' ').map((text) => Number.parseInt(text, 10))).toEqual(ordered);
  }
});

test('whatever comes, all packets are accounted for and what is handed on is in order', () => {
  const step = fc.record({
    number: fc.oneof(fc.nat(200), fc.nat(200), fc.nat(0xffff)),
    ssrc: fc.constantFrom(1, 1, 1, 1, 2),
    waitMs: fc.nat(60),
  });
  const options = fc.record({ maxPackets: fc.nat(10), maxWaitMs: fc.nat(300) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), options, (steps, limits) => {
      const buffer = new ReorderBuffer<SequencedPacket>(limits);
      const out: OrderedPacket<SequencedPacket>[] = [];
      let nowMs = 0;
      for (const { number, ssrc, waitMs } of steps) {
        nowMs += waitMs;
        out.push(...buffer.receive(packet(number, ssrc), nowMs));
        expect(buffer.nextTimeoutMs(nowMs) ?? 1).toBeGreaterThan(0);
      }
      out.push(...buffer.flush());
      const { received, duplicated, late, stray, lost, resyncs } = buffer.counters;
      expect(received).toBe(steps.length);
      expect(out.length + duplicated + late + stray).toBe(received);
      expect(out.reduce((sum, { lostBefore }) => sum + lostBefore, 0)).toBe(lost + resyncs);
      let breaks = 0;
      for (const [index, { packet: one, lostBefore }] of out.entries()) {
        const previous = out[index - 1]?.packet;
        const expected =
          previous === undefined ? one.sequenceNumber : previous.sequenceNumber + 1 + lostBefore;
        const isInOrder = (expected & 0xffff) === one.sequenceNumber;
        if (!isInOrder || (previous !== undefined && previous.ssrc !== one.ssrc)) breaks += 1;
      }
      expect(breaks).toBeLessThanOrEqual(resyncs);
    }),
    { numRuns: 500 },
  );
});
