import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import { BitString } from '../../../testing/bit-string.ts';
import { codeOf } from '../../../testing/coded-error.ts';
import { PacketSequence, depacketize, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { readAudioMuxElement } from './audio-mux-element.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer, RtpAccessUnit } from './depacketizer.ts';

/** StreamMuxConfig of one stream of AAC-LC, 44.1 kHz, stereo: as an SDP has it. */
const CONFIG = '400024203fc0';
const config = aacConfigFromAudioSpecificConfig(hex('1210'));

function latm(parameters: Readonly<Record<string, string>>, known = true): Depacketizer {
  const format = rtpFormat('MP4A-LATM', parameters, { media: 'audio', clockRate: 44_100 });
  return createDepacketizer(format, known ? config : undefined)!;
}

function summary(units: readonly RtpAccessUnit[]): string[] {
  return units.map(
    ({ timestamp, data, afterLoss }) => `${timestamp}: ${toHex(data)}${afterLoss ? ' after loss' : ''}`,
  );
}

/** A StreamMuxConfig in bits, one stream of AAC-LC. */
function muxConfig(bits: BitString, subFrames = 0, frequencyIndex = 4): BitString {
  bits.u(1, 0).u(1, 1).u(6, subFrames).u(4, 0).u(3, 0);
  bits.u(5, 2).u(4, frequencyIndex).u(4, 2).u(3, 0);
  return bits.u(3, 0).u(8, 255).u(1, 0).u(1, 0);
}

const OUT_OF_BAND = { cpresent: '0', config: CONFIG };
const NO_COUNTS = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };

test.each([
  ['cpresent 0', OUT_OF_BAND],
  ['a config and nothing about cpresent', { config: CONFIG }],
  ['an AudioSpecificConfig in its place', { cpresent: '0', config: '1210' }],
])('elements without configuration: %s', (_name, parameters) => {
  const depacketizer = latm(parameters);
  const { packets } = new PacketSequence().send(0, hex('03 210102'), true).send(1024, hex('01 22'), true);
  const units = depacketize(depacketizer, packets);
  expect(summary(units)).toEqual(['0: 210102', '1024: 22']);
  expect(units[0]!.config).toBe(config);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('lengths of 255 bytes and more are sums', () => {
  for (const length of [254, 255, 256, 510, 600]) {
    const unit = new Uint8Array(length).fill(0x21);
    const head = [...Array.from({ length: Math.floor(length / 255) }, () => 255), length % 255];
    const { packets } = new PacketSequence().send(0, Uint8Array.from([...head, ...unit]), true);
    expect(depacketize(latm(OUT_OF_BAND), packets).map(({ data }) => data)).toEqual([unit]);
  }
});

test('several elements a packet follow each other at the length of an access unit', () => {
  const { packets } = new PacketSequence().send(1000, hex('01 21 02 2201 01 23'), true);
  expect(summary(depacketize(latm(OUT_OF_BAND), packets))).toEqual(['1000: 21', '2024: 2201', '3048: 23']);
});

test('several access units an element are taken apart', () => {
  const parameters = { cpresent: '0', config: toHex(muxConfig(new BitString(), 1).bytes()) };
  const { packets } = new PacketSequence().send(0, hex('01 21 02 2201'), true);
  expect(summary(depacketize(latm(parameters), packets))).toEqual(['0: 21', '1024: 2201']);
});

test('a configuration in front of the payload counts from then on; units begin at any bit', () => {
  const depacketizer = latm({}, false);
  const first = muxConfig(new BitString().u(1, 0)).u(8, 3).u(24, 0x210102).bytes();
  const same = new BitString().u(1, 1).u(8, 2).u(16, 0x2203).bytes();
  const changed = muxConfig(new BitString().u(1, 0), 0, 3).u(8, 1).u(8, 0x23).bytes();
  const { packets } = new PacketSequence()
    .send(0, same, true)
    .send(1024, first, true)
    .send(2048, same, true)
    .send(3072, first, true)
    .send(4096, changed, true);
  const units = depacketize(depacketizer, packets);
  expect(summary(units)).toEqual(['1024: 210102', '2048: 2203', '3072: 210102', '4096: 23']);
  expect(units[0]!.config).toEqual(config);
  expect(units[2]!.config).toBe(units[0]!.config);
  expect(units[3]!.config).toMatchObject({ sampleRate: 48_000 });
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, ignoredPackets: 1 });
});

test('an element over several packets is put together', () => {
  const depacketizer = latm(OUT_OF_BAND);
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex('05 2101'), hex('0203'), hex('04')])
    .sendUnit(1024, [hex('01 22')]);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: 2101020304', '1024: 22']);
});

test('without markers elements end where the timestamp changes', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex('05 2101'), hex('020304')], 'none')
    .sendUnit(1024, [hex('01 22')], 'none');
  expect(summary(depacketize(latm(OUT_OF_BAND), packets))).toEqual(['0: 2101020304', '1024: 22']);
});

test.each([
  ['the middle', [2], ['0: 21', '2048: 23 after loss', '3072: 24'], 1],
  ['the beginning', [1], ['0: 21', '2048: 23 after loss', '3072: 24'], 1],
  // What follows could be the end of an element.
  ['the end', [3], ['0: 21', '3072: 24 after loss'], 2],
])('of an element over several packets, %s is lost', (_name, lost, out, damagedUnits) => {
  const depacketizer = latm(OUT_OF_BAND);
  const { packets } = new PacketSequence()
    .sendUnit(-1024, [hex('03 20'), hex('0102')])
    .sendUnit(0, [hex('01 21')])
    .sendUnit(1024, [hex('05 2201'), hex('0203'), hex('04')])
    .sendUnit(2048, [hex('01 23')])
    .sendUnit(3072, [hex('01 24')]);
  const received = packets.filter(({ number }) => !lost.includes(number - 2));
  expect(summary(depacketize(depacketizer, received)).slice(1)).toEqual(out);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits });
});

test('a sender that never cuts elements loses no more than was lost', () => {
  const depacketizer = latm(OUT_OF_BAND);
  const { packets } = new PacketSequence()
    .send(0, hex('01 21'), true)
    .send(1024, hex('01 22'), true)
    .send(2048, hex('01 23'), true);
  packets.splice(1, 1);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: 21', '2048: 23 after loss']);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('what stands behind an element and is none is padding, at its beginning it is damage', () => {
  const depacketizer = latm(OUT_OF_BAND);
  const { packets } = new PacketSequence()
    .send(0, hex('01 21 00 00 ff'), true)
    .send(1024, hex('09 22'), true)
    .send(2048, hex(''), true);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: 21']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 1, ignoredPackets: 1 });
});

test('an element without end is given up', () => {
  const depacketizer = latm(OUT_OF_BAND);
  const { packets } = new PacketSequence()
    .sendUnit(
      0,
      Array.from({ length: 6 }, () => new Uint8Array(60_000).fill(255)),
    )
    .sendUnit(
      1024,
      Array.from({ length: 5000 }, () => hex('00')),
    )
    .sendUnit(2048, [hex('01 21')]);
  expect(summary(depacketize(depacketizer, packets))).toEqual(['2048: 21 after loss']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 2 });
});

test('of several streams the first is read; units of a fixed length and other data are skipped over', () => {
  const stream = {
    program: 0,
    layer: 0,
    audioSpecificConfig: hex('1210'),
    frameLengthType: 0,
    frameLengthBits: undefined,
  };
  const mux = { allStreamsSameTimeFraming: true, subFrameCount: 1, otherDataLengthBits: 0, lengthBits: 0 };
  const two = { ...mux, streams: [stream, { ...stream, layer: 1 }] };
  expect(readAudioMuxElement(hex('02 01 2101 33 44'), false, two)).toEqual({
    muxConfig: two,
    units: [hex('2101')],
    end: 5,
  });
  const fixed = {
    ...mux,
    streams: [{ ...stream, frameLengthType: 1, frameLengthBits: 20 }],
    otherDataLengthBits: 7,
  };
  expect(readAudioMuxElement(hex('21012f ff 44'), false, fixed)).toMatchObject({
    units: [hex('210120')],
    end: 4,
  });
  expect(readAudioMuxElement(hex('21012f'), false, fixed)).toMatchObject({ end: 3 });
});

test('forms that no sender of AAC uses are refused', () => {
  const stream = {
    program: 0,
    layer: 0,
    audioSpecificConfig: hex('1210'),
    frameLengthType: 4,
    frameLengthBits: undefined,
  };
  const mux = { subFrameCount: 1, streams: [stream], otherDataLengthBits: 0, lengthBits: 0 };
  const codeFor = (allStreamsSameTimeFraming: boolean): string | undefined =>
    codeOf(() => readAudioMuxElement(hex('0121'), false, { ...mux, allStreamsSameTimeFraming }));
  expect(codeFor(true)).toBe('ERR_LATM_ELEMENT');
  expect(codeFor(false)).toBe('ERR_LATM_ELEMENT');
});
