import { describe, expect, test } from 'vitest';
import { EMPTY_STREAM_STATE } from '../../hub/packager.ts';
import type { StreamState } from '../../hub/packager.ts';
import { unixUsOfNtpTime } from '../../protocol/rtp/ntp-time.ts';
import { parseRtcp } from '../../protocol/rtp/rtcp.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { TsCollector, aacTrack, h264Track, mediaFrame, sliceUnit } from '../../testing/ts-kit.ts';
import { RtspPackager } from './rtsp-packager.ts';
import { rtspSlotsOf } from './rtsp-slots.ts';

const state: StreamState = { tracks: [h264Track, aacTrack], stickyFrames: [] };

/** A packager of picture and sound on channels 0 to 3, its tracks announced. */
function begin(): { packager: RtspPackager; clock: FakeClock } {
  const clock = new FakeClock();
  const slots = rtspSlotsOf(state).map((slot) => ({
    ...slot,
    rtpChannel: 2 * slot.index,
    rtcpChannel: 2 * slot.index + 1,
  }));
  const packager = new RtspPackager({ slots, clock, startsAnywhere: false });
  for (const track of state.tracks) packager.writeTrack(track);
  return { packager, clock };
}

interface Interleaved {
  readonly channel: number;
  readonly packet: Uint8Array;
}

function packetsIn(bytes: Uint8Array): Interleaved[] {
  const packets: Interleaved[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    packets.push({ channel: bytes[at + 1]!, packet: bytes.subarray(at + 4, end) });
    at = end;
  }
  return packets;
}

function reportsIn(bytes: Uint8Array): (SenderReport & { channel: number })[] {
  return packetsIn(bytes)
    .filter(({ channel }) => channel % 2 === 1)
    .flatMap(({ channel, packet }) =>
      parseRtcp(packet).flatMap((part) => (part.type === 'sender-report' ? [{ ...part, channel }] : [])),
    );
}

/** What is written for a frame that arrives now; its time is the clock's. */
function write(packager: RtspPackager, clock: FakeClock, kind: 'key' | 'picture' | 'sound'): Uint8Array {
  const nowMs = clock.monotonicMs();
  const out = new TsCollector();
  const track = kind === 'sound' ? aacTrack : h264Track;
  const data = kind === 'sound' ? Uint8Array.of(1, 2, 3) : sliceUnit(track, kind === 'key');
  packager.writeFrame({ ...mediaFrame(track, nowMs, data, { isKey: kind !== 'picture' }) }, out);
  return out.all;
}

describe('sender reports', () => {
  test('who came before anything was sent gets them with the picture that he begins with', () => {
    const { packager, clock } = begin();
    const headers = new TsCollector();
    packager.writeHeaders(EMPTY_STREAM_STATE, 0, headers);
    expect(headers.all).toHaveLength(0);
    // In the middle of a group of pictures, so that he has to wait.
    write(packager, clock, 'picture');
    write(packager, clock, 'sound');
    clock.advance(40);
    const [first] = packetsIn(write(packager, clock, 'key'));
    expect(first!.channel).toBe(1);
    expect(packetsIn(write(packager, clock, 'sound')).map(({ channel }) => channel)).toEqual([3, 2]);
    clock.advance(40);
    expect(reportsIn(write(packager, clock, 'key'))).toEqual([]);
  });

  test('come after three seconds again', () => {
    const { packager, clock } = begin();
    expect(reportsIn(write(packager, clock, 'key'))).toHaveLength(1);
    clock.advance(2_999);
    expect(reportsIn(write(packager, clock, 'key'))).toHaveLength(0);
    clock.advance(1);
    expect(reportsIn(write(packager, clock, 'key'))).toHaveLength(1);
  });

  test('with the goodbye keep to the clock of those before, however long ago the publisher left', () => {
    const { packager, clock } = begin();
    const first = [
      ...reportsIn(write(packager, clock, 'key')),
      ...reportsIn(write(packager, clock, 'sound')),
    ];
    packager.finish();
    clock.advance(10_000);
    const last = reportsIn(packager.goodbye());
    expect(last.map(({ channel }) => channel)).toEqual([1, 3]);
    const rates = [90_000, 48_000];
    for (const [index, report] of last.entries()) {
      const passedUs = unixUsOfNtpTime(report) - unixUsOfNtpTime(first[index]!);
      expect(passedUs).toBeCloseTo(10_000_000, -1);
      expect((report.rtpTimestamp - first[index]!.rtpTimestamp) >>> 0).toBe(10 * rates[index]!);
    }
  });
});
