import { describe, expect, test } from 'vitest';
import type { H264Config } from '../../codec/codec-config.ts';
import { joinAnnexB } from '../../codec/nal/annex-b.ts';
import { joinLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { fixture } from '../../testing/fixture.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import {
  TsCollector,
  aacTrack,
  demuxAll,
  framesOf,
  h264HighTrack,
  h264Track,
  h265Track,
  mediaFrame,
  muxAll,
  opusTrack,
  sliceUnit,
  type DemuxedTs,
} from '../../testing/ts-kit.ts';
import { newDemuxerCounters } from './demuxer-events.ts';
import { MpegTsDemuxer } from './mpeg-ts-demuxer.ts';
import { PesPacketizer } from './pes-packetizer.ts';
import { TableWriter } from './table-writer.ts';
import { ticksToUs } from './timestamp.ts';

const PACKET = 188;

/** Times and sizes, to compare two readings of one stream. */
function summary({ frames }: DemuxedTs): string[] {
  return frames.map(
    ({ track, dtsUs, ptsUs, isKey, data }) =>
      `${track.config.codec} ${dtsUs} ${ptsUs} ${isKey} ${data.length} ${toHex(data.subarray(-6))}`,
  );
}

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / PACKET }, (_, index) =>
    bytes.slice(index * PACKET, (index + 1) * PACKET),
  );
}

/** A unit start with an adaptation field that says random access. */
function isKeyStart(packet: Uint8Array): boolean {
  return (packet[1]! & 0x40) !== 0 && (packet[3]! & 0x20) !== 0 && (packet[5]! & 0x40) !== 0;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function pidOf(packet: Uint8Array): number {
  return ((packet[1]! & 0x1f) << 8) | packet[2]!;
}

const expectedOf = (bytes: Uint8Array): string[] => summary(demuxAll(bytes.slice()));
const short = muxAll([
  mediaFrame(aacTrack, 0, hex('211004')),
  mediaFrame(h264Track, 10, sliceUnit(h264Track, true, 300), { isKey: true, ptsMs: 50 }),
  mediaFrame(h264Track, 50, sliceUnit(h264Track, false, 40)),
  mediaFrame(aacTrack, 21, hex('21100460')),
]).all;
const long = muxAll(framesOf(h264Track, aacTrack, 2)).all;

describe("ffmpeg's streams give what ffprobe finds", () => {
  test.each([
    ['h264-aac', ['h264 64x48', 'aac 48000/1']],
    ['h264-open-gop', ['h264 64x48']],
    ['hevc-opus', ['opus 48000/1', 'h265 64x48']],
    ['h264-mp3', ['h264 64x48', 'mp3 48000/1']],
    ['h264-m2ts', ['h264 64x48']],
    ['aac-alone', ['aac 44100/1']],
    ['mp2-alone', ['mp3 48000/1']],
  ])('%s', (name, tracks) => {
    const read = demuxAll(fixture(`ts/${name}.mpegts`));
    const lines = new TextDecoder()
      .decode(fixture(`ts/${name}.packets.csv`))
      .trim()
      .split('\n');
    for (const kind of ['audio', 'video'] as const) {
      const packets = lines.map((line) => line.split(',')).filter((fields) => fields[0] === kind);
      const frames = read.frames.filter(({ track }) => track.kind === kind);
      expect(frames).toHaveLength(packets.length);
      for (const [index, { track, ptsUs, dtsUs, isKey, data }] of frames.entries()) {
        const [, pts, dts, size, flags] = packets[index]!;
        // ffprobe rounds the times of frames that share a packet in its own way.
        expect(Math.abs(ptsUs * 0.09 - Number(pts))).toBeLessThanOrEqual(1);
        expect(Math.abs(dtsUs * 0.09 - Number(dts))).toBeLessThanOrEqual(1);
        expect(isKey).toBe(flags === 'K_');
        const headerLength = track.config.codec === 'aac' ? 7 : 0;
        if (kind === 'audio') expect(data.length + headerLength).toBe(Number(size));
      }
    }
    expect(
      read.tracks.map(({ config }) =>
        config.kind === 'video'
          ? `${config.codec} ${config.width}x${config.height}`
          : config.kind === 'audio'
            ? `${config.codec} ${config.sampleRate}/${config.channels}`
            : '',
      ),
    ).toEqual(tracks);
    // Before its first packet a 192-byte stream has a time, which is no packet's.
    const skippedBytes = name.endsWith('m2ts') ? 4 : 0;
    expect(read.counters).toEqual({ ...newDemuxerCounters(), packets: read.counters.packets, skippedBytes });
  });
});

describe('packets', () => {
  test('come in pieces of any size', () => {
    const expected = expectedOf(short);
    expect(expected).toHaveLength(4);
    for (const pieces of splitEveryWay(short)) expect(summary(demuxAll(...pieces))).toEqual(expected);
  });

  test.each([
    ['192 bytes, a time in front', 4, 0x11, 0],
    ['204 bytes, a code behind', 0, 0, 16],
  ])('of %s', (_name, before, filler, behind) => {
    const padded = concat(
      ...packetsOf(long).map((packet) =>
        concat(new Uint8Array(before).fill(filler), packet, new Uint8Array(behind).fill(0x47)),
      ),
    );
    expect(summary(demuxAll(padded.slice()))).toEqual(expectedOf(long));
    const pieces = Array.from({ length: Math.ceil(padded.length / 61) }, (_, index) =>
      padded.slice(index * 61, index * 61 + 61),
    );
    expect(summary(demuxAll(...pieces))).toEqual(expectedOf(long));
  });

  test('are found behind other bytes, and as few as two of them', () => {
    const rubbish = hex('47 0000 4700 ffff 47');
    expect(summary(demuxAll(concat(rubbish, long)))).toEqual(expectedOf(long));
    const tables = short.slice(0, 2 * PACKET);
    expect(demuxAll(tables).events).toEqual([{ type: 'announce', audio: true, video: true }]);
  });

  test('are found again after bytes are missing or too many', () => {
    const packets = packetsOf(long);
    const cut = Math.floor(packets.length / 2);
    for (const damaged of [
      concat(...packets.slice(0, cut), packets[cut]!.subarray(30), ...packets.slice(cut + 1)),
      concat(...packets.slice(0, cut), hex('47474747 00'), ...packets.slice(cut)),
    ]) {
      const read = demuxAll(damaged);
      expect(read.counters.syncLosses).toBe(1);
      expect(read.frames.length).toBeGreaterThanOrEqual(expectedOf(long).length - 9);
    }
  });

  test('with a damaged sync byte cost only what they carried', () => {
    const damaged = long.slice();
    damaged[100 * PACKET] = 0;
    const { counters, frames } = demuxAll(damaged);
    expect(counters).toMatchObject({
      syncLosses: 1,
      skippedBytes: PACKET,
      continuityErrors: 1,
      damagedPes: 1,
    });
    expect(frames).toHaveLength(expectedOf(long).length - 1);
  });

  test('sent twice are read once', () => {
    const twice = concat(...packetsOf(long).flatMap((packet) => [packet, packet]));
    const read = demuxAll(twice);
    expect(summary(read)).toEqual(expectedOf(long));
    expect(read.counters).toMatchObject({ continuityErrors: 0, duplicatePackets: long.length / PACKET });
  });

  test('that are missing are counted, and what they carried is left out', () => {
    const packets = packetsOf(long);
    // The second packet of the second key frame: 3000 bytes in 17 packets.
    const key = packets.findLastIndex(isKeyStart);
    packets.splice(key + 1, 1);
    const { counters, frames } = demuxAll(concat(...packets));
    expect(counters).toMatchObject({ continuityErrors: 1, damagedPes: 1 });
    expect(frames).toHaveLength(expectedOf(long).length - 1);
  });

  test('may count anew where they say so', () => {
    const packets = packetsOf(long);
    const start = packets.findLastIndex(isKeyStart);
    packets[start]![5]! |= 0x80;
    for (const packet of packets.slice(start)) {
      if (pidOf(packet) === 0x100) packet[3] = (packet[3]! & 0xf0) | ((packet[3]! + 5) & 0x0f);
    }
    const read = demuxAll(concat(...packets));
    expect(read.counters.continuityErrors).toBe(0);
    expect(summary(read)).toEqual(expectedOf(long));
  });

  test('of the next file may count anew; a picture may go on in it, where it does not end', () => {
    const packets = packetsOf(long);
    // Behind the second packet of the second key frame.
    const cut = packets.findLastIndex(isKeyStart) + 2;
    for (const shift of [5, 15]) {
      const second = packets.slice(cut).map((packet) => {
        const shifted = packet.slice();
        shifted[3] = (packet[3]! & 0xf0) | ((packet[3]! + shift) & 0x0f);
        return shifted;
      });
      const demuxer = new MpegTsDemuxer();
      demuxer.receive(concat(...packets.slice(0, cut)));
      demuxer.nextFile();
      demuxer.receive(concat(...second));
      demuxer.end();
      const frames = demuxer.takeEvents().filter(({ type }) => type === 'frame');
      expect(frames).toHaveLength(expectedOf(long).length);
      expect(demuxer.counters).toMatchObject({ continuityErrors: 0, duplicatePackets: 0, damagedPes: 0 });
    }
  });

  test('that are scrambled, marked as damaged or impossible are counted', () => {
    const packets = packetsOf(short);
    const video = packets.findLastIndex((packet) => pidOf(packet) === 0x100);
    for (const change of [
      (packet: Uint8Array) => (packet[1]! |= 0x80),
      (packet: Uint8Array) => (packet[3]! |= 0xc0),
      (packet: Uint8Array) => (packet[3]! &= 0xcf),
      (packet: Uint8Array) => {
        packet[3]! |= 0x20;
        packet[4] = 184;
      },
    ]) {
      const changed = packets.map((packet) => packet.slice());
      change(changed[video]!);
      const { counters, frames } = demuxAll(concat(...changed));
      expect(counters.unusablePackets).toBe(1);
      expect(frames).toHaveLength(3);
    }
  });

  test('of other PIDs and filling are passed over', () => {
    const filling = new Uint8Array(PACKET).fill(0xff);
    filling.set(hex('471fff10'));
    const other = filling.slice();
    other.set(hex('47008810'));
    const read = demuxAll(concat(...packetsOf(long).flatMap((packet) => [packet, filling, other])));
    expect(summary(read)).toEqual(expectedOf(long));
  });

  test('that never come end in the coded error', () => {
    expect(codeOf(() => new MpegTsDemuxer().receive(new Uint8Array(70_000)))).toBe('ERR_MPEGTS_SYNC');
    expect(codeOf(() => demuxAll(new Uint8Array(100)))).toBe('ERR_MPEGTS_SYNC');
    expect(codeOf(() => demuxAll())).toBeUndefined();
  });

  test('once found, rubbish behind them ends nothing', () => {
    expect(codeOf(() => demuxAll(concat(long, new Uint8Array(200_000))))).toBeUndefined();
  });
});

describe('tables', () => {
  test('tell what will come before anything else', () => {
    expect(demuxAll(short.slice()).events[0]).toEqual({ type: 'announce', audio: true, video: true });
  });

  test('without which nothing can be read are waited for', () => {
    const packets = packetsOf(long);
    const second = packets.findLastIndex((packet) => pidOf(packet) === 0);
    const { frames, counters } = demuxAll(concat(...packets.slice(3, second), ...packets.slice(second)));
    expect(frames.length).toBeGreaterThan(0);
    expect(counters.continuityErrors).toBe(0);
  });

  test('with a wrong checksum are counted and not believed', () => {
    const damaged = short.slice();
    damaged[PACKET + 20]! ^= 1;
    const { counters, frames } = demuxAll(damaged);
    expect(counters.damagedTables).toBe(1);
    expect(frames).toHaveLength(0);
  });

  test('that change in mid-stream change the tracks, under the same ids', () => {
    const frames = [
      ...framesOf(h264Track, undefined, 1),
      ...framesOf(h264Track, aacTrack, 1, { startMs: 1000 }),
      ...framesOf(h265Track, opusTrack, 1, { startMs: 2000, audioStepMs: 20 }),
    ];
    for (const frame of frames) if (frame.track === opusTrack) frame.data.set([0xfc]);
    const out = muxAll(frames);
    const read = demuxAll(out.all);
    expect(read.tracks.map(({ id, config }) => `${id} ${config.codec}`)).toEqual([
      '1 h264',
      '2 aac',
      ...(read.tracks[2]!.id === 2 ? ['2 opus', '1 h265'] : ['1 h265', '2 opus']),
    ]);
    expect(read.frames).toHaveLength(frames.length);
    expect(read.counters).toMatchObject({ damagedPes: 0, framesWithoutConfig: 0, continuityErrors: 0 });
  });

  test('may span packets', () => {
    const writer = new TsCollector();
    const tables = new TableWriter();
    tables.describe([{ pid: 0x100, streamType: 0x1b, descriptors: new Uint8Array(0) }], 0x100);
    tables.write(writer);
    const [association, map] = packetsOf(writer.all);
    const section = map!.subarray(5, 5 + 3 + map![7]!);
    // 10 bytes at the end of one packet, the rest in the next, which a pointer of their length opens.
    const first = new Uint8Array(PACKET).fill(0xff);
    first.set(hex('47500130 ab00'));
    first.fill(0xff, 6, 176);
    first[4] = 172;
    first.set([0], 177);
    first.set(section.subarray(0, 10), 178);
    const second = new Uint8Array(PACKET).fill(0xff);
    second.set(hex('47500111'));
    second[4] = section.length - 10;
    second.set(section.subarray(10), 5);
    expect(demuxAll(concat(association!, first, second)).events).toEqual([
      { type: 'announce', audio: false, video: true },
    ]);
  });

  test('of the other programs are not read', () => {
    const writer = new TsCollector();
    const tables = new TableWriter();
    tables.describe([{ pid: 0x200, streamType: 0x0f, descriptors: new Uint8Array(0) }], 0x200);
    tables.write(writer);
    const [association] = packetsOf(writer.all);
    expect(demuxAll(concat(association!, association!)).events).toEqual([]);
  });
});

describe('video', () => {
  const config = h264Track.config as H264Config;
  const [sps] = config.sequenceParameterSets;
  const [pps] = config.pictureParameterSets;

  /** A stream of H.264 PES packets with the given content. */
  function videoStream(
    ...units: { pts: number; dts?: number; nalUnits: Uint8Array[]; random?: boolean }[]
  ): Uint8Array {
    const out = new TsCollector();
    const tables = new TableWriter();
    const packetizer = new PesPacketizer();
    tables.describe([{ pid: 0x100, streamType: 0x1b, descriptors: new Uint8Array(0) }], 0x100);
    tables.write(out);
    for (const { pts, dts = pts, nalUnits, random = false } of units) {
      const data = joinAnnexB(nalUnits);
      packetizer.writePes(
        {
          pid: 0x100,
          streamId: 0xe0,
          ptsTicks: pts,
          dtsTicks: dts,
          isRandomAccess: random,
          isDiscontinuous: false,
          pcrTicks: dts,
        },
        { length: data.length, write: (target, at) => target.set(data, at) },
        out,
      );
    }
    return out.all;
  }

  test('loses its delimiters, keeps its parameter sets, gets 4-byte lengths', () => {
    const idr = hex('65 8884001f');
    const { frames, tracks } = demuxAll(
      videoStream({ pts: 3600, dts: 0, nalUnits: [hex('09f0'), sps!, pps!, idr] }),
    );
    expect(frames).toEqual([
      {
        track: tracks[0],
        dtsUs: 0,
        ptsUs: 40_000,
        isKey: true,
        data: joinLengthPrefixed([sps!, pps!, idr]),
      },
    ]);
    expect(tracks[0]).toMatchObject({
      id: 1,
      kind: 'video',
      config: { codec: 'h264', width: 320, height: 240 },
    });
  });

  test('before its parameter sets is dropped and counted', () => {
    const { frames, counters } = demuxAll(
      videoStream(
        { pts: 0, nalUnits: [hex('419a02')] },
        { pts: 3600, nalUnits: [sps!, hex('419a02')] },
        { pts: 7200, nalUnits: [sps!, pps!, hex('419a02')] },
      ),
    );
    expect(frames).toHaveLength(1);
    expect(counters.framesWithoutConfig).toBe(2);
  });

  test('is a random access point where the packet says so, also without IDR', () => {
    const { frames } = demuxAll(
      videoStream(
        { pts: 0, nalUnits: [sps!, pps!, hex('419a02')], random: true },
        { pts: 3600, nalUnits: [hex('419a02')] },
      ),
    );
    expect(frames.map(({ isKey }) => isKey)).toEqual([true, false]);
  });

  test('with new parameter sets makes a new track', () => {
    const high = h264HighTrack.config as H264Config;
    const { tracks } = demuxAll(
      videoStream(
        { pts: 0, nalUnits: [sps!, pps!, hex('658884')] },
        { pts: 3600, nalUnits: [sps!, pps!, hex('658884')] },
        {
          pts: 7200,
          nalUnits: [high.sequenceParameterSets[0]!, high.pictureParameterSets[0]!, hex('658884')],
        },
      ),
    );
    expect(tracks.map(({ config }) => config.kind === 'video' && config.width)).toEqual([320, 322]);
  });

  test('of only delimiters is nothing', () => {
    const { frames, counters } = demuxAll(videoStream({ pts: 0, nalUnits: [hex('09f0')] }));
    expect(frames).toEqual([]);
    expect(counters.framesWithoutConfig).toBe(0);
  });

  test('of unknown length ends with the next one or with the stream', () => {
    const frames: MediaFrame[] = [0, 40, 80].map((time) =>
      mediaFrame(h264Track, time, sliceUnit(h264Track, time === 0, 100_000), { isKey: time === 0 }),
    );
    const demuxer = new MpegTsDemuxer();
    const { units } = muxAll(frames);
    const counts = units.map(({ bytes }) => {
      demuxer.receive(bytes);
      return demuxer.takeEvents().filter(({ type }) => type === 'frame').length;
    });
    demuxer.end();
    expect(counts).toEqual([0, 1, 1]);
    expect(demuxer.takeEvents()).toHaveLength(1);
  });

  test('cut off in the middle of a packet with known length is damaged', () => {
    const bytes = videoStream({ pts: 0, nalUnits: [sps!, pps!, new Uint8Array(600).fill(0x65)] });
    const { frames, counters } = demuxAll(bytes.slice(0, -PACKET));
    expect(frames).toEqual([]);
    expect(counters.damagedPes).toBe(1);
  });

  test('without an end is given up at 8 MiB', () => {
    const out = new TsCollector();
    const packetizer = new PesPacketizer();
    const tables = new TableWriter();
    tables.describe([{ pid: 0x100, streamType: 0x1b, descriptors: new Uint8Array(0) }], 0x100);
    tables.write(out);
    const data = new Uint8Array(9 << 20).fill(0x41);
    packetizer.writePes(
      {
        pid: 0x100,
        streamId: 0xe0,
        ptsTicks: 0,
        dtsTicks: 0,
        isRandomAccess: false,
        isDiscontinuous: false,
        pcrTicks: undefined,
      },
      { length: data.length, write: (target, at) => target.set(data, at) },
      out,
    );
    expect(demuxAll(out.all).counters.damagedPes).toBe(1);
  });
});

describe('audio', () => {
  /** The elementary stream of AAC frames, cut into PES packets at the given places. */
  function audioStream(streamType: number, pieces: { pts?: number; data: Uint8Array }[]): Uint8Array {
    const out = new TsCollector();
    const tables = new TableWriter();
    const packetizer = new PesPacketizer();
    tables.describe([{ pid: 0x101, streamType, descriptors: new Uint8Array(0) }], 0x101);
    tables.write(out);
    for (const { pts = 0, data } of pieces) {
      packetizer.writePes(
        {
          pid: 0x101,
          streamId: 0xc0,
          ptsTicks: pts,
          dtsTicks: pts,
          isRandomAccess: false,
          isDiscontinuous: false,
          pcrTicks: undefined,
        },
        { length: data.length, write: (target, at) => target.set(data, at) },
        out,
      );
    }
    return out.all;
  }

  const frame1 = hex('fff14c80013ffc 2110');
  const frame2 = hex('fff14c80015ffc 211004');
  const AAC_US = 1024e6 / 48_000;

  test('frames in one packet follow each other by their length', () => {
    const { frames, tracks } = demuxAll(
      audioStream(0x0f, [{ pts: 9000, data: concat(frame1, frame2, frame1) }]),
    );
    expect(frames.map(({ dtsUs, data }) => [dtsUs, toHex(data)])).toEqual([
      [100_000, '2110'],
      [Math.round(100_000 + AAC_US), '211004'],
      [Math.round(100_000 + 2 * AAC_US), '2110'],
    ]);
    expect(toHex((tracks[0]!.config as { description: Uint8Array }).description)).toBe('1190');
  });

  test('a frame may end in the next packet, whose time is that of the frame behind it', () => {
    const whole = concat(frame1, frame2, frame1);
    for (let cut = 1; cut < whole.length; cut += 1) {
      const begun = [0, frame1.length, frame1.length + frame2.length].filter((start) => start < cut).length;
      const pts = 9000 + Math.round((begun * AAC_US * 9) / 100);
      const { frames, counters } = demuxAll(
        audioStream(0x0f, [
          { pts: 9000, data: whole.slice(0, cut) },
          { pts, data: whole.slice(cut) },
        ]),
      );
      expect(frames.map(({ data }) => toHex(data))).toEqual(['2110', '211004', '2110']);
      for (const [index, { dtsUs }] of frames.entries()) {
        expect(Math.abs(dtsUs - 100_000 - index * AAC_US)).toBeLessThan(12);
      }
      expect(counters.damagedFrames).toBe(0);
    }
  });

  test('rubbish between frames is passed over and counted', () => {
    const { frames, counters } = demuxAll(
      audioStream(0x0f, [{ pts: 0, data: concat(frame1, hex('00ff00fff1ff'), frame2) }]),
    );
    expect(frames).toHaveLength(2);
    expect(counters.damagedFrames).toBe(1);
  });

  test('other parameters in the headers make a new track', () => {
    const mono = hex('fff14c40013ffc 2110');
    const { tracks, frames } = demuxAll(audioStream(0x0f, [{ data: concat(frame1, mono, mono, frame1) }]));
    expect(tracks.map(({ config }) => config.kind === 'audio' && config.channels)).toEqual([2, 1, 2]);
    expect(frames.map(({ track }) => tracks.indexOf(track))).toEqual([0, 1, 1, 2]);
  });

  test('LATM is not announced', () => {
    expect(demuxAll(audioStream(0x11, [{ data: frame1 }])).events).toEqual([]);
  });

  test('Opus packets in one packet follow each other by their duration', () => {
    const out = muxAll([mediaFrame(opusTrack, 0, hex('fc0102')), mediaFrame(opusTrack, 20, hex('fc03'))]);
    const { frames, tracks } = demuxAll(out.all);
    expect(frames.map(({ dtsUs, data }) => [dtsUs - 1_400_000, toHex(data)])).toEqual([
      [0, 'fc0102'],
      [20_000, 'fc03'],
    ]);
    expect(tracks[0]).toMatchObject({ id: 2, config: { codec: 'opus', channels: 2 } });
  });
});

test('times grow over the wrap of the wire, audio and video together', () => {
  const startUs = ticksToUs(2 ** 33 - 126_000) - 1_000_000;
  const frames = framesOf(h264Track, aacTrack, 4, { startMs: 0 });
  const lead = mediaFrame(h264Track, 0, sliceUnit(h264Track, true), { isKey: true });
  const half = { ...lead, dtsUs: startUs / 2, ptsUs: startUs / 2 };
  const moved = frames.map((frame) => ({
    ...frame,
    dtsUs: frame.dtsUs + startUs,
    ptsUs: frame.ptsUs + startUs,
  }));
  const read = demuxAll(muxAll([lead, half, ...moved]).all);
  for (const track of [h264Track, aacTrack]) {
    const out = read.frames.filter(({ track: { kind } }) => kind === track.kind);
    const sent = [lead, half, ...moved].filter((frame) => frame.track === track);
    expect(out).toHaveLength(sent.length);
    for (const [index, frame] of out.entries()) {
      expect(Math.abs(frame.dtsUs - 1_400_000 - sent[index]!.dtsUs)).toBeLessThan(1000);
    }
  }
});
