import { beforeEach, describe, expect, test } from 'vitest';
import type { LiveStream } from '../../hub/live-stream.ts';
import type { Publication } from '../../hub/publication.ts';
import type { Subscription } from '../../hub/subscription.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { roomyLimits, scriptTrack } from '../../testing/hub-kit.ts';
import {
  PacketSink,
  channelSlotsOf,
  fanoutOptions,
  newStream,
  rtpPacketsOf,
  senderReportsOf,
  type ChannelPacket,
} from '../../testing/rtsp-media-kit.ts';
import { aacTrack, g711Track, h264HighTrack, h264Track, h265Track, sliceUnit } from '../../testing/ts-kit.ts';
import { rtspOutput } from './rtsp-output.ts';

const FRAME_MS = 40;
const data: Track = { ...scriptTrack(), id: 3 };

let clock: FakeClock;
let stream: LiveStream;
beforeEach(() => {
  clock = new FakeClock();
  stream = newStream(clock);
});

interface ViewerOptions {
  readonly tracks?: readonly Track[];
  readonly gops?: number;
  readonly startsAnywhere?: boolean;
  readonly maxQueueBytes?: number;
}

/** A viewer that was told of `tracks`. */
class Viewer extends PacketSink {
  readonly subscription: Subscription;

  constructor(options: ViewerOptions = {}) {
    super();
    const { tracks = [h264Track, aacTrack], gops = 0, startsAnywhere = false, maxQueueBytes = 1e9 } = options;
    const variant = rtspOutput({ slots: channelSlotsOf(tracks), clock, startsAnywhere }, fanoutOptions(gops));
    this.subscription = stream.attach(variant, this, { ...roomyLimits, maxQueueBytes });
  }

  get channels(): number[] {
    return this.packets.map(({ channel }) => channel);
  }

  /** What arrived since the last call. */
  take(): ChannelPacket[] {
    return this.packets.splice(0);
  }
}

function publish(...tracks: Track[]): Publication {
  const publication = stream.publish()!;
  publication.announce({
    audio: tracks.some(({ kind }) => kind === 'audio'),
    video: tracks.some(({ kind }) => kind === 'video'),
  });
  for (const track of tracks) publication.setTrack(track);
  return publication;
}

function frame(track: Track, timeMs: number, isKey = track.kind !== 'video'): SourceFrame {
  const bytes = track.kind === 'video' ? sliceUnit(track, isKey) : Uint8Array.of(1, 2, 3, 4);
  return { track, dtsUs: timeMs * 1000, ptsUs: timeMs * 1000, isKey, data: bytes };
}

/** Pictures and sound in turn, a key picture every `gop`; numbers count from `first` on. */
function play(
  publication: Publication,
  count: number,
  options: { first?: number; gop?: number; video?: Track; audio?: Track } = {},
): void {
  const { first = 0, gop = 10, video = h264Track, audio = aacTrack } = options;
  for (let index = first; index < first + count; index += 1) {
    publication.write(frame(video, index * FRAME_MS, index % gop === 0));
    publication.write(frame(audio, index * FRAME_MS + 5));
    clock.advance(FRAME_MS);
  }
}

/** NAL unit types of H.264. */
function picturesOf(packets: readonly ChannelPacket[]): number[] {
  return rtpPacketsOf(0, packets).map(({ payload }) => payload[0]! & 0x1f);
}

function expectRun(slot: number, packets: readonly ChannelPacket[]): void {
  const own = rtpPacketsOf(slot, packets);
  for (const [index, { sequenceNumber }] of own.entries()) {
    expect(sequenceNumber).toBe((own[0]!.sequenceNumber + index) & 0xffff);
  }
}

describe('a viewer', () => {
  test('in the middle of a group waits for the key frame, before which come reports of all tracks', () => {
    const publication = publish(h264Track, aacTrack);
    play(publication, 5);
    const viewer = new Viewer();
    play(publication, 5, { first: 5 });
    expect(viewer.packets).toEqual([]);
    play(publication, 1, { first: 10 });
    expect(viewer.channels).toEqual([1, 3, 0, 0, 0, 2]);
    expect(picturesOf(viewer.packets)).toEqual([7, 8, 5]);
    const [picture] = rtpPacketsOf(0, viewer.packets);
    const [report] = senderReportsOf(0, viewer.packets);
    expect((picture!.timestamp - report!.rtpTimestamp) | 0).toBe(0);
  });

  test('begins where the stream is, if it wants to', () => {
    const publication = publish(h264Track, aacTrack);
    play(publication, 5);
    const viewer = new Viewer({ startsAnywhere: true });
    play(publication, 1, { first: 5 });
    expect(picturesOf(viewer.packets)).toEqual([1]);
    expect(rtpPacketsOf(1, viewer.packets)).toHaveLength(1);
  });

  test('begins with the cached group, behind which the stream goes on without a gap or a repetition', () => {
    stream = newStream(clock, 1);
    const early = new Viewer({ gops: 1 });
    const publication = publish(h264Track, aacTrack);
    play(publication, 25);
    const viewer = new Viewer({ gops: 1 });
    const cached = viewer.packets.length;
    expect(picturesOf(viewer.packets)).toEqual([7, 8, 5, 1, 1, 1, 1]);
    // Long ago as it is, the report speaks of the first packet.
    const [report] = senderReportsOf(0, viewer.packets);
    expect((rtpPacketsOf(0, viewer.packets)[0]!.timestamp - report!.rtpTimestamp) | 0).toBe(0);
    play(publication, 10, { first: 25 });
    expect(viewer.packets.length).toBeGreaterThan(cached + 20);
    for (const slot of [0, 1]) {
      expectRun(slot, viewer.packets);
      const own = rtpPacketsOf(slot, viewer.packets);
      expect(own).toEqual(rtpPacketsOf(slot, early.packets).slice(-own.length));
    }
  });

  test('of a stream that runs without viewers gets its cached group from a packager made for it', () => {
    stream = newStream(clock, 1);
    const publication = publish(h264Track, aacTrack);
    play(publication, 25);
    const viewer = new Viewer({ gops: 1 });
    play(publication, 3, { first: 25 });
    expect(picturesOf(viewer.packets)).toEqual([7, 8, 5, 1, 1, 1, 1, 1, 1, 1]);
    for (const slot of [0, 1]) expectRun(slot, viewer.packets);
  });

  test.each([
    { startsAnywhere: false, next: [7, 8, 5] },
    { startsAnywhere: true, next: [1, 7, 8] },
  ])(
    'that is too slow loses whole frames, and goes on with what it may begin with ($next)',
    ({ startsAnywhere, next }) => {
      const viewer = new Viewer({ startsAnywhere, maxQueueBytes: 600 });
      const publication = publish(h264Track, aacTrack);
      play(publication, 2);
      viewer.isFull = true;
      play(publication, 1, { first: 2 });
      viewer.take();
      for (let first = 3; viewer.subscription.counters.drops === 0; first += 1)
        play(publication, 1, { first });
      viewer.isFull = false;
      viewer.subscription.resume(clock.monotonicMs());
      expect(viewer.take()).toEqual([]);
      play(publication, 3, { first: 9 });
      const packets = viewer.take();
      expect(picturesOf(packets).slice(0, 3)).toEqual(next);
      expect(packets.slice(0, 2).map(({ channel }) => channel)).toEqual([1, 3]);
      expectRun(0, packets);
    },
  );

  test('gets the same bytes as all others of its tracks and channels', () => {
    const viewers = [new Viewer(), new Viewer(), new Viewer({ tracks: [aacTrack] })];
    expect(stream.fanouts.size).toBe(2);
    play(publish(h264Track, aacTrack), 3);
    expect(viewers[1]!.packets).toEqual(viewers[0]!.packets);
    expect(new Set(viewers[2]!.channels)).toEqual(new Set([0, 1]));
  });
});

describe('tracks', () => {
  test('of data are left out', () => {
    const viewer = new Viewer();
    const publication = publish(h264Track, aacTrack, data);
    publication.write({ ...frame(data, 0), data: Uint8Array.of(2, 0, 0) });
    play(publication, 2);
    publication.write({ ...frame(data, 80), data: Uint8Array.of(2, 0, 0), isKey: true });
    play(publication, 2, { first: 2 });
    expect(picturesOf(viewer.packets)).toEqual([7, 8, 5, 1, 1, 1]);
    expect(rtpPacketsOf(1, viewer.packets)).toHaveLength(4);
  });

  test('that appear late are sent where the description has a place for them', () => {
    const promised = new Viewer();
    const unaware = new Viewer({ tracks: [h264Track] });
    const publication = publish(h264Track);
    publication.write(frame(h264Track, 0, true));
    clock.advance(1_000);
    publication.setTrack(aacTrack);
    publication.write(frame(aacTrack, 1_000));
    clock.advance(1_000);
    expect(rtpPacketsOf(1, promised.packets)).toHaveLength(1);
    // Its report comes first.
    expect(promised.channels.slice(-3)).toEqual([1, 3, 2]);
    expect(new Set(unaware.channels)).toEqual(new Set([0, 1]));
  });

  test('whose parameters change go on, with the new sets before the next key frame', () => {
    const viewer = new Viewer();
    const publication = publish(h264Track, aacTrack);
    play(publication, 3);
    viewer.take();
    publication.setTrack(h264HighTrack);
    play(publication, 1, { first: 10, video: h264HighTrack });
    const packets = viewer.take();
    const { config } = h264HighTrack;
    const sets =
      config.codec === 'h264' ? [...config.sequenceParameterSets, ...config.pictureParameterSets] : [];
    expect(
      rtpPacketsOf(0, packets)
        .slice(0, 2)
        .map(({ payload }) => payload),
    ).toEqual(sets);
    expect(picturesOf(packets)).toEqual([7, 8, 5]);
  });

  test('that become another codec end, come back when they are the old one again, and leave the others alone', () => {
    const viewer = new Viewer();
    const publication = publish(h264Track, aacTrack);
    const asH265 = { ...h265Track, id: h264Track.id };
    play(publication, 2);
    publication.setTrack(asH265);
    play(publication, 3, { first: 10, video: asH265 });
    const before = viewer.take();
    expect(picturesOf(before)).toEqual([7, 8, 5, 1]);
    expect(rtpPacketsOf(1, before)).toHaveLength(5);
    publication.setTrack(h264Track);
    play(publication, 1, { first: 20 });
    const after = viewer.take();
    expect(picturesOf(after)).toEqual([7, 8, 5]);
    for (const slot of [0, 1]) expectRun(slot, [...before, ...after]);
  });
});

describe('the next publisher', () => {
  test('is shown in the same session, from its first key frame on', () => {
    const viewer = new Viewer();
    const first = publish(h264Track, aacTrack);
    play(first, 5);
    first.end();
    clock.advance(2_000);
    const video = { ...h264HighTrack, id: 12 };
    const audio = { ...aacTrack, id: 11 };
    const second = publish(audio, video);
    play(second, 5, { first: 1003, video, audio });
    play(second, 5, { first: 1010, video, audio });
    for (const slot of [0, 1]) {
      const own = rtpPacketsOf(slot, viewer.packets);
      expectRun(slot, viewer.packets);
      const times = own.map(({ timestamp }) => (timestamp - own[0]!.timestamp) | 0);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(picturesOf(viewer.packets)).toEqual([7, 8, 5, 1, 1, 1, 1, 7, 8, 5, 1, 1, 1, 1]);
  });

  test('with another codec is heard, but not seen, and a viewer that comes then sees it', () => {
    const viewer = new Viewer();
    const first = publish(h264Track, aacTrack);
    play(first, 5);
    first.end();
    viewer.take();
    clock.advance(100);
    const late = new Viewer({ tracks: [h265Track, aacTrack] });
    play(publish(h265Track, aacTrack), 5, { video: h265Track });
    expect(new Set(viewer.channels.filter((channel) => channel % 2 === 0))).toEqual(new Set([2]));
    expect(rtpPacketsOf(1, viewer.packets)).toHaveLength(5);
    expect(rtpPacketsOf(0, late.packets).length).toBeGreaterThan(5);
  });

  test('with nothing that fits sends nothing', () => {
    const viewer = new Viewer();
    const first = publish(h264Track, aacTrack);
    play(first, 2);
    first.end();
    viewer.take();
    play(publish(h265Track, g711Track), 12, { video: h265Track, audio: g711Track });
    expect(viewer.packets).toEqual([]);
  });
});

test('streams whose descriptions promise different things are different variants', () => {
  const id = (...tracks: Track[]): string => {
    const options = { slots: channelSlotsOf(tracks), clock, startsAnywhere: false };
    return rtspOutput(options, fanoutOptions()).id;
  };
  expect(id(h264Track, aacTrack)).toBe(id(h264HighTrack, aacTrack));
  const ids = [id(h264Track), id(h265Track), id(h264Track, aacTrack), id(aacTrack), id(aacTrack, aacTrack)];
  expect(new Set(ids).size).toBe(ids.length);
});
