import { beforeEach, expect, test } from 'vitest';
import { Timeline } from '../media/timeline.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { audioTrack, frameOf, scriptTrack, videoTrack } from '../testing/hub-kit.ts';
import { Opening } from './opening.ts';
import type { StreamState } from './packager.ts';

const video = videoTrack();
const audio = audioTrack();

let clock: FakeClock;
let settled: number;
let opening: Opening;

beforeEach(() => {
  clock = new FakeClock();
  settled = 0;
  opening = new Opening(clock, () => {
    settled += 1;
  });
});

function stateOf(...tracks: Track[]): StreamState {
  return { tracks, stickyFrames: [] };
}

function frame(track: Track, bytes = 10): MediaFrame {
  return new Timeline().stamp(frameOf(track, 0, { bytes }), 0);
}

test('settles when a video and an audio track are known, whatever was said', () => {
  opening.announced(undefined, stateOf(video));
  expect(settled).toBe(0);
  opening.announced(undefined, stateOf(video, audio));
  expect(settled).toBe(1);
});

test('settles when all that was said to come has come', () => {
  opening.announced({ audio: true, video: true }, stateOf(video));
  expect(settled).toBe(0);
  opening.announced({ audio: false, video: true }, stateOf(video));
  expect(settled).toBe(1);
});

test('a source that says it sends nothing is not believed', () => {
  opening.announced({ audio: false, video: false }, stateOf());
  opening.push(frame(scriptTrack()), { audio: false, video: false }, stateOf(scriptTrack()));
  expect(settled).toBe(0);
});

test('settles when the wait is over, which begins with the first frame', () => {
  clock.advance(1000);
  opening.push(frame(video), undefined, stateOf(video));
  clock.advance(399);
  expect(settled).toBe(0);
  clock.advance(1);
  expect(settled).toBe(1);
});

test('settles after so many frames of one kind that no other can be expected', () => {
  for (let index = 0; index < 63; index += 1) opening.push(frame(video), undefined, stateOf(video));
  expect(settled).toBe(0);
  opening.push(frame(video), undefined, stateOf(video));
  expect(settled).toBe(1);
});

test('does not hold back more than a few megabytes, however few frames they are', () => {
  opening.push(frame(video, 3 * 1024 * 1024), undefined, stateOf(video));
  expect(settled).toBe(0);
  opening.push(frame(video, 1024 * 1024), undefined, stateOf(video));
  expect(settled).toBe(1);
});

test('gives the frames back in order and stops its timer', () => {
  const frames = [frame(video), frame(audio), frame(video)];
  for (const item of frames) opening.push(item, undefined, stateOf(video));
  expect(opening.finish()).toEqual(frames);
  expect(clock.pendingTimers).toBe(0);
});
