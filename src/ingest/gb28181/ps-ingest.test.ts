import { beforeEach, describe, expect, test } from 'vitest';
import { PsStreamType } from '../../container/ps/stream-type.ts';
import { joinAnnexB } from '../../codec/nal/annex-b.ts';
import type { H264Config, H265Config } from '../../codec/codec-config.ts';
import { BitString } from '../../testing/bit-string.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { concatBytes, pesPacket, streamMap } from '../../testing/ps-kit.ts';
import { recordedPublication, type RecordedPublication } from '../../testing/rtsp-media-kit.ts';
import { h264HighTrack, h264Track, h265Track } from '../../testing/ts-kit.ts';
import { PsIngest } from './ps-ingest.ts';

const VIDEO = 0xe0;
const AUDIO = 0xc0;

let record: RecordedPublication;
let ingest: PsIngest;
let ticks: number;

beforeEach(() => {
  record = recordedPublication();
  ingest = new PsIngest(record.publication);
  ticks = 0;
});

function receive(...units: readonly Uint8Array[]): void {
  ingest.receive(concatBytes(...units), { rtpTicks: undefined, arrivedMs: ticks / 90 });
}

function setsOf(config: H264Config | H265Config): readonly Uint8Array[] {
  const { sequenceParameterSets, pictureParameterSets } = config;
  return [
    ...(config.codec === 'h265' ? config.videoParameterSets : []),
    ...sequenceParameterSets,
    ...pictureParameterSets,
  ];
}

const h264 = h264Track.config as H264Config;
const high = h264HighTrack.config as H264Config;
const h265 = h265Track.config as H265Config;
const IDR = hex('6588010203');
const SLICE = hex('41e0010203');

/** A packet with the time of the next picture. */
function picture(...nalUnits: readonly Uint8Array[]): Uint8Array {
  ticks += 3600;
  return pesPacket(VIDEO, joinAnnexB(nalUnits), { ptsTicks: ticks, dtsTicks: ticks });
}

function sound(payload: string, streamId = AUDIO): Uint8Array {
  return pesPacket(streamId, hex(payload), { ptsTicks: ticks });
}

function mapOf(...entries: readonly (readonly [number, number])[]): Uint8Array {
  return streamMap(entries.map(([streamId, streamType]) => ({ streamId, streamType })));
}

/** Tracks as they were told, and frames of each. */
function tracks(): string[] {
  return record.tracks.map((track) => {
    const count = record.frames.filter((frame) => frame.track === track).length;
    const { config } = track;
    return `${track.id} ${config.codec} ${config.kind === 'video' ? `${config.width} ` : ''}x${count}`;
  });
}

describe('pictures', () => {
  test('begin with the first key picture whose parameter sets are there; what comes before is counted', () => {
    receive(mapOf([VIDEO, PsStreamType.h264]), picture(SLICE), picture(IDR), picture(SLICE));
    receive(picture(...setsOf(h264), SLICE), picture(SLICE), picture(...setsOf(h264), IDR), picture(SLICE));
    ingest.end();
    expect(tracks()).toEqual(['1 h264 320 x2']);
    expect(record.frames.map(({ isKey }) => isKey)).toEqual([true, false]);
    expect(ingest.counters.video).toEqual({
      damagedUnits: 0,
      droppedUnits: 4,
      unitsWithoutConfig: 1,
      untimedUnits: 0,
    });
  });

  test('of new parameters are of a new track under the same id', () => {
    receive(picture(...setsOf(h264), IDR), picture(SLICE), picture(...setsOf(high), IDR), picture(SLICE));
    ingest.end();
    expect(tracks()).toEqual(['1 h264 320 x2', '1 h264 322 x2']);
  });

  test('of a stream of no map are what their parameter sets are', () => {
    receive(picture(...setsOf(h265), hex('2601af0102')), picture(hex('0201d00102')));
    ingest.end();
    expect(tracks()).toEqual(['1 h265 322 x2']);
  });

  test('are what their parameter sets are, also when the map says something else', () => {
    receive(mapOf([VIDEO, PsStreamType.h265]), picture(...setsOf(h264), IDR), picture(SLICE));
    receive(picture(...setsOf(h265), hex('2601af0102')), picture(hex('0201d00102')));
    ingest.end();
    expect(tracks()).toEqual(['1 h264 320 x2', '1 h265 322 x2']);
  });

  test('that need what was lost are left out', () => {
    receive(picture(...setsOf(h264), IDR), picture(SLICE), picture(SLICE).subarray(0, 26));
    ingest.lose();
    receive(picture(SLICE), picture(...setsOf(h264), IDR), picture(SLICE));
    ingest.end();
    expect(tracks()).toEqual(['1 h264 320 x4']);
    expect(ingest.counters).toMatchObject({ damagedPackets: 1, video: { damagedUnits: 1, droppedUnits: 1 } });
  });

  test('without a time follow the one before at its distance', () => {
    receive(picture(...setsOf(h264), IDR), picture(SLICE, SLICE, SLICE), picture(SLICE));
    ingest.end();
    const times = record.frames.map(({ dtsUs }) => dtsUs / 1000);
    expect(times).toEqual([1000, 1040, 1080, 1120, 1080]);
    expect(ingest.counters.video.untimedUnits).toBe(2);
  });

  test('never have a decoding time behind that of their presentation', () => {
    const late = pesPacket(VIDEO, joinAnnexB([...setsOf(h264), IDR]), { ptsTicks: 0, dtsTicks: 900 });
    receive(late);
    ingest.end();
    expect(record.frames[0]).toMatchObject({ ptsUs: 1_000_000, dtsUs: 1_000_000 });
  });

  test('of which nobody tells the decoding time get one', () => {
    const shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
    for (const [index, place] of shown.entries()) {
      const nalUnits = index === 0 ? [...setsOf(high), IDR] : [SLICE];
      receive(pesPacket(VIDEO, joinAnnexB(nalUnits), { ptsTicks: place * 3600 }));
    }
    ingest.end();
    expect(record.frames.map(({ ptsUs }) => (ptsUs - 1_000_000) / 40_000)).toEqual(shown);
    for (const [index, { dtsUs, ptsUs }] of record.frames.entries()) {
      expect(dtsUs).toBeLessThanOrEqual(ptsUs);
      if (index > 0) expect(dtsUs).toBeGreaterThan(record.frames[index - 1]!.dtsUs);
    }
  });
});

describe('sound', () => {
  test('is what the map says', () => {
    const types = [PsStreamType.g711a, PsStreamType.g711u, PsStreamType.aacAdts, PsStreamType.mpeg1Audio];
    const adts = 'fff14c40013ffc 2100';
    const mpeg = `fffd14c4${'00'.repeat(92)}`;
    for (const [index, payload] of ['d5d5', 'ffff', adts, mpeg].entries()) {
      receive(mapOf([AUDIO, types[index]!]), sound(payload));
    }
    expect(tracks()).toEqual(['2 g711a x1', '2 g711u x1', '2 aac x1', '2 mp3 x1']);
  });

  test('of AAC in LATM', () => {
    const elements = loasElement(true, 4) + loasElement(false, 5);
    receive(mapOf([AUDIO, PsStreamType.aacLatm]), sound('00'), sound(elements.slice(0, 20)));
    receive(sound(elements.slice(20)), sound(loasElement(false, 6)));
    expect(tracks()).toEqual(['2 aac x3']);
    expect(record.frames.map(({ data }) => data[2])).toEqual([4, 5, 6]);
    expect(ingest.counters.audio.damagedFrames).toBe(1);
  });

  test('of no map is AAC or MPEG audio when it looks so', () => {
    receive(sound('fff14c40013ffc2100fff14c40013ffc2101'));
    receive(sound(`fffd14c4${'00'.repeat(92)}`, 0xc1));
    expect(tracks()).toEqual(['2 aac x2', '193 mp3 x1']);
  });

  test('that looks like nothing is G.711 A-law, at once when there is a map, else after a second', () => {
    receive(mapOf([VIDEO, PsStreamType.h264]), sound('d5d5'), sound('d5d5'));
    expect(tracks()).toEqual(['2 g711a x2']);
    beforeAnother();
    for (let count = 0; count < 30; count += 1) receive(sound('d5d5'));
    expect(tracks()).toEqual(['2 g711a x5']);
    expect(ingest.counters.audio.framesWithoutConfig).toBe(25);
  });

  test('of which bytes are missing is left out, and the next is read', () => {
    receive(mapOf([AUDIO, PsStreamType.g711a]), sound('d5d5d5').subarray(0, 15));
    ingest.lose();
    receive(sound('d4'));
    expect(record.frames.map(({ data }) => [...data])).toEqual([[0xd4]]);
    expect(ingest.counters.audio.damagedPes).toBe(1);
  });

  function beforeAnother(): void {
    record = recordedPublication();
    ingest = new PsIngest(record.publication);
  }
});

describe('the map', () => {
  test('says what will come; what cannot be read is counted', () => {
    receive(mapOf([VIDEO, 0x80], [AUDIO, PsStreamType.g711a], [0xc1, 0x99]));
    expect(record.publication.announced).toEqual({ audio: true, video: false });
    receive(picture(...setsOf(h264), IDR), sound('d5'), sound('d5', 0xc1));
    expect(tracks()).toEqual(['2 g711a x1']);
    expect(ingest.counters.unsupportedPackets).toBe(2);
  });

  test('may change in mid-stream: tracks keep their ids', () => {
    receive(mapOf([VIDEO, PsStreamType.h264], [AUDIO, PsStreamType.g711a]));
    receive(picture(...setsOf(h264), IDR), sound('d5'), picture(SLICE));
    receive(mapOf([VIDEO, PsStreamType.h265], [0xc1, PsStreamType.g711u]));
    receive(picture(...setsOf(h265), hex('2601af0102')), sound('ff', 0xc1), picture(hex('0201d00102')));
    ingest.end();
    expect(tracks()).toEqual(['2 g711a x1', '1 h264 320 x2', '2 g711u x1', '1 h265 322 x2']);
  });

  test('that says again what is known disturbs nothing', () => {
    const map = mapOf([VIDEO, PsStreamType.h264]);
    receive(map, picture(...setsOf(h264), IDR), map, picture(SLICE));
    receive(mapOf([VIDEO, PsStreamType.h264], [AUDIO, PsStreamType.g711a]), picture(SLICE));
    ingest.end();
    expect(tracks()).toEqual(['1 h264 320 x3']);
  });

  test('of more streams than anybody sends', () => {
    for (let streamId = 0xc0; streamId < 0xe0; streamId += 1) receive(sound('fff14c40013ffc2100', streamId));
    expect(record.tracks.map(({ id }) => id)).toEqual([2, 193, 194, 195, 196, 197, 198, 199]);
    expect(ingest.counters.unsupportedPackets).toBe(24);
  });
});

/**
 * One element of LOAS with one access unit of 3 bytes.
 * @param hasConfig whether its StreamMuxConfig stands in it: AAC-LC, 48 kHz, stereo, one access unit an element
 */
function loasElement(hasConfig: boolean, lastByte: number): string {
  const element = new BitString().u(1, hasConfig ? 0 : 1);
  if (hasConfig) element.u(1, 0).u(1, 1).u(6, 0).u(4, 0).u(3, 0).u(16, 0x1190).u(3, 0).u(8, 0xff).u(2, 0);
  const bytes = element
    .u(8, 3)
    .u(24, 0x21_1000 + lastByte)
    .bytes();
  return toHex(new BitString().u(11, 0x2b7).u(13, bytes.length).bytes()) + toHex(bytes);
}
