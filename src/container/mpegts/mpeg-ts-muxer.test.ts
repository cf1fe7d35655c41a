import { describe, expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import { h264ConfigFromParameterSets } from '../../codec/h264/h264-config.ts';
import { splitAnnexB } from '../../codec/nal/annex-b.ts';
import { joinLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { H264Config } from '../../codec/codec-config.ts';
import type { Track } from '../../media/track.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { checkTs, type TsPes } from '../../testing/ts-checker.ts';
import {
  TsCollector,
  aacTrack,
  av1Track,
  framesOf,
  g711Track,
  h264HighTrack,
  h264Track,
  h265Track,
  mediaFrame,
  mp3Track,
  muxAll,
  opusTrack,
  sliceUnit,
} from '../../testing/ts-kit.ts';
import { MpegTsMuxer } from './mpeg-ts-muxer.ts';
import { mpegTsCanCarry } from './muxed-stream.ts';

const FIRST_DTS = 126_000;

function aacOf(specificConfig: string): Track {
  return { id: 2, kind: 'audio', config: aacConfigFromAudioSpecificConfig(hex(specificConfig)) };
}

function pesOf(out: TsCollector, pid?: number): TsPes[] {
  const { pes, problems } = checkTs(out.all);
  expect(problems).toEqual([]);
  return pid === undefined ? pes : pes.filter((packet) => packet.pid === pid);
}

describe('cadence', () => {
  test.each([
    ['H.264, 25 fps, and AAC', h264Track, aacTrack, { fps: 25 }],
    ['H.265, 30 fps, and AAC', h265Track, aacTrack, { fps: 30 }],
    ['H.264, 60 fps, and MP3', h264Track, mp3Track, { fps: 60, audioStepMs: 1152 / 44.1 }],
    ['H.264, 25 fps, and Opus', h264Track, opusTrack, { fps: 25, audioStepMs: 20 }],
    ['H.264, 5 fps, and AAC', h264Track, aacTrack, { fps: 5 }],
    ['H.264, 1 fps, and AAC', h264Track, aacTrack, { fps: 1 }],
    ['H.264, 25 fps, alone', h264Track, undefined, { fps: 25 }],
    ['H.264, 8 fps, alone', h264Track, undefined, { fps: 8 }],
    ['H.264, 2 fps, alone', h264Track, undefined, { fps: 2 }],
    ['AAC alone', undefined, aacTrack, {}],
    ['AAC alone, 16 kHz', undefined, aacOf('1410'), { audioStepMs: 64 }],
    ['AAC alone, 8 kHz', undefined, aacOf('1590'), { audioStepMs: 128 }],
    ['MP3 alone', undefined, mp3Track, { audioStepMs: 1152 / 44.1 }],
    ['Opus alone', undefined, opusTrack, { audioStepMs: 20 }],
    ['Opus alone, 2.5 ms', undefined, opusTrack, { audioStepMs: 2.5 }],
  ])('%s: PCR every 100 ms, tables every 500 ms, nothing wrong', (_name, video, audio, options) => {
    const frames = framesOf(video, audio, 6, { startMs: 5000, ...options });
    const report = checkTs(muxAll(frames).all);
    expect(report.problems).toEqual([]);
    expect(report.maxPcrIntervalMs).toBeLessThanOrEqual(100);
    expect(report.maxTableIntervalMs).toBeLessThanOrEqual(500);
    expect(new Set(report.tables.map(({ version }) => version)).size).toBe(1);
  });

  test('a stream whose video stalls keeps its clock by the audio', () => {
    const frames = [
      ...framesOf(h264Track, aacTrack, 2),
      ...framesOf(undefined, aacTrack, 5, { startMs: 2000 }),
      ...framesOf(h264Track, aacTrack, 2, { startMs: 7000 }),
    ];
    const report = checkTs(muxAll(frames).all);
    expect(report.problems).toEqual([]);
    expect(report.maxPcrIntervalMs).toBeLessThanOrEqual(100);
    expect(report.maxTableIntervalMs).toBeLessThanOrEqual(500);
  });

  test('audio far ahead of the video does not push the clock away from the video', () => {
    const audio = framesOf(undefined, aacTrack, 10, { startMs: 600 });
    const frames = framesOf(h264Track, undefined, 10);
    // In the order of a source whose audio is 600 ms early.
    const mixed = [...frames, ...audio].sort((a, b) => a.arrivedMs - b.arrivedMs);
    const early = mixed.sort((a, b) => order(a) - order(b));
    const { pcrs, pes, problems } = checkTs(muxAll(early).all);
    expect(problems).toEqual([]);
    for (const packet of pes.filter(({ pid }) => pid === 0x100)) {
      const pcr = pcrs.find(({ packet: at }) => at === packet.packet)!;
      expect(packet.dts - pcr.ticks).toBeGreaterThan(550 * 90);
    }
    function order({ track, dtsUs }: { track: Track; dtsUs: number }): number {
      return track.kind === 'audio' ? dtsUs - 600_000 : dtsUs;
    }
  });

  test('a long pause is not filled with references for the past', () => {
    const frames = [
      ...framesOf(h264Track, undefined, 1),
      ...framesOf(h264Track, undefined, 1, { startMs: 60_000 }),
    ];
    const { pcrs, pes } = checkTs(muxAll(frames).all);
    expect(pcrs).toHaveLength(pes.length);
  });
});

describe('times', () => {
  test('all tracks move by one constant, which the first frame fixes', () => {
    const out = muxAll([
      mediaFrame(h264Track, 1000, sliceUnit(h264Track, true), { isKey: true, ptsMs: 1080 }),
      mediaFrame(mp3Track, 983, hex('fffb9064 01')),
      mediaFrame(h264Track, 1040, sliceUnit(h264Track, false), { ptsMs: 1040 }),
      mediaFrame(mp3Track, 1009, hex('fffb9064 02')),
    ]);
    expect(pesOf(out).map(({ pid, pts, dts }) => [pid, pts - FIRST_DTS, dts - FIRST_DTS])).toEqual([
      [0x100, 80 * 90, 0],
      [0x101, -17 * 90, -17 * 90],
      [0x100, 40 * 90, 40 * 90],
      [0x101, 9 * 90, 9 * 90],
    ]);
  });

  test('a negative composition offset stays negative', () => {
    const out = muxAll([
      mediaFrame(h264Track, 0, sliceUnit(h264Track, true), { isKey: true, ptsMs: 40 }),
      mediaFrame(h264Track, 40, sliceUnit(h264Track, false), { ptsMs: 0 }),
    ]);
    expect(pesOf(out).map(({ pts, dts }) => pts - dts)).toEqual([3600, -3600]);
  });

  test.each([2 ** 30, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 34])('pass %i ticks without a leap', (wrapTicks) => {
    // One frame now and then on the way: receivers can't tell longer leaps from steps back.
    const startMs = wrapTicks / 90 - 3000;
    const frames = Array.from({ length: Math.ceil(startMs / 4e7) }, (_, index) =>
      mediaFrame(h264Track, index * 4e7, sliceUnit(h264Track, true), { isKey: true }),
    );
    frames.push(...framesOf(h264Track, aacTrack, 4, { startMs }));
    const pes = pesOf(muxAll(frames), 0x100);
    const expected = frames.filter(({ track }) => track === h264Track);
    const wire = (us: number): number => (FIRST_DTS + Math.round(us * 0.09)) % 2 ** 33;
    expect(pes.map(({ dts }) => dts)).toEqual(expected.map(({ dtsUs }) => wire(dtsUs)));
    expect(pes.map(({ pts }) => pts)).toEqual(expected.map(({ ptsUs }) => wire(ptsUs)));
  });

  test('a pause of both tracks does not carry the clock away', () => {
    const frames = [
      ...framesOf(h264Track, aacTrack, 1),
      ...framesOf(h264Track, aacTrack, 1, { startMs: 600_000 }),
    ];
    const { pcrs, pes, problems } = checkTs(muxAll(frames).all);
    expect(problems).toEqual([]);
    expect(pes.findLast(({ pid }) => pid === 0x100)!.dts - pcrs.at(-1)!.ticks).toBe(63_000);
  });

  test('after the end of one source the next continues, whatever its clock says', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    for (const frame of framesOf(h264Track, aacTrack, 1, { startMs: 900_000 })) muxer.write(frame, out);
    muxer.end(out);
    const before = checkTs(out.all).pes;
    for (const frame of framesOf(h264Track, aacTrack, 1, { startMs: 5 })) muxer.write(frame, out);
    muxer.end(out);
    const after = pesOf(out).slice(before.length);
    const newest = Math.max(...before.map(({ dts }) => dts));
    expect(after[0]!.dts - newest).toBeGreaterThan(0);
    expect(after[0]!.dts - newest).toBeLessThan(100 * 90);
    expect([0x100, 0x101].map((pid) => after.find((pes) => pes.pid === pid)!.isDiscontinuous)).toEqual([
      true,
      true,
    ]);
    expect(after.filter(({ isDiscontinuous }) => isDiscontinuous)).toHaveLength(2);
  });

  test('a repaired jump is marked in the next packet of its track', () => {
    const frames = framesOf(h264Track, aacTrack, 2);
    const jump = { video: 30, audio: 40 };
    let videos = 0;
    let audios = 0;
    const marked = frames.map((frame) => {
      const isJump = frame.track === h264Track ? videos++ === jump.video : audios++ === jump.audio;
      return { ...frame, discontinuity: isJump };
    });
    const pes = pesOf(muxAll(marked)).filter(({ isDiscontinuous }) => isDiscontinuous);
    expect(new Set(pes.map(({ pid }) => pid))).toEqual(new Set([0x100, 0x101]));
    expect(pes.find(({ pid }) => pid === 0x100)!.dts).toBe(FIRST_DTS + jump.video * 40 * 90);
    expect(pes.find(({ pid }) => pid === 0x101)!.pts).toBe(
      FIRST_DTS + Math.round((jump.audio * 1024) / 48) * 90,
    );
  });
});

describe('units', () => {
  test('a key frame begins a unit with tables, waiting audio, then the frame with its clock', () => {
    const { units } = muxAll(framesOf(h264Track, aacTrack, 4));
    const keyUnits = units.filter(({ frame }) => frame?.track === h264Track && frame.isKey);
    expect(keyUnits).toHaveLength(4);
    for (const { bytes } of keyUnits.slice(1)) {
      const { problems, pes, tables } = checkTs(bytes);
      expect(problems).toEqual([]);
      expect(tables.map(({ packet }) => packet)).toEqual([1]);
      expect(pes.map(({ pid, isRandomAccess, hasPcr }) => [pid, isRandomAccess, hasPcr])).toEqual([
        [0x101, false, false],
        [0x100, true, true],
      ]);
    }
  });

  test('without video each unit begins with tables and random access', () => {
    const { units } = muxAll(framesOf(undefined, aacTrack, 4));
    expect(units.length).toBeGreaterThan(8);
    for (const { bytes } of units) {
      const { problems, pes, tables } = checkTs(bytes);
      expect(problems).toEqual([]);
      expect(tables[0]!.packet).toBe(1);
      expect(pes[0]!.isRandomAccess && pes[0]!.hasPcr).toBe(true);
    }
  });

  test('frames between key frames make units of their own', () => {
    const { units } = muxAll(framesOf(h264Track, mp3Track, 1));
    expect(units).toHaveLength(25 + 47);
    for (const { bytes, frame } of units) {
      expect(checkTs(bytes).pes.at(-1)?.pid ?? -1).toBe(frame!.track === h264Track ? 0x100 : 0x101);
    }
  });

  test('nothing is written for an announced track before its first frame', () => {
    const out = new TsCollector();
    new MpegTsMuxer().setTracks([h264Track, aacTrack], out);
    expect(out.all).toHaveLength(0);
  });
});

describe('video', () => {
  const config = h264Track.config as H264Config;
  const [sps] = config.sequenceParameterSets;
  const [pps] = config.pictureParameterSets;
  const sei = hex('06 0501 aa 80');
  const idr = hex('65 8884001f');
  const slice = hex('41 9a02');

  function nalUnits(frames: { isKey: boolean; nalUnits: Uint8Array[] }[], track = h264Track): string[][] {
    const media = frames.map(({ isKey, nalUnits }, index) =>
      mediaFrame(track, index * 40, joinLengthPrefixed(nalUnits), { isKey }),
    );
    return pesOf(muxAll(media)).map(({ payload }) => splitAnnexB(payload).map(toHex));
  }

  test('key frames get a delimiter and the parameter sets, others only the delimiter; SEI stays', () => {
    expect(
      nalUnits([
        { isKey: true, nalUnits: [sei, idr] },
        { isKey: false, nalUnits: [sei, slice, slice] },
      ]),
    ).toEqual([
      ['09f0', toHex(sps!), toHex(pps!), toHex(sei), toHex(idr)],
      ['09f0', toHex(sei), toHex(slice), toHex(slice)],
    ]);
  });

  test('parameter sets in the access unit are not doubled', () => {
    expect(nalUnits([{ isKey: true, nalUnits: [sps!, pps!, idr] }])).toEqual([
      ['09f0', toHex(sps!), toHex(pps!), toHex(idr)],
    ]);
  });

  test('an access unit with only some of the sets gets all of them in front', () => {
    expect(nalUnits([{ isKey: true, nalUnits: [sps!, idr] }])).toEqual([
      ['09f0', toHex(sps!), toHex(pps!), toHex(sps!), toHex(idr)],
    ]);
  });

  test('the sets are those of the track that the frame names', () => {
    const newPps = hex('68 ce3880');
    const changed: Track = { ...h264Track, config: h264ConfigFromParameterSets([sps!], [newPps]) };
    const data = joinLengthPrefixed([idr]);
    const pes = pesOf(
      muxAll([
        mediaFrame(h264Track, 0, data, { isKey: true }),
        mediaFrame(changed, 40, data, { isKey: true }),
      ]),
    );
    expect(pes.map(({ payload }) => toHex(splitAnnexB(payload)[2]!))).toEqual([toHex(pps!), toHex(newPps)]);
  });

  test('H.265 gets its own delimiter and all three kinds of sets', () => {
    const idr265 = hex('2601 af08');
    const suffixSei = hex('5001 aa80');
    const [units] = nalUnits([{ isKey: true, nalUnits: [idr265, suffixSei] }], h265Track);
    expect(units!.map((unit) => unit.slice(0, 4))).toEqual(['4601', '4001', '4201', '4401', '2601', '5001']);
    expect(units![0]).toBe('460150');
  });

  test('every NAL unit has a 4-byte start code', () => {
    const media = [mediaFrame(h264Track, 0, joinLengthPrefixed([slice, slice]))];
    const [pes] = pesOf(muxAll(media));
    expect(toHex(pes!.payload)).toBe('0000000109f0' + '00000001419a02'.repeat(2));
  });

  test('the length is left open only above 65535 bytes', () => {
    const header = 8; // PTS alone
    const delimiter = 6;
    const limit = 65_535 - header - delimiter;
    const media = [limit - 1, limit, limit + 1, 200_000].map((length, index) => {
      const data = sliceUnit(h264Track, false, length - 4);
      return mediaFrame(h264Track, index * 40, data);
    });
    expect(pesOf(muxAll(media)).map(({ declaredLength }) => declaredLength)).toEqual([65_534, 65_535, 0, 0]);
  });

  test('a frame whose NAL unit lengths do not add up is dropped and counted', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    for (const data of [hex('00000005 65'), hex('0000'), hex('00000001 65 00')]) {
      expect(muxer.write(mediaFrame(h264Track, 0, data, { isKey: true }), out)).toBe(true);
    }
    expect(muxer.counters.droppedFrames).toBe(3);
    expect(out.all).toHaveLength(0);
  });

  test('the frame itself is not changed', () => {
    const data = joinLengthPrefixed([sei, idr]);
    const before = toHex(data);
    muxAll([mediaFrame(h264Track, 0, data, { isKey: true })]);
    expect(toHex(data)).toBe(before);
  });
});

describe('audio', () => {
  test('AAC frames share a packet for up to 150 ms', () => {
    const pes = pesOf(muxAll(framesOf(undefined, aacTrack, 1, { audioBytes: 50 })));
    expect(pes.map(({ payload }) => payload.length / 57)).toEqual([8, 8, 8, 8, 8, 7]);
    expect(pes.map(({ pts }) => (pts - FIRST_DTS) / 90)).toEqual([0, 171, 341, 512, 683, 853]);
  });

  test('each AAC frame stands behind its ADTS header', () => {
    const frames = [mediaFrame(aacTrack, 0, hex('2110')), mediaFrame(aacTrack, 21, hex('211004'))];
    const [pes] = pesOf(muxAll(frames));
    expect(toHex(pes!.payload)).toBe('fff14c80013ffc2110fff14c80015ffc211004');
  });

  test('a gap between AAC frames ends the packet', () => {
    const times = [0, 21, 43, 85, 107];
    const pes = pesOf(muxAll(times.map((time) => mediaFrame(aacTrack, time, hex('2110')))));
    expect(pes.map(({ pts }) => (pts - FIRST_DTS) / 90)).toEqual([0, 85]);
  });

  test('AAC does not wait when video is 300 ms ahead', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    muxer.setTracks([h264Track, aacTrack], out);
    muxer.write(mediaFrame(aacTrack, 0, hex('2110')), out);
    for (let time = 0; time <= 320; time += 40)
      muxer.write(mediaFrame(h264Track, time, sliceUnit(h264Track, false)), out);
    expect(pesOf(out).map(({ pid }) => pid)).toEqual([...Array<number>(8).fill(0x100), 0x101, 0x100]);
  });

  test('Opus packets stand behind their control header, in private packets of their own', () => {
    const short = Uint8Array.of(0xfc, 1, 2);
    const long = new Uint8Array(600).fill(0xfc);
    const pes = pesOf(muxAll([mediaFrame(opusTrack, 0, short), mediaFrame(opusTrack, 20, long)]));
    expect(pes.map(({ streamId }) => streamId)).toEqual([0xbd, 0xbd]);
    expect(toHex(pes[0]!.payload)).toBe('7fe003fc0102');
    expect(toHex(pes[1]!.payload.subarray(0, 6))).toBe('7fe0ffff5afc');
  });

  test('frames too long for their format are dropped and counted', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    muxer.write(mediaFrame(aacTrack, 0, new Uint8Array(8185)), out);
    muxer.write(mediaFrame({ ...opusTrack, id: 5 }, 0, new Uint8Array(65_500)), out);
    muxer.end(out);
    expect(muxer.counters.droppedFrames).toBe(2);
    expect(pesOf(out)).toEqual([]);
  });
});

describe('tables', () => {
  test("name lal's PIDs and stream types", () => {
    const mapOf = (...tracks: Track[]): string =>
      checkTs(
        muxAll(tracks.map((track) => mediaFrame(track, 0, sliceUnit(h264Track, true), { isKey: true }))).all,
      ).tables[0]!.map;
    expect(mapOf(h264Track, aacTrack)).toBe('100:1b 101:f');
    expect(mapOf(aacTrack, h265Track)).toBe('100:24 101:f');
    expect(mapOf(opusTrack)).toBe('101:6');
    expect(mapOf(mp3Track)).toBe('101:3');
    expect(
      mapOf({ ...mp3Track, config: { ...mp3Track.config, sampleRate: 22_050 } as Track['config'] }),
    ).toBe('101:4');
    expect(mapOf(h264Track, aacTrack, { ...opusTrack, id: 9 }, { ...h265Track, id: 8 })).toBe(
      '100:1b 101:f 102:6 103:24',
    );
  });

  test('get a new version when a codec appears in mid-stream', () => {
    const frames = [
      ...framesOf(h264Track, undefined, 2),
      ...framesOf(h264Track, aacTrack, 2, { startMs: 2000 }),
    ];
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    for (const frame of frames) muxer.write(frame, out);
    muxer.end(out);
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    const maps = tables.map(({ version, map }) => `${version} ${map}`);
    expect([...new Set(maps)]).toEqual(['0 100:1b', '1 100:1b 101:f']);
  });

  test('get a new version when a codec changes in mid-stream, audio and video', () => {
    const out = muxAll([
      ...framesOf(h264Track, aacTrack, 2),
      ...framesOf(h265Track, opusTrack, 2, { startMs: 2000, audioStepMs: 20 }),
    ]);
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    const maps = tables.map(({ version, map }) => `${version} ${map}`);
    // On new PIDs: receivers go on with the old decoder for an old one.
    expect(maps[0]).toBe('0 100:1b 101:f');
    expect(maps.at(-1)).toMatch(/^[12] (102:24 103:6|102:6 103:24)$/);
  });

  test('name the old PID again when the codec comes back', () => {
    const out = muxAll([
      ...framesOf(h264Track, undefined, 1),
      ...framesOf(h265Track, undefined, 1, { startMs: 1000 }),
      ...framesOf(h264Track, undefined, 1, { startMs: 2000 }),
      ...framesOf(h265Track, undefined, 1, { startMs: 3000 }),
    ]);
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    const maps = new Set(tables.map(({ version, map }) => `${version} ${map}`));
    expect([...maps]).toEqual(['0 100:1b', '1 102:24', '2 100:1b', '3 102:24']);
  });

  test('keep their version when only parameter sets change', () => {
    const out = muxAll([
      ...framesOf(h264Track, aacTrack, 1),
      ...framesOf(h264HighTrack, aacTrack, 1, { startMs: 1000 }),
    ]);
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    expect(new Set(tables.map(({ version }) => version))).toEqual(new Set([0]));
  });

  test('move the clock to the video when it comes later', () => {
    const frames = [
      ...framesOf(undefined, aacTrack, 2),
      ...framesOf(h264Track, aacTrack, 2, { startMs: 2000 }),
    ];
    const report = checkTs(muxAll(frames.map((frame) => frame)).all);
    expect(report.problems).toEqual([]);
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    for (const frame of frames) muxer.write(frame, out);
    const late = checkTs(out.all);
    expect(late.problems).toEqual([]);
    expect(late.maxPcrIntervalMs).toBeLessThanOrEqual(100);
    expect(late.pes.find(({ pid }) => pid === 0x100)!.hasPcr).toBe(true);
  });

  test.each([
    ['swapped', 2, 1],
    ['others', 5, 0],
    ['partly the same', 0, 1],
  ])(
    'stay as they are when the next source has the same codecs under other ids: %s',
    (_, videoId, audioId) => {
      const video = { ...h264Track, id: videoId };
      const audio = { ...aacTrack, id: audioId };
      const out = new TsCollector();
      const muxer = new MpegTsMuxer();
      for (const tracks of [
        [h264Track, aacTrack],
        [video, audio],
        [h264Track, aacTrack],
      ] as const) {
        muxer.setTracks(tracks, out);
        for (const frame of framesOf(tracks[0], tracks[1], 1)) muxer.write(frame, out);
        muxer.end(out);
      }
      const { tables, pes, problems } = checkTs(out.all);
      expect(problems).toEqual([]);
      expect(new Set(tables.map(({ version, map }) => `${version} ${map}`))).toEqual(
        new Set(['0 100:1b 101:f']),
      );
      for (const pid of [0x100, 0x101]) {
        expect(pes.filter((packet) => packet.pid === pid && packet.isDiscontinuous)).toHaveLength(2);
      }
    },
  );

  test('get a new version when the next source has another codec under an old id', () => {
    const video = { ...h265Track, id: aacTrack.id };
    const audio = { ...aacTrack, id: h264Track.id };
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    for (const tracks of [
      [h264Track, aacTrack],
      [video, audio],
    ] as const) {
      muxer.setTracks(tracks, out);
      for (const frame of framesOf(tracks[0], tracks[1], 1)) muxer.write(frame, out);
      muxer.end(out);
    }
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    const maps = new Set(tables.map(({ version, map }) => `${version} ${map}`));
    expect([...maps]).toEqual(['0 100:1b 101:f', '1 101:f 102:24']);
  });

  test('forget tracks that are announced no longer', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    muxer.setTracks([h264Track, aacTrack], out);
    for (const frame of framesOf(h264Track, aacTrack, 1)) muxer.write(frame, out);
    muxer.end(out);
    muxer.setTracks([aacTrack], out);
    for (const frame of framesOf(undefined, aacTrack, 1)) muxer.write(frame, out);
    muxer.end(out);
    const { tables, problems } = checkTs(out.all);
    expect(problems).toEqual([]);
    expect(tables.at(-1)).toMatchObject({ version: 1, map: '101:f' });
  });
});

describe('tracks', () => {
  test.each([
    [h264Track, true],
    [h265Track, true],
    [aacTrack, true],
    [mp3Track, true],
    [opusTrack, true],
    [g711Track, false],
    [av1Track, false],
    [aacOf('f8e85000'), false], // ER AAC ELD
    [{ id: 3, kind: 'data', config: { kind: 'data', codec: 'script' } } satisfies Track, false],
  ])('%o', (track, canCarry) => {
    expect(mpegTsCanCarry(track)).toBe(canCarry);
  });

  test('video goes on beside audio that can not be carried', () => {
    const frames = framesOf(h264Track, g711Track, 2, { audioStepMs: 20 });
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    muxer.setTracks([h264Track, g711Track], out);
    for (const frame of frames) expect(muxer.write(frame, out)).toBe(frame.track === h264Track);
    expect(pesOf(out)).toHaveLength(50);
  });

  test('no more streams than the map holds', () => {
    const out = new TsCollector();
    const muxer = new MpegTsMuxer();
    const carried = Array.from({ length: 12 }, (_, id) =>
      muxer.write(mediaFrame({ ...opusTrack, id }, 0, hex('fc01')), out),
    );
    expect(carried.filter(Boolean)).toHaveLength(8);
    expect(checkTs(out.all).problems).toEqual([]);
  });
});
