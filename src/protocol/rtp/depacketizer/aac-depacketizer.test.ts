import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import type { AacConfig } from '../../../codec/codec-config.ts';
import { BitString } from '../../../testing/bit-string.ts';
import { PacketSequence, depacketize, receiveAll, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer, RtpAccessUnit } from './depacketizer.ts';

const config = aacConfigFromAudioSpecificConfig(hex('1190'));
const HBR = { mode: 'AAC-hbr', sizelength: '13', indexlength: '3', indexdeltalength: '3' };

function aac(
  parameters: Readonly<Record<string, string>> = HBR,
  known: AacConfig | 'unknown' = config,
  clockRate = 48_000,
): Depacketizer {
  const format = rtpFormat('mpeg4-generic', parameters, { media: 'audio', clockRate });
  return createDepacketizer(format, known === 'unknown' ? undefined : known)!;
}

/** A packet of mode AAC-hbr: sizes and AU-Index or AU-Index-delta of its units, then their data. */
function hbr(headers: readonly (readonly [size: number, index: number])[], data: string): Uint8Array {
  const section = headers.map(([size, index]) => new BitString().u(13, size).u(3, index).bytes());
  const lengthBits = 16 * headers.length;
  return Uint8Array.from([
    lengthBits >> 8,
    lengthBits & 0xff,
    ...section.flatMap((bytes) => [...bytes]),
    ...hex(data),
  ]);
}

function summary(units: readonly RtpAccessUnit[]): string[] {
  return units.map(
    ({ timestamp, data, afterLoss }) => `${timestamp}: ${toHex(data)}${afterLoss ? ' after loss' : ''}`,
  );
}

const NO_COUNTS = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };

test('one access unit a packet', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence()
    .send(1000, hbr([[3, 0]], '210102'), true)
    .send(2024, hbr([[2, 0]], '2203'), true);
  const units = depacketize(depacketizer, packets);
  expect(units).toEqual([
    { timestamp: 1000, data: hex('210102'), isKey: true, config, afterLoss: false },
    { timestamp: 2024, data: hex('2203'), isKey: true, config, afterLoss: false },
  ]);
  expect(units[0]!.config).toBe(config);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('several access units a packet follow each other at the length of one', () => {
  const { packets } = new PacketSequence().send(
    1000,
    hbr(
      [
        [1, 0],
        [2, 0],
        [1, 0],
      ],
      '21 2201 23',
    ),
    true,
  );
  expect(summary(depacketize(aac(), packets))).toEqual(['1000: 21', '2024: 2201', '3048: 23']);
});

test('packets of one timestamp follow each other as well', () => {
  const { packets } = new PacketSequence()
    .send(1000, hbr([[1, 0]], '21'), true)
    .send(
      1000,
      hbr(
        [
          [1, 0],
          [1, 0],
        ],
        '22 23',
      ),
      true,
    )
    .send(1000, hbr([[1, 0]], '24'), true)
    .send(5096, hbr([[1, 0]], '25'), true);
  const units = depacketize(aac(), packets);
  expect(units.map(({ timestamp }) => timestamp)).toEqual([1000, 2024, 3048, 4072, 5096]);
});

test('the length of a unit is that of the config in ticks of the clock, or what the SDP says', () => {
  const packet = hbr(
    [
      [1, 0],
      [1, 0],
    ],
    '2122',
  );
  const { packets } = new PacketSequence().send(0, packet, true);
  // HE-AAC: 24 kHz inside, the clock is that of the output.
  const heAac = aacConfigFromAudioSpecificConfig(hex('2b11 8800'));
  expect(heAac.sampleRate).toBe(24_000);
  expect(depacketize(aac(HBR, heAac), packets)[1]!.timestamp).toBe(2048);
  const fractional = aacConfigFromAudioSpecificConfig(hex('1210'));
  expect(depacketize(aac(HBR, fractional, 90_000), packets)[1]!.timestamp).toBe(
    Math.round((1024 * 90_000) / 44_100),
  );
  expect(depacketize(aac({ ...HBR, constantduration: '960' }), packets)[1]!.timestamp).toBe(960);
});

test('an access unit over several packets is put together', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence()
    .send(1000, hbr([[5, 0]], '2101'))
    .send(1000, hbr([[5, 0]], '0203'))
    .send(1000, hbr([[5, 0]], '04'), true)
    .send(2024, hbr([[1, 0]], '22'), true);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['1000: 2101020304', '2024: 22']);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test.each([
  ['its first packet', [0]],
  ['its middle', [1]],
  ['its last packet', [2]],
  ['its beginning and its end', [0, 2]],
])('an access unit over several packets that misses %s is damaged, and counted once', (_name, lost) => {
  const { packets } = new PacketSequence()
    .send(1000, hbr([[6, 0]], '2101'))
    .send(1000, hbr([[6, 0]], '0203'))
    .send(1000, hbr([[6, 0]], '0405'), true)
    .send(2024, hbr([[1, 0]], '22'), true);
  const depacketizer = aac();
  const received = packets.filter(({ number }) => !lost.includes(number));
  expect(summary(depacketize(depacketizer, received))).toEqual(['2024: 22 after loss']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 1 });
});

test('an access unit that ends before it is complete is damaged', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence()
    .send(0, hbr([[6, 0]], '2101'))
    .send(1024, hbr([[6, 0]], '2201'), true)
    .send(2048, hbr([[6, 0]], '2301'))
    .send(3072, hbr([[1, 0]], '24'), true)
    .send(4096, hbr([[6, 0]], '2501'));
  expect(summary(depacketize(depacketizer, packets))).toEqual(['3072: 24 after loss']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 4 });
});

test('a fragment of another size, and more than was announced, are damage', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence()
    .send(0, hbr([[6, 0]], '2101'))
    .send(0, hbr([[7, 0]], '01020304'), true)
    .send(1024, hbr([[6, 0]], '210102'))
    .send(1024, hbr([[6, 0]], '01020304'), true)
    .send(2048, hbr([[3, 0]], '2100'));
  expect(summary(depacketize(depacketizer, packets))).toEqual([]);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 3 });
});

test('a lost packet costs its own units, and no others', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence()
    .send(0, hbr([[1, 0]], '21'), true)
    .send(1024, hbr([[1, 0]], '22'), true)
    .send(2048, hbr([[1, 0]], '23'), true)
    .send(3072, hbr([[1, 0]], '24'), true);
  packets.splice(1, 1);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: 21', '2048: 23 after loss', '3072: 24']);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('interleaved units come out in order', () => {
  const depacketizer = aac();
  const sequence = new PacketSequence();
  for (const group of [0, 9]) {
    for (const first of [0, 1, 2]) {
      const data = [0, 3, 6].map((step) => toHex(Uint8Array.of(0x20 + group + first + step))).join('');
      sequence.send(
        (group + first) * 1024,
        hbr(
          [
            [1, first],
            [1, 2],
            [1, 2],
          ],
          data,
        ),
        true,
      );
    }
  }
  const units = depacketize(depacketizer, sequence.packets);
  expect(units.map(({ timestamp }) => timestamp / 1024)).toEqual(
    Array.from({ length: 18 }, (_, index) => index),
  );
  expect(units.map(({ data }) => data[0]! - 0x20)).toEqual(Array.from({ length: 18 }, (_, index) => index));
});

test('an interleaving sender that never comes back to what it left out is not waited for forever', () => {
  const depacketizer = aac();
  const sequence = new PacketSequence();
  for (let index = 0; index < 400; index += 1)
    sequence.send(
      0,
      hbr(
        [
          [1, 0],
          [1, 7],
        ],
        '2122',
      ),
      true,
    );
  expect(receiveAll(depacketizer, sequence.packets).length).toBeGreaterThan(400);
});

test.each<{ name: string; parameters: Record<string, string>; payload: Uint8Array; units: string[] }>([
  {
    name: 'AAC-lbr',
    parameters: { mode: 'AAC-lbr' },
    payload: Uint8Array.from([
      ...hex('0010'),
      ...new BitString().u(6, 2).u(2, 0).u(6, 1).u(2, 0).bytes(),
      ...hex('210122'),
    ]),
    units: ['0: 2101', '1024: 22'],
  },
  {
    name: 'nothing said: AAC-hbr',
    parameters: {},
    payload: hbr([[2, 0]], '2101'),
    units: ['0: 2101'],
  },
  {
    name: 'times, random access and stream state in the header',
    parameters: {
      ...HBR,
      ctsdeltalength: '8',
      dtsdeltalength: '4',
      randomaccessindication: '1',
      streamstateindication: '3',
    },
    payload: Uint8Array.from([
      ...Uint8Array.of(0, 56),
      ...new BitString()
        .u(13, 2)
        .u(3, 0)
        .u(1, 1)
        .u(8, 0x55)
        .u(1, 1)
        .u(4, 3)
        .u(1, 1)
        .u(3, 5)
        .u(13, 1)
        .u(3, 0)
        .u(1, 0)
        .u(1, 0)
        .u(1, 0)
        .u(3, 5)
        .bytes(),
      ...hex('210122'),
    ]),
    units: ['0: 2101', '1024: 22'],
  },
  {
    name: 'an auxiliary section',
    parameters: { ...HBR, auxiliarydatasizelength: '8' },
    payload: Uint8Array.from([...hbr([[2, 0]], '0a abc0'), ...hex('2101')]),
    units: ['0: 2101'],
  },
  {
    name: 'units of one size, without headers',
    parameters: { mode: 'generic', constantsize: '2' },
    payload: hex('2101 2202 2303'),
    units: ['0: 2101', '1024: 2202', '2048: 2303'],
  },
  {
    name: 'one unit of any size, without headers',
    parameters: { mode: 'generic', sizelength: '0' },
    payload: hex('210102'),
    units: ['0: 210102'],
  },
])('takes apart $name', ({ parameters, payload, units }) => {
  const depacketizer = aac(parameters);
  expect(summary(depacketize(depacketizer, new PacketSequence().send(0, payload, true).packets))).toEqual(
    units,
  );
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test.each([
  ['no bytes', ''],
  ['one byte', '00'],
  ['headers of no bits', '0000 21'],
  ['headers behind the end', 'ff00 0010 21'],
  ['headers and no data', '0010 0008'],
])('a packet with %s is left out and counted', (_name, payload) => {
  const depacketizer = aac();
  expect(depacketize(depacketizer, new PacketSequence().send(0, hex(payload), true).packets)).toEqual([]);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, ignoredPackets: 1 });
});

test('of units that reach behind the end of their packet, the whole ones come out', () => {
  const depacketizer = aac();
  const { packets } = new PacketSequence().send(
    0,
    hbr(
      [
        [2, 0],
        [3, 0],
      ],
      '2101 2201',
    ),
    true,
  );
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: 2101']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 1 });
});

test('ADTS headers are taken off, and tell the config where nothing else does', () => {
  // AAC-LC, 44.1 kHz, stereo, frame of 9 bytes.
  const adts = 'fff1508001 3ffc 2101';
  const { packets } = new PacketSequence().send(
    0,
    hbr(
      [
        [9, 0],
        [9, 0],
      ],
      `${adts} ${adts}`,
    ),
    true,
  );
  const known = depacketize(aac(), packets);
  expect(summary(known)).toEqual(['0: 2101', '1024: 2101']);
  expect(known[0]!.config).toBe(config);
  const unknown = depacketize(aac(HBR, 'unknown', 90_000), packets);
  expect(unknown[0]!.config).toMatchObject({ codec: 'aac', sampleRate: 44_100, channels: 2 });
});

test('what only looks like an ADTS header stays', () => {
  const { packets } = new PacketSequence().send(0, hbr([[9, 0]], 'fff1508002 3ffc 2101'), true);
  expect(summary(depacketize(aac(), packets))).toEqual(['0: fff15080023ffc2101']);
});

test.each([
  ['a mode of another codec', { mode: 'CELP-vbr' }],
  ['lengths that are none', { ...HBR, sizelength: 'many' }],
  ['lengths that no field has', { ...HBR, indexlength: '33' }],
])('%s is not known here', (_name, parameters) => {
  expect(
    createDepacketizer(rtpFormat('MPEG4-GENERIC', parameters, { media: 'audio' }), config),
  ).toBeUndefined();
});
