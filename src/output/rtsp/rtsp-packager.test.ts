import { beforeEach, describe, expect, test } from 'vitest';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { unixUsOfNtpTime } from '../../protocol/rtp/ntp-time.ts';
import { parseRtcp } from '../../protocol/rtp/rtcp.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import { writeRtpHeader } from '../../protocol/rtp/rtp-packet.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import {
  channelPacketsIn,
  channelSlotsOf,
  rtpPacketsOf,
  senderReportsOf,
  type ChannelPacket,
} from '../../testing/rtsp-media-kit.ts';
import {
  TsCollector,
  aacTrack,
  g711Track,
  h264Track,
  mediaFrame,
  mp3Track,
  opusTrack,
  sliceUnit,
} from '../../testing/ts-kit.ts';
import { RtspPackager } from './rtsp-packager.ts';

const state = { tracks: [h264Track, aacTrack], stickyFrames: [] };

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

/** A packager for these tracks, which it has been told. */
function packagerOf(...tracks: Track[]): RtspPackager {
  const packager = new RtspPackager({ slots: channelSlotsOf(tracks), clock, startsAnywhere: false });
  for (const track of tracks) packager.writeTrack(track);
  return packager;
}

/** What is written for a frame that arrives now. */
function write(packager: RtspPackager, frame: MediaFrame): ChannelPacket[] {
  const out = new TsCollector();
  packager.writeFrame({ ...frame, arrivedMs: clock.monotonicMs() }, out);
  return channelPacketsIn(out.all);
}

function picture(dtsMs = clock.monotonicMs(), isKey = false, track: Track = h264Track): MediaFrame {
  return mediaFrame(track, dtsMs, sliceUnit(track, isKey), { isKey });
}

function keyPicture(dtsMs = clock.monotonicMs(), track: Track = h264Track): MediaFrame {
  return picture(dtsMs, true, track);
}

function sound(dtsMs = clock.monotonicMs(), track: Track = aacTrack): MediaFrame {
  return mediaFrame(track, dtsMs, Uint8Array.of(1, 2, 3));
}

function channelsOf(packets: readonly ChannelPacket[]): number[] {
  return packets.map(({ channel }) => channel);
}

/** The wall clock at a timestamp, by a report; in microseconds. */
function wallUsOf(report: SenderReport, timestamp: number, clockRate: number): number {
  return unixUsOfNtpTime(report) + (((timestamp - report.rtpTimestamp) | 0) * 1e6) / clockRate;
}

describe('packets', () => {
  test('of a track have one source and payload type, and numbers that follow each other', () => {
    const packager = packagerOf(h264Track, aacTrack);
    const packets = [0, 40, 80].flatMap((timeMs) => [
      ...write(packager, keyPicture(timeMs)),
      ...write(packager, sound(timeMs)),
    ]);
    for (const [index, payloadType] of [96, 97].entries()) {
      const own = rtpPacketsOf(index, packets);
      const [first] = own;
      expect(own.length).toBeGreaterThan(2);
      for (const [count, packet] of own.entries()) {
        const sequenceNumber = (first!.sequenceNumber + count) & 0xffff;
        expect(packet).toMatchObject({ payloadType, ssrc: first!.ssrc, sequenceNumber });
      }
    }
    expect(rtpPacketsOf(0, packets)[0]!.ssrc).not.toBe(rtpPacketsOf(1, packets)[0]!.ssrc);
  });

  test('have presentation times, at the clock of their track', () => {
    const packager = packagerOf(h264Track, aacTrack);
    const data = sliceUnit(h264Track, true);
    const pictures = [80, 200, 120].map((ptsMs, index) =>
      rtpPacketsOf(0, write(packager, mediaFrame(h264Track, index * 40, data, { isKey: true, ptsMs }))).at(
        -1,
      )!,
    );
    expect(pictures.map(({ timestamp }) => (timestamp - pictures[0]!.timestamp) | 0)).toEqual([
      0, 10_800, 3600,
    ]);
    const sounds = [0, 1000].map((timeMs) => rtpPacketsOf(1, write(packager, sound(timeMs)))[0]!);
    expect((sounds[1]!.timestamp - sounds[0]!.timestamp) | 0).toBe(48_000);
  });

  test('keep their numbers over the wrap of 16 bits', () => {
    const packager = packagerOf(opusTrack);
    let next: number | undefined;
    for (let index = 0; index < 66_000; index += 1) {
      const out = new TsCollector();
      packager.writeFrame(mediaFrame(opusTrack, 0, Uint8Array.of(0xf8)), out);
      const at = out.all.length - 13;
      const number = (out.all[at + 2]! << 8) | out.all[at + 3]!;
      if (next !== undefined) expect(number).toBe(next);
      next = (number + 1) & 0xffff;
    }
  });

  test('of sound that is cut have times of their own', () => {
    const packager = packagerOf(g711Track);
    const packets = rtpPacketsOf(
      0,
      write(packager, mediaFrame(g711Track, 0, new Uint8Array(3000).fill(0xd5))),
    );
    expect(packets.map(({ payload }) => payload.length)).toEqual([1360, 1360, 280]);
    const [first] = packets;
    expect(packets.map(({ timestamp }) => (timestamp - first!.timestamp) | 0)).toEqual([0, 1360, 2720]);
  });

  test('of a key frame begin with the parameter sets in force', () => {
    const packager = packagerOf(h264Track);
    const types = rtpPacketsOf(0, write(packager, keyPicture())).map(({ payload }) => payload[0]! & 0x1f);
    expect(types).toEqual([7, 8, 5]);
    expect(rtpPacketsOf(0, write(packager, picture())).map(({ payload }) => payload[0]! & 0x1f)).toEqual([1]);
  });

  test('of media that nobody knows carry payload and marker as they came, under a number of ours', () => {
    const config = {
      kind: 'opaque',
      codec: 'rtp',
      media: 'application',
      encodingName: 'vnd.onvif.metadata',
      clockRate: 90_000,
      channels: 1,
      formatParameters: '',
    } as const;
    const track: Track = { id: 5, kind: 'opaque', config };
    const packager = packagerOf(track);
    const data = Uint8Array.from([...new Uint8Array(12), 1, 2, 3]);
    const header = { payloadType: 107, sequenceNumber: 7, timestamp: 99, ssrc: 0x1234 };
    for (const marker of [true, false]) {
      writeRtpHeader(data, 0, { ...header, marker });
      const [packet] = rtpPacketsOf(0, write(packager, mediaFrame(track, 0, data)));
      expect(packet).toMatchObject({ payloadType: 102, marker, payload: Uint8Array.of(1, 2, 3) });
      expect(packet!.ssrc).not.toBe(0x1234);
    }
  });

  test('of a frame that cannot be sent are none, and no unit begins', () => {
    const packager = packagerOf(h264Track);
    const out = new TsCollector();
    packager.writeFrame(mediaFrame(h264Track, 0, Uint8Array.of(0, 0, 0, 9, 1), { isKey: true }), out);
    packager.writeFrame(mediaFrame(h264Track, 0, new Uint8Array(0), { isKey: true }), out);
    expect(out.units).toEqual([]);
    packager.writeFrame(keyPicture(), out);
    expect(out.units).toHaveLength(1);
  });
});

describe('sender reports', () => {
  test('come before the first packet of each track, with one for each track that has begun', () => {
    const packager = packagerOf(h264Track, aacTrack);
    expect(channelsOf(write(packager, keyPicture()))).toEqual([1, 0, 0, 0]);
    expect(channelsOf(write(packager, sound()))).toEqual([1, 3, 2]);
    expect(channelsOf(write(packager, sound()))).toEqual([2]);
  });

  test('come again after three seconds, those of all tracks at once', () => {
    const packager = packagerOf(h264Track, aacTrack);
    write(packager, keyPicture());
    write(packager, sound());
    clock.advance(2_999);
    expect(channelsOf(write(packager, sound()))).toEqual([2]);
    clock.advance(1);
    expect(channelsOf(write(packager, sound()))).toEqual([1, 3, 2]);
    expect(channelsOf(write(packager, picture()))).toEqual([0]);
  });

  test('count packets and bytes of payload', () => {
    const packager = packagerOf(aacTrack);
    for (let index = 0; index < 5; index += 1) write(packager, sound());
    clock.advance(3_000);
    const [report] = senderReportsOf(0, write(packager, sound()));
    expect(report).toMatchObject({ packetCount: 5, octetCount: 5 * 7 });
  });

  test('of all tracks have one name', () => {
    const packager = packagerOf(h264Track, aacTrack);
    write(packager, keyPicture());
    const names = write(packager, sound())
      .filter(({ channel }) => channel % 2 === 1)
      .flatMap(({ bytes }) => parseRtcp(bytes))
      .flatMap((packet) => (packet.type === 'source-description' ? packet.chunks : []))
      .map(({ canonicalName }) => canonicalName);
    expect(names).toEqual([names[0], names[0]]);
    expect(names[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  test('put picture and sound where they lie in the stream, also when one always comes late', () => {
    const packager = packagerOf(h264Track, aacTrack);
    const packets: ChannelPacket[] = [];
    for (let index = 0; index < 500; index += 1) {
      const nowMs = index * 20;
      // Pictures come 800 ms behind the sound that belongs to them.
      packets.push(...write(packager, sound(nowMs + 5_000)));
      if (index % 2 === 0) packets.push(...write(packager, keyPicture(nowMs + 4_200)));
      clock.advance(20);
    }
    const reports = [0, 1].map((index) => senderReportsOf(index, packets));
    const firsts = [0, 1].map((index) => rtpPacketsOf(index, packets)[0]!);
    const offsets = reports[0]!.map((report, index) => {
      const ofSound = reports[1]!.at(index - reports[0]!.length)!;
      expect(ofSound).toMatchObject({ ntpSeconds: report.ntpSeconds, ntpFraction: report.ntpFraction });
      return wallUsOf(report, firsts[0]!.timestamp, 90_000) - wallUsOf(ofSound, firsts[1]!.timestamp, 48_000);
    });
    expect(offsets.length).toBeGreaterThan(3);
    for (const offset of offsets) expect(Math.abs(offset + 800_000)).toBeLessThan(25);
  });

  test('for a newcomer speak of the moment at which it begins, and do not put off those of others', () => {
    const packager = packagerOf(h264Track, aacTrack);
    for (let index = 0; index < 8; index += 1) {
      if (index > 0) clock.advance(1_000);
      const packets = [...write(packager, keyPicture()), ...write(packager, sound())];
      expect(senderReportsOf(0, packets)).toHaveLength(index === 0 ? 2 : index % 3 === 0 ? 1 : 0);
      const out = new TsCollector();
      packager.writeHeaders(state, 0, out);
      const headers = channelPacketsIn(out.all);
      expect(channelsOf(headers)).toEqual([1, 3]);
      for (const [track, report] of [0, 1].map((slot) => senderReportsOf(slot, headers)[0]!).entries()) {
        expect(unixUsOfNtpTime(report)).toBe(clock.wallMs() * 1000 - index * 1_000_000);
        const { timestamp } = rtpPacketsOf(track, packets).at(-1)!;
        const passed = index * [90_000, 48_000][track]!;
        expect((timestamp - report.rtpTimestamp) | 0).toBe(passed);
      }
    }
  });

  test('are none for a newcomer before anything was sent', () => {
    const out = new TsCollector();
    packagerOf(h264Track, aacTrack).writeHeaders(state, 0, out);
    expect(out.all).toHaveLength(0);
  });
});

describe('the last packets', () => {
  test('are a report and a goodbye for each track that has begun', () => {
    const packager = packagerOf(h264Track, aacTrack);
    expect(packager.goodbye()).toHaveLength(0);
    const [first] = rtpPacketsOf(1, write(packager, sound()));
    const packets = channelPacketsIn(packager.goodbye());
    expect(channelsOf(packets)).toEqual([3]);
    expect(parseRtcp(packets[0]!.bytes)).toMatchObject([
      { type: 'sender-report', ssrc: first!.ssrc },
      { type: 'source-description' },
      { type: 'goodbye', ssrcs: [first!.ssrc] },
    ]);
  });

  test('keep to the clock of those before, however long ago the publisher left', () => {
    const packager = packagerOf(h264Track, aacTrack);
    write(packager, keyPicture());
    const before = write(packager, sound());
    packager.finish();
    clock.advance(10_000);
    const last = channelPacketsIn(packager.goodbye());
    for (const [slot, rate] of [90_000, 48_000].entries()) {
      const [[first], [report]] = [senderReportsOf(slot, before), senderReportsOf(slot, last)];
      expect(unixUsOfNtpTime(report!) - unixUsOfNtpTime(first!)).toBe(10_000_000);
      expect((report!.rtpTimestamp - first!.rtpTimestamp) >>> 0).toBe(10 * rate);
    }
  });
});

describe('the next publisher', () => {
  const otherVideo: Track = { ...h264Track, id: 31 };
  const otherAudio: Track = { ...aacTrack, id: 30 };

  function publishAgain(packager: RtspPackager, ...tracks: Track[]): void {
    packager.finish();
    expect(tracks.map((track) => packager.carries(track))).toEqual(tracks.map(() => true));
    for (const track of tracks) packager.writeTrack(track);
  }

  test('goes on with numbers, sources and times, whatever its tracks are called and its clock says', () => {
    const packager = packagerOf(h264Track, aacTrack);
    const before = [...write(packager, keyPicture(1_000)), ...write(packager, sound(1_000))];
    clock.advance(7_000);
    publishAgain(packager, otherVideo, otherAudio);
    const after = [
      ...write(packager, keyPicture(500_000, otherVideo)),
      ...write(packager, sound(500_000, otherAudio)),
    ];
    for (const [slot, rate] of [90_000, 48_000].entries()) {
      const last = rtpPacketsOf(slot, before).at(-1)!;
      const [next] = rtpPacketsOf(slot, after);
      expect(next!.sequenceNumber).toBe((last.sequenceNumber + 1) & 0xffff);
      expect(next!.ssrc).toBe(last.ssrc);
      expect((next!.timestamp - last.timestamp) >>> 0).toBe(7 * rate);
    }
  });

  test('has new reports at once, which keep to the wall clock', () => {
    const packager = packagerOf(h264Track);
    const before = write(packager, keyPicture(1_000));
    clock.advance(1_500);
    publishAgain(packager, otherVideo);
    const after = write(packager, keyPicture(0, otherVideo));
    expect(channelsOf(after)[0]).toBe(1);
    const [[first], [second]] = [senderReportsOf(0, before), senderReportsOf(0, after)];
    expect(unixUsOfNtpTime(second!) - unixUsOfNtpTime(first!)).toBe(1_500_000);
    expect((second!.rtpTimestamp - first!.rtpTimestamp) >>> 0).toBe(1.5 * 90_000);
  });

  test('does not set back the clock of the reports, by which FFmpeg tells the time, however late the first frame came', () => {
    const packager = packagerOf(h264Track);
    clock.advance(300);
    const before = write(packager, keyPicture(0));
    clock.advance(400);
    const [last] = rtpPacketsOf(0, write(packager, picture(600)));
    publishAgain(packager, otherVideo);
    const after = write(packager, keyPicture(0, otherVideo));
    const [first, next] = [senderReportsOf(0, before)[0]!, senderReportsOf(0, after)[0]!];
    const { timestamp } = rtpPacketsOf(0, after)[0]!;
    expect(wallUsOf(next, timestamp, 90_000)).toBe(wallUsOf(first, timestamp, 90_000));
    expect((timestamp - last!.timestamp) | 0).toBe(0.02 * 90_000);
  });

  test('is moved on by a frame where nobody waited', () => {
    const packager = packagerOf(aacTrack);
    const before = rtpPacketsOf(0, write(packager, sound(90_000)));
    publishAgain(packager, otherAudio);
    const after = rtpPacketsOf(0, write(packager, sound(3, otherAudio)));
    expect((after[0]!.timestamp - before[0]!.timestamp) >>> 0).toBe(960);
  });

  test('fills the slots that its codecs fit', () => {
    const packager = packagerOf(h264Track, aacTrack);
    packager.finish();
    expect(packager.carries({ ...mp3Track, id: 8 })).toBe(false);
    expect(packager.carries(otherAudio)).toBe(true);
    expect(packager.carries({ ...aacTrack, id: 9 })).toBe(false); // there is one slot only
    packager.writeTrack(otherAudio);
    expect(channelsOf(write(packager, sound(0, otherAudio)))).toEqual([3, 2]);
  });
});
