import { describe, expect, test } from 'vitest';
import { AmfEcmaArray, AmfObject } from '../../protocol/amf/amf-value.ts';
import { serializeAmf0 } from '../../protocol/amf/amf0.ts';
import {
  AAC_RECORD,
  AV1_KEY_UNIT,
  AV1_RECORD,
  AVC_RECORD,
  HEVC_RECORD,
  MP3_FRAME,
  VP9_KEY_FRAME,
  hex,
  toHex,
} from '../../testing/flv-vectors.ts';
import { flvFrameBody } from './flv-muxer.ts';
import type { FlvTagType } from './flv-types.ts';
import type { FlvMediaEvent } from './media-events.ts';
import { FlvTagToFrames } from './tag-to-frames.ts';

const AVC_HEADER = `17 00 000000 ${AVC_RECORD}`;
const SLICE = '00000006 6588840055aa';
/** Baseline, 96x64: the SPS and PPS that x264 writes for it. */
const OTHER_SPS = '6742c00ada189b011000000300100000030328f1226a';
const OTHER_PPS = '68ce0fc8';

/** Reads bodies given as [tag type, hexadecimal digits or bytes]. */
function read(
  tags: FlvTagToFrames,
  ...bodies: readonly (readonly [FlvTagType, string | Uint8Array])[]
): FlvMediaEvent[] {
  for (const [type, body] of bodies) {
    tags.read({ type, timestampMs: 40, body: typeof body === 'string' ? hex(body) : body });
  }
  return tags.takeEvents();
}

/** Events in short: `video h264`, `frame 1`, `announce`. */
function outline(events: readonly FlvMediaEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'track') return `${event.track.kind} ${event.track.config.codec}`;
    return event.type === 'frame' ? `frame ${event.frame.track.id}` : 'announce';
  });
}

function frameData(events: readonly FlvMediaEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'frame' ? [toHex(event.frame.data)] : []));
}

function tracks(events: readonly FlvMediaEvent[]): (FlvMediaEvent & { type: 'track' })['track'][] {
  return events.flatMap((event) => (event.type === 'track' ? [event.track] : []));
}

const digits = (text: string): string => text.replaceAll(/\s/g, '');
const nal = (data: string): string => (data.length / 2).toString(16).padStart(8, '0') + data;

describe('sequence headers', () => {
  test('give the track with its size', () => {
    const [track] = tracks(read(new FlvTagToFrames(), [9, AVC_HEADER]));
    expect(track).toMatchObject({ id: 1, config: { width: 96, height: 64, codecString: 'avc1.64000a' } });
  });

  test('repeated unchanged are no event', () => {
    const events = read(
      new FlvTagToFrames(),
      [9, AVC_HEADER],
      [8, `af 00 ${AAC_RECORD}`],
      [9, AVC_HEADER],
      [8, `af 00 ${AAC_RECORD}`],
    );
    expect(outline(events)).toEqual(['video h264', 'audio aac']);
  });

  test('with another audio config in mid-stream make a new track under the same id', () => {
    const events = read(
      new FlvTagToFrames(),
      [8, `af 00 ${AAC_RECORD}`],
      [8, 'af 01 2110'],
      [8, 'af 00 1190'],
      [8, 'af 01 2110'],
    );
    expect(outline(events)).toEqual(['audio aac', 'frame 2', 'audio aac', 'frame 2']);
    expect(tracks(events).map(({ config }) => 'sampleRate' in config && config.sampleRate)).toEqual([
      44_100, 48_000,
    ]);
  });

  test('of another codec replace the track, and the old codec needs its header again', () => {
    const tags = new FlvTagToFrames();
    const events = read(
      tags,
      [9, AVC_HEADER],
      [9, `1c 00 000000 ${HEVC_RECORD}`],
      [9, `17 01 000000 ${SLICE}`],
      [9, AVC_HEADER],
    );
    expect(outline(events)).toEqual(['video h264', 'video h265', 'video h264']);
    expect(tags.damagedTags).toBe(1);
  });

  test('that are broken leave the track as it was', () => {
    const tags = new FlvTagToFrames();
    const events = read(
      tags,
      [9, AVC_HEADER],
      [9, '17 00 000000 0164'],
      [9, '17 00 000000'],
      [9, `17 01 000000 ${SLICE}`],
    );
    expect(outline(events)).toEqual(['video h264', 'frame 1']);
    expect(tags.damagedTags).toBe(2);
  });

  test('do not keep the message alive that they came in', () => {
    const body = hex(AVC_HEADER);
    const [track] = tracks(read(new FlvTagToFrames(), [9, body]));
    expect(track!.config.kind === 'video' && track!.config.description.buffer).not.toBe(body.buffer);
  });
});

describe('H.264 access units', () => {
  test('before their sequence header are counted and dropped', () => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [9, `17 01 000000 ${SLICE}`])).toEqual([]);
    expect(tags.damagedTags).toBe(1);
  });

  test('lose access unit delimiters and zero-length NAL units', () => {
    const body = `17 01 000000 00000002 09f0 00000000 ${SLICE}`;
    const events = read(new FlvTagToFrames(), [9, AVC_HEADER], [9, body]);
    expect(frameData(events)).toEqual([digits(SLICE)]);
  });

  test('of delimiters only are no frame and no damage', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [9, AVC_HEADER], [9, '17 01 000000 00000002 09f0']);
    expect(outline(events)).toEqual(['video h264']);
    expect(tags.damagedTags).toBe(0);
  });

  test.each([
    ['1', 'fc', '06 6588840055aa'],
    ['2', 'fd', '0006 6588840055aa'],
  ])('with %s-byte lengths get 4-byte lengths, and so does the record', (_size, field, accessUnit) => {
    const header = `17 00 000000 ${AVC_RECORD.replace('0164000aff', `0164000a${field}`)}`;
    const events = read(new FlvTagToFrames(), [9, header], [9, `17 01 000000 ${accessUnit}`]);
    expect(frameData(events)).toEqual([digits(SLICE)]);
    const { config } = tracks(events)[0]!;
    expect(config.kind === 'video' && toHex(config.description)).toBe(AVC_RECORD);
  });

  test('with a truncated NAL unit are counted and skipped', () => {
    const tags = new FlvTagToFrames();
    const events = read(
      tags,
      [9, AVC_HEADER],
      [9, '17 01 000000 00000007 658884'],
      [9, `27 01 000000 ${SLICE}`],
    );
    expect(outline(events)).toEqual(['video h264', 'frame 1']);
    expect(tags.damagedTags).toBe(1);
  });

  test('with new parameter sets announce the changed track first and keep the sets in the data', () => {
    const accessUnit = nal(OTHER_SPS) + nal(OTHER_PPS) + digits(SLICE);
    const events = read(new FlvTagToFrames(), [9, AVC_HEADER], [9, `17 01 000000 ${accessUnit}`]);
    expect(outline(events)).toEqual(['video h264', 'video h264', 'frame 1']);
    const [before, after] = tracks(events);
    expect(after).toMatchObject({ id: before!.id, config: { codecString: 'avc1.42c00a' } });
    expect(events[2]).toMatchObject({ type: 'frame', frame: { track: after } });
    expect(frameData(events)).toEqual([accessUnit]);
  });

  test('with the known parameter sets are no change, nor is the old header repeated after a change', () => {
    const changed: readonly [9, string] = [9, `17 01 000000 ${nal(OTHER_SPS)}${nal(OTHER_PPS)}${SLICE}`];
    const events = read(new FlvTagToFrames(), [9, AVC_HEADER], changed, changed, [9, AVC_HEADER], changed);
    expect(outline(events)).toEqual(['video h264', 'video h264', 'frame 1', 'frame 1', 'frame 1']);
  });
});

describe('H.265 access units', () => {
  test('lose delimiters in both forms', () => {
    const aud = '00000003 460150';
    const slice = '00000005 2801ac76a1';
    const legacy = read(
      new FlvTagToFrames(),
      [9, `1c 00 000000 ${HEVC_RECORD}`],
      [9, `1c 01 000000 ${aud}${slice}`],
    );
    const enhanced = read(
      new FlvTagToFrames(),
      [9, `90 68766331 ${HEVC_RECORD}`],
      [9, `93 68766331 ${aud}${slice}`],
    );
    expect(frameData(legacy)).toEqual([digits(slice)]);
    expect(frameData(enhanced)).toEqual([digits(slice)]);
  });

  test('with a changed in-band SPS announce the changed track first', () => {
    const sps = '42010101600000030090000003000003001ea0208316595952930bc05a020000030002000003003210';
    const vui = `${sps.slice(0, -4)}2810`;
    const events = read(
      new FlvTagToFrames(),
      [9, `90 68766331 ${HEVC_RECORD}`],
      [9, `93 68766331 ${nal(vui)}00000005 2801ac76a1`],
    );
    expect(outline(events)).toEqual(['video h265', 'video h265', 'frame 1']);
  });
});

describe('streams without a sequence header', () => {
  test('of AV1 start with the first random access point', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [9, 'a1 61763031 3202c102'], [9, `91 61763031 ${AV1_KEY_UNIT}`]);
    expect(outline(events)).toEqual(['video av1', 'frame 1']);
    expect(tracks(events)[0]).toMatchObject({
      config: { width: 64, height: 48, description: hex(AV1_RECORD) },
    });
    expect(tags.damagedTags).toBe(1);
  });

  test('of VP9 start with the first key frame', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [9, 'a1 76703039 86004092'], [9, `91 76703039 ${VP9_KEY_FRAME}`]);
    expect(outline(events)).toEqual(['video vp9', 'frame 1']);
    expect(tracks(events)[0]).toMatchObject({ config: { width: 64, height: 48 } });
    expect(tags.damagedTags).toBe(1);
  });

  test('of AAC and FLAC wait for it', () => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [8, 'af 01 2110'], [8, '91 664c6143 fff8'])).toEqual([]);
    expect(tags.damagedTags).toBe(2);
  });

  test('of enhanced Opus take their channels from the packet', () => {
    const events = read(new FlvTagToFrames(), [8, '91 4f707573 f81122']);
    expect(tracks(events)[0]).toMatchObject({ config: { codec: 'opus', channels: 1, sampleRate: 48_000 } });
  });
});

test('a VP9 size that the record could not tell comes with the first key frame', () => {
  const events = read(
    new FlvTagToFrames(),
    [9, '90 76703039 000a820202020000'],
    [9, `91 76703039 ${VP9_KEY_FRAME}`],
    [9, `91 76703039 ${VP9_KEY_FRAME}`],
  );
  expect(outline(events)).toEqual(['video vp9', 'video vp9', 'frame 1', 'frame 1']);
  expect(tracks(events)[1]).toMatchObject({ config: { width: 64, height: 48 } });
});

test('AV1 temporal delimiters are dropped', () => {
  const events = read(new FlvTagToFrames(), [9, `91 61763031 1200 ${AV1_KEY_UNIT}`]);
  expect(frameData(events)).toEqual([digits(AV1_KEY_UNIT)]);
});

describe('damaged audio', () => {
  test.each([
    ['an AAC header of zero length', 'af 00'],
    ['an AAC message of 1 byte', 'af'],
    ['an AAC frame without data', 'af 01'],
    ['an AAC packet type that does not exist', 'af 02 11'],
    ['a G.711 message of 1 byte', '72'],
    ['an MP3 message of 1 byte', '2e'],
    ['MP3 that does not start with a frame', '2e 00112233'],
    ['an enhanced message cut off in its FourCC', '91 4f70'],
    ['a FourCC that is no text', '91 00000001 11'],
    ['an OpusHead that is none', '90 4f707573 0102'],
  ])('%s is counted and skipped', (_name, body) => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [8, body])).toEqual([]);
    expect(tags.damagedTags).toBe(1);
  });

  test('leaves the track usable', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [8, `af 00 ${AAC_RECORD}`], [8, 'af'], [8, 'af 00'], [8, 'af 01 2110']);
    expect(outline(events)).toEqual(['audio aac', 'frame 2']);
    expect(tags.damagedTags).toBe(2);
  });
});

describe('audio without a sequence header', () => {
  test('of G.711 is 8 kHz, whatever the rate bits say', () => {
    const events = read(new FlvTagToFrames(), [8, '7e d5d5'], [8, '72 d5d5']);
    expect(outline(events)).toEqual(['audio g711a', 'frame 2', 'frame 2']);
    expect(tracks(events)[0]).toMatchObject({ config: { sampleRate: 8000, channels: 1 } });
  });

  test('of MP3 changes its track with the frame header, and tolerates a frame without one', () => {
    const faster = MP3_FRAME.replace('fffb10', 'fffb14');
    const events = read(new FlvTagToFrames(), [8, `2e${MP3_FRAME}`], [8, '2e 0011'], [8, `2e${faster}`]);
    expect(outline(events)).toEqual(['audio mp3', 'frame 2', 'frame 2', 'audio mp3', 'frame 2']);
    expect(tracks(events).map(({ config }) => 'sampleRate' in config && config.sampleRate)).toEqual([
      44_100, 48_000,
    ]);
  });

  test('of MP3 8 kHz keeps its own code point', () => {
    const events = read(new FlvTagToFrames(), [8, `e2 ${MP3_FRAME.replace('fffb10', 'ffe318')}`]);
    expect(tracks(events)[0]).toMatchObject({
      sourceTag: 'flv:14',
      config: { codec: 'mp3', sampleRate: 8000 },
    });
    const frame = events.find((event) => event.type === 'frame')!.frame;
    expect(flvFrameBody(frame, 'legacy')[0]! >>> 4).toBe(14);
  });

  test('of a carried codec keeps its first byte as description, and a new one makes a new track', () => {
    const events = read(new FlvTagToFrames(), [8, '37 0011'], [8, '37 0011'], [8, '3b 0011']);
    expect(outline(events)).toEqual(['audio other', 'frame 2', 'frame 2', 'audio other', 'frame 2']);
    expect(tracks(events).map(({ config }) => 'sampleRate' in config && config.sampleRate)).toEqual([
      11_025, 22_050,
    ]);
  });
});

describe('script data', () => {
  const fields = { videocodecid: 7, audiocodecid: 10, width: 96 };

  test.each([
    ['an object', new AmfObject(fields)],
    ['an ECMA array', new AmfEcmaArray(fields)],
  ])('with metadata as %s announces its media and loses @setDataFrame', (_name, metadata) => {
    const events = read(new FlvTagToFrames(), [18, serializeAmf0('@setDataFrame', 'onMetaData', metadata)]);
    expect(outline(events)).toEqual(['data script', 'announce', 'frame 3']);
    expect(events[1]).toEqual({ type: 'announce', audio: true, video: true });
    expect(events[2]).toMatchObject({ frame: { isKey: true, data: serializeAmf0('onMetaData', metadata) } });
  });

  test.each([
    ['audio only', { audiocodecid: 10 }, { audio: true, video: false }],
    ['FourCC as a number', { videocodecid: 0x68766331 }, { audio: false, video: true }],
    ['names of the Flash era', { videocodecid: 'avc1', audiocodecid: 'mp4a' }, { audio: true, video: true }],
    ['a video codec id of 0', { videocodecid: 0, audiocodecid: 0 }, { audio: true, video: false }],
  ])('announces %s', (_name, values, announced) => {
    const events = read(new FlvTagToFrames(), [18, serializeAmf0('onMetaData', new AmfObject(values))]);
    expect(events.find((event) => event.type === 'announce')).toEqual({ type: 'announce', ...announced });
  });

  test.each([
    ['no codec ids', new AmfObject({ title: 'x' })],
    ['no object', null],
  ])('with %s announces nothing and is carried', (_name, metadata) => {
    const events = read(new FlvTagToFrames(), [18, serializeAmf0('onMetaData', metadata)]);
    expect(outline(events)).toEqual(['data script', 'frame 3']);
  });

  test('other than metadata is carried and replaces nothing', () => {
    const body = serializeAmf0('onTextData', new AmfObject({ text: 'hello' }));
    const events = read(new FlvTagToFrames(), [18, body], [18, body]);
    expect(outline(events)).toEqual(['data script', 'frame 3', 'frame 3']);
    expect(events[1]).toMatchObject({ frame: { isKey: false, dtsUs: 40_000, data: body } });
  });

  test('about sample access is dropped', () => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [18, serializeAmf0('|RtmpSampleAccess', true, true)])).toEqual([]);
    expect(tags.damagedTags).toBe(0);
  });

  test.each([
    ['is cut off', '02 000a 6f6e'],
    ['starts with a number', '00 3ff0000000000000'],
    ['is @setDataFrame alone', '02 000d 40736574446174614672616d65'],
  ])('that %s is counted and skipped', (_name, body) => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [18, body])).toEqual([]);
    expect(tags.damagedTags).toBe(1);
  });
});

describe('enhanced packets', () => {
  const colorInfo = serializeAmf0('colorInfo', new AmfObject({ hdrCll: null }));
  const body = (first: string): string => `${first}68766331${toHex(colorInfo)}`;

  test.each([
    ['OBS', '84'],
    ['ffmpeg', 'd4'],
  ])('with metadata as %s writes it make a data track and come out byte for byte', (_name, first) => {
    const events = read(new FlvTagToFrames(), [9, body(first)], [9, body(first)]);
    expect(outline(events)).toEqual(['data video-metadata', 'frame 4', 'frame 4']);
    const frame = events.find((event) => event.type === 'frame')!.frame;
    expect(frame).toMatchObject({ isKey: true, data: colorInfo });
    expect(toHex(flvFrameBody(frame, 'source'))).toBe(body(first));
  });

  test('with modifiers are read behind them', () => {
    const events = read(
      new FlvTagToFrames(),
      [9, `90 61766331 ${AVC_RECORD}`],
      [9, `97 02 000100 01 61766331 000028 ${SLICE}`],
      [8, `97 02 000100 01 4f707573 fc1122`],
    );
    expect(frameData(events)).toEqual([digits(SLICE), 'fc1122']);
  });

  test('with a long modifier skip all of it', () => {
    const events = read(new FlvTagToFrames(), [8, `97 ff 00ff ${'aa'.repeat(256)} 01 4f707573 fc1122`]);
    expect(frameData(events)).toEqual(['fc1122']);
  });

  test('with endless modifiers are damaged', () => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [9, `97 ${'00 00 07'.repeat(100)}`])).toEqual([]);
    expect(tags.damagedTags).toBe(1);
  });

  test('that end a sequence or command the decoder mean nothing', () => {
    const tags = new FlvTagToFrames();
    const bodies = ['17 02 000000', '17 02', '92 68766331', 'd1 00', '57 00'];
    expect(read(tags, ...bodies.map((one) => [9, one] as const), [8, '92 4f707573'])).toEqual([]);
    expect([tags.damagedTags, tags.unsupportedPackets]).toEqual([0, 0]);
  });

  test.each([
    ['an MPEG-2 TS sequence start', 9, '95 61763031 00'],
    ['a reserved packet type', 9, '98 61763031 00'],
    ['coded frames X of an unknown codec', 9, '93 7a7a7a7a 00'],
    ['a multichannel configuration', 8, '94 4f707573 01 02 00000003'],
  ] as const)('with %s are counted as unsupported', (_name, type, bytes) => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [type, bytes])).toEqual([]);
    expect([tags.damagedTags, tags.unsupportedPackets]).toEqual([0, 1]);
  });
});

describe('multitrack packets', () => {
  const u24 = (bytes: string): string => (digits(bytes).length / 2).toString(16).padStart(6, '0');
  const record = `90 61766331 ${AVC_RECORD}`;

  test('of one track with id 0 are read like any other', () => {
    const events = read(
      new FlvTagToFrames(),
      [9, `96 00 61766331 00 ${AVC_RECORD}`],
      [9, `96 03 61766331 00 ${SLICE}`],
      [8, '95 01 4f707573 00 fc1122'],
    );
    expect(outline(events)).toEqual(['video h264', 'frame 1', 'audio opus', 'frame 2']);
    expect(frameData(events)).toEqual([digits(SLICE), 'fc1122']);
  });

  test('of one track with another id are counted as unsupported', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [9, record], [9, `96 03 61766331 01 ${SLICE}`]);
    expect(outline(events)).toEqual(['video h264']);
    expect([tags.damagedTags, tags.unsupportedPackets]).toEqual([0, 1]);
  });

  test('of many tracks give track 0 and count the others', () => {
    const tags = new FlvTagToFrames();
    const other = '00000002 419a';
    const events = read(
      tags,
      [9, record],
      [9, `96 13 61766331 01 ${u24(other)} ${other} 00 ${u24(SLICE)} ${SLICE} 02 ${u24(other)} ${other}`],
    );
    expect(frameData(events)).toEqual([digits(SLICE)]);
    expect([tags.damagedTags, tags.unsupportedPackets]).toEqual([0, 2]);
  });

  test('of many tracks and codecs give track 0 in its codec', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [8, '95 21 61632d33 01 000001 0b 4f707573 00 000003 fc1122']);
    expect(outline(events)).toEqual(['audio opus', 'frame 2']);
    expect([tags.damagedTags, tags.unsupportedPackets]).toEqual([0, 1]);
  });

  test.each([
    ['nested in itself', '96 06 61766331 00'],
    ['of an unknown kind', '96 31 61766331 00'],
    ['with a track longer than the message', '96 13 61766331 00 0000ff 00'],
  ])('%s are damaged', (_name, body) => {
    const tags = new FlvTagToFrames();
    expect(read(tags, [9, body])).toEqual([]);
    expect(tags.damagedTags).toBe(1);
  });
});

describe('sizes at the end of what a message can hold', () => {
  /** One NAL unit that fills a body of `length` bytes behind the 5 bytes of an AVC header. */
  function fullBody(length: number): Uint8Array {
    const body = new Uint8Array(length);
    body.set(hex('1701000000'));
    new DataView(body.buffer).setUint32(5, length - 9);
    body[9] = 0x65;
    return body;
  }

  test('are refused for a frame that would not fit into a message of another form', () => {
    const tags = new FlvTagToFrames();
    const events = read(tags, [9, AVC_HEADER], [9, fullBody(2 ** 24 - 1)], [9, fullBody(2 ** 24 - 128)]);
    expect(outline(events)).toEqual(['video h264', 'frame 1']);
    expect(tags.damagedTags).toBe(1);
  });

  test('are refused for a record, and the track stays as it was', () => {
    const tags = new FlvTagToFrames();
    const huge = new Uint8Array(2 ** 21);
    huge.set(hex(AVC_HEADER));
    const events = read(tags, [9, AVC_HEADER], [9, huge], [9, AVC_HEADER], [9, `17 01 000000 ${SLICE}`]);
    expect(outline(events)).toEqual(['video h264', 'frame 1']);
    expect(tags.damagedTags).toBe(1);
  });

  test('are refused for in-band parameter sets that pile up', () => {
    const tags = new FlvTagToFrames();
    read(tags, [9, AVC_HEADER]);
    let largest = 0;
    for (let id = 0; id < 40; id += 1) {
      const pps = new Uint8Array(60_000).fill(0xaa);
      pps.set([0x68, ...exponentialGolomb(id)]);
      const body = Buffer.concat([hex('1701000000 0000ea60'), pps, hex(SLICE)]);
      for (const { config } of tracks(read(tags, [9, new Uint8Array(body)]))) {
        if (config.kind === 'video') largest = Math.max(largest, config.description.length);
      }
    }
    expect(largest).toBeGreaterThan(900_000);
    expect(largest).toBeLessThanOrEqual(2 ** 20);
    expect(tags.damagedTags).toBeGreaterThan(0);
  });
});

/** ue(v) of a number below 255, filled up with ones to two bytes. */
function exponentialGolomb(value: number): number[] {
  const digits = (value + 1).toString(2);
  const bits = ('0'.repeat(digits.length - 1) + digits).padEnd(16, '1');
  return [Number.parseInt(bits.slice(0, 8), 2), Number.parseInt(bits.slice(8), 2)];
}

test('an empty body means nothing', () => {
  const tags = new FlvTagToFrames();
  expect(read(tags, [8, ''], [9, ''], [18, ''])).toEqual([]);
  expect(tags.damagedTags).toBe(0);
});
