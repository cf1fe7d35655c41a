import { beforeEach, describe, expect, test } from 'vitest';
import { ClientChannels } from './client-channels.ts';

const VIDEO = new Set([96]);
const AUDIO = new Set([8, 97]);

function rtp(payloadType: number, ssrc: number): Uint8Array {
  return Uint8Array.of(0x80, 0x80 | payloadType, 0, 1, 0, 0, 0, 0, 0, 0, 0, ssrc);
}

function rtcp(ssrc: number, type = 200): Uint8Array {
  return Uint8Array.of(0x80, type, 0, 1, 0, 0, 0, ssrc);
}

let channels: ClientChannels;
beforeEach(() => {
  channels = new ClientChannels();
});

test('packets of the channels that the server named belong to their tracks, whatever is in them', () => {
  channels.add(0, { rtp: 4, rtcp: 5 }, VIDEO);
  channels.add(1, { rtp: 255, rtcp: 0 }, AUDIO);
  expect(channels.routeOf(4, rtp(8, 1))).toEqual({ trackIndex: 0, isRtcp: false });
  expect(channels.routeOf(5, Uint8Array.of())).toEqual({ trackIndex: 0, isRtcp: true });
  expect(channels.routeOf(255, rtp(97, 1))).toEqual({ trackIndex: 1, isRtcp: false });
  expect(channels.routeOf(0, rtcp(1))).toEqual({ trackIndex: 1, isRtcp: true });
});

describe.each([
  ['when all tracks were given the same channels', 0, 0, 0],
  ['when the server uses channels that it did not name', 2, 4, 20],
])('%s', (_, first, second, used) => {
  beforeEach(() => {
    channels.add(0, { rtp: first, rtcp: first + 1 }, VIDEO);
    channels.add(1, { rtp: second, rtcp: second + 1 }, AUDIO);
  });

  test('RTP is told apart by payload type, and then RTCP by its source', () => {
    expect(channels.routeOf(used, rtcp(9))).toBeUndefined();
    expect(channels.routeOf(used, rtp(96, 7))).toEqual({ trackIndex: 0, isRtcp: false });
    expect(channels.routeOf(used, rtp(8, 9))).toEqual({ trackIndex: 1, isRtcp: false });
    expect(channels.routeOf(used + 1, rtcp(9))).toEqual({ trackIndex: 1, isRtcp: true });
    expect(channels.routeOf(used + 1, rtcp(7, 201))).toEqual({ trackIndex: 0, isRtcp: true });
    expect(channels.routeOf(used + 1, rtcp(8))).toBeUndefined();
  });

  test('what is too short, or of an unknown payload type, belongs to nobody', () => {
    expect(channels.routeOf(used, rtp(111, 7))).toBeUndefined();
    expect(channels.routeOf(used, rtp(96, 7).subarray(0, 11))).toBeUndefined();
    expect(channels.routeOf(used, rtcp(7).subarray(0, 7))).toBeUndefined();
    expect(channels.routeOf(used, Uint8Array.of())).toBeUndefined();
  });
});
