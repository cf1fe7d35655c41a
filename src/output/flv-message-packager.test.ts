import { beforeEach, describe, expect, test } from 'vitest';
import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FlvTagToFrames } from '../container/flv/tag-to-frames.ts';
import type { FlvForm, FlvTagType } from '../container/flv/flv-types.ts';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LiveStream, type OutputVariant } from '../hub/live-stream.ts';
import type { Publication } from '../hub/publication.ts';
import { serializeAmf0 } from '../protocol/amf/amf0.ts';
import { AmfEcmaArray, AmfObject } from '../protocol/amf/amf-value.ts';
import { ChunkReader } from '../protocol/rtmp/chunk-reader.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { AAC_RECORD, AVC_RECORD, FLV_VECTORS, HEVC_RECORD, hex, toHex } from '../testing/flv-vectors.ts';
import { frameOf, roomyLimits, videoTrack } from '../testing/hub-kit.ts';
import { flvOutput } from './flv-output.ts';
import { rtmpOutput, rtmpPublishOutput } from './rtmp-output.ts';

const OPTIONS = { gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 }, flushBytes: 0 };
const VIDEO = 9;
const AUDIO = 8;
const SCRIPT = 18;
const AVC_HEADER = `17 00 000000 ${AVC_RECORD}`;
const AVC_KEY = '17 01 000050 00000006 6588840055aa';
const AVC_INTER = '27 01 ffffd8 00000004 419a2301';
const AAC_HEADER = `af 00 ${AAC_RECORD}`;
const AAC_FRAME = 'af 01 211005';

/** What a player of either format gets: message type, time and body in hexadecimal digits. */
type Message = readonly [type: number, timestampMs: number, body: string];

let clock: FakeClock;
let stream: LiveStream;
let reader: FlvTagToFrames;
let publication: Publication;

beforeEach(() => {
  clock = new FakeClock();
  stream = new LiveStream('a', new FlushScheduler(clock, 60), { gopCache: OPTIONS.gopCache });
  reader = new FlvTagToFrames();
  publication = stream.publish()!;
});

function send(type: FlvTagType, timestampMs: number, body: string): void {
  reader.read({ type, timestampMs, body: hex(body) });
  for (const event of reader.takeEvents()) {
    if (event.type === 'frame') publication.write(event.frame);
    else if (event.type === 'track') publication.setTrack(event.track);
    else publication.announce(event);
  }
  clock.turn();
}

function join(variant: OutputVariant): Uint8Array[] {
  const received: Uint8Array[] = [];
  const sink = {
    queuedBytes: 0,
    write(bytes: Uint8Array): boolean {
      received.push(bytes);
      return true;
    },
    end() {},
  };
  stream.attach(variant, sink, roomyLimits);
  return received;
}

function readRtmp(received: readonly Uint8Array[], streamId = 1): Message[] {
  const reader = new ChunkReader();
  // Set Chunk Size 4096, which the connection sends before any media.
  reader.receive(hex('02 000000 000004 01 00000000 00001000'));
  const messages: Message[] = [];
  for (const bytes of received) {
    reader.receive(bytes);
    for (let message = reader.nextMessage(); message !== undefined; message = reader.nextMessage()) {
      expect(message.streamId).toBe(streamId);
      messages.push([message.typeId, message.timestamp, toHex(message.payload)]);
    }
  }
  expect(reader.pendingBytes).toBe(0);
  return messages;
}

function readFlv(received: readonly Uint8Array[], flags: { audio: boolean; video: boolean }): Message[] {
  const demuxer = new FlvDemuxer();
  const messages: Message[] = [];
  for (const bytes of received) {
    demuxer.receive(bytes);
    for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) {
      messages.push([tag.type, tag.timestampMs, toHex(tag.body)]);
    }
  }
  expect(demuxer.header).toMatchObject(flags);
  return messages;
}

function message(type: number, timestampMs: number, body: string): Message {
  return [type, timestampMs, body.replaceAll(/\s/g, '')];
}

/** The messages of players of both formats, which must be the same. */
class Players {
  readonly #rtmp: Uint8Array[];
  readonly #flv: Uint8Array[];

  constructor(form: FlvForm = 'source') {
    this.#rtmp = join(rtmpOutput(form, OPTIONS));
    this.#flv = join(flvOutput(form, OPTIONS));
  }

  messages(flags = { audio: true, video: true }): Message[] {
    const messages = readRtmp(this.#rtmp);
    expect(readFlv(this.#flv, flags)).toEqual(messages);
    return messages;
  }
}

describe('every codec in every spelling comes out as it went in', () => {
  for (const { name, type, header, body, isKey = true } of FLV_VECTORS) {
    if (!isKey) continue;
    test(name, () => {
      const players = new Players();
      if (header !== undefined) send(type, 0, header);
      send(type, 40, body);
      clock.advance(500);
      const messages = players.messages({ audio: type === AUDIO, video: type === VIDEO });
      expect(messages.at(-1)).toEqual(message(type, 40, body));
      if (header !== undefined) expect(messages).toContainEqual(message(type, 40, header));
    });
  }
});

describe('H.265 in the form that the viewer asks for', () => {
  const slice = '00000005 2801ac76a1';
  const legacy = {
    header: `1c 00 000000 ${HEVC_RECORD}`,
    key: `1c 01 000028 ${slice}`,
    now: `1c 01 000000 ${slice}`,
  };
  const enhanced = {
    header: `90 68766331 ${HEVC_RECORD}`,
    key: `91 68766331 000028 ${slice}`,
    now: `93 68766331 ${slice}`,
  };

  for (const [form, source, expected] of [
    ['enhanced', legacy, enhanced],
    ['legacy', enhanced, legacy],
    ['enhanced', enhanced, enhanced],
    ['legacy', legacy, legacy],
  ] as const) {
    test(`${form} from ${source === legacy ? 'legacy' : 'enhanced'}`, () => {
      const players = new Players(form);
      send(VIDEO, 0, source.header);
      send(VIDEO, 0, source.key);
      send(VIDEO, 40, source.now);
      clock.advance(500);
      expect(players.messages({ audio: false, video: true })).toEqual([
        message(VIDEO, 0, expected.header),
        message(VIDEO, 0, expected.key),
        message(VIDEO, 40, expected.now),
      ]);
    });
  }
});

test('a late viewer gets metadata, video header, audio header, the cached group, and the stream', () => {
  const metadata = toHex(serializeAmf0('onMetaData', new AmfObject({ width: 96 })));
  send(VIDEO, 0, AVC_HEADER);
  send(AUDIO, 0, AAC_HEADER);
  send(SCRIPT, 0, toHex(serializeAmf0('@setDataFrame', 'onMetaData', new AmfObject({ width: 96 }))));
  send(VIDEO, 1000, AVC_KEY);
  send(AUDIO, 1005, AAC_FRAME);
  const players = new Players();
  send(VIDEO, 1040, AVC_INTER);
  expect(players.messages()).toEqual([
    message(SCRIPT, players.messages()[0]![1], metadata),
    message(VIDEO, 1000, AVC_HEADER),
    message(AUDIO, 1000, AAC_HEADER),
    message(VIDEO, 1000, AVC_KEY),
    message(AUDIO, 1005, AAC_FRAME),
    message(VIDEO, 1040, AVC_INTER),
  ]);
});

test.each([
  ['the extended time stamp', 0xff_ff_ff - 40],
  ['the sign bit', 2 ** 31 - 40],
  ['the wrap of 32 bits', 2 ** 32 - 40],
  ['a second turn', 2 ** 33 - 40],
])('times cross %s without a gap', (_what, startMs) => {
  const players = new Players();
  send(VIDEO, startMs, AVC_HEADER);
  send(AUDIO, startMs, AAC_HEADER);
  for (let index = 0; index < 4; index += 1)
    send(VIDEO, startMs + index * 40, index === 0 ? AVC_KEY : AVC_INTER);
  const times = players.messages().map(([, timestampMs]) => timestampMs);
  expect(times).toEqual([0, 0, 0, 40, 80, 120].map((ms) => (startMs + ms) % 2 ** 32));
});

test('a message of many chunks comes back whole, with a time that needs the extended field too', () => {
  const players = new Players();
  const slice = new Uint8Array(100_000).fill(0xab);
  slice[0] = 0x65;
  const data = `000186a0${toHex(slice)}`;
  send(VIDEO, 0x1_00_00_00, AVC_HEADER);
  send(AUDIO, 0x1_00_00_00, AAC_HEADER);
  send(VIDEO, 0x1_00_00_00, `17 01 000000 ${data}`);
  expect(players.messages().at(-1)).toEqual(message(VIDEO, 0x1_00_00_00, `17 01 000000 ${data}`));
});

test('a frame that does not fit the 24 bits of a body length is left out, and the stream goes on', () => {
  const players = new Players();
  publication.announce({ audio: false, video: true });
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0, { isKey: true, bytes: 0xff_ff_ff - 4 }));
  publication.write(frameOf(videoTrack(), 40, { isKey: true }));
  clock.turn();
  const messages = players.messages({ audio: false, video: true });
  expect(messages.map(([, timestampMs, body]) => [timestampMs, body.length / 2])).toEqual([
    [40, 6],
    [40, 15],
  ]);
});

describe('a server that the stream is published to', () => {
  const AVC_VALUES = { width: 96, height: 64, videocodecid: 7 };
  const AAC_VALUES = { audiocodecid: 10, audiosamplerate: 44_100, stereo: true };

  function metadata(values: Record<string, number | boolean | string>): string {
    return toHex(serializeAmf0('@setDataFrame', 'onMetaData', new AmfEcmaArray(values)));
  }

  test('gets the source’s metadata as data frames, and other script data as it came', () => {
    const early = join(rtmpPublishOutput('source', 1, OPTIONS));
    const own = metadata({ width: 96 });
    const cuePoint = toHex(serializeAmf0('onCuePoint', 'now'));
    send(SCRIPT, 0, own);
    send(VIDEO, 0, AVC_HEADER);
    send(AUDIO, 0, AAC_HEADER);
    send(VIDEO, 1000, AVC_KEY);
    send(SCRIPT, 1010, cuePoint);
    send(SCRIPT, 1020, metadata({ width: 97 }));
    const late = join(rtmpPublishOutput('source', 1, OPTIONS));
    const stream = [
      message(VIDEO, 1000, AVC_KEY),
      message(SCRIPT, 1010, cuePoint),
      message(SCRIPT, 1020, metadata({ width: 97 })),
    ];
    expect(readRtmp(early)).toEqual([
      message(SCRIPT, 0, own),
      message(VIDEO, 1000, AVC_HEADER),
      message(AUDIO, 1000, AAC_HEADER),
      ...stream,
    ]);
    expect(readRtmp(late)).toEqual(readRtmp(early));
  });

  test('is told of the tracks when the source gave no metadata', () => {
    const target = join(rtmpPublishOutput('source', 1, OPTIONS));
    send(VIDEO, 0, AVC_HEADER);
    send(AUDIO, 0, AAC_HEADER);
    send(VIDEO, 1000, AVC_KEY);
    expect(readRtmp(target)[0]).toEqual(
      message(SCRIPT, 0, metadata({ ...AVC_VALUES, ...AAC_VALUES, encoder: 'lal-ts' })),
    );
  });

  test('is told of codecs by FourCC where they are sent so', () => {
    const target = join(rtmpPublishOutput('enhanced', 1, OPTIONS));
    send(VIDEO, 0, `1c 00 000000 ${HEVC_RECORD}`);
    send(VIDEO, 40, '1c 01 000028 00000005 2801ac76a1');
    clock.advance(500);
    expect(readRtmp(target)[0]![2]).toContain(toHex(serializeAmf0('x', 0x68766331)).slice(8));
  });

  test('gets everything on the message stream it has given', () => {
    const target = join(rtmpPublishOutput('source', 0x01020304, OPTIONS));
    send(VIDEO, 0, AVC_HEADER);
    send(VIDEO, 1000, AVC_KEY);
    clock.advance(500);
    expect(readRtmp(target, 0x01020304).map(([type]) => type)).toEqual([SCRIPT, VIDEO, VIDEO]);
  });
});
