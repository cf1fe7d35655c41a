import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LiveStream } from '../../hub/live-stream.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { frameOf, roomyLimits, videoTrack } from '../../testing/hub-kit.ts';
import { opusTrack } from '../../testing/ts-kit.ts';
import { DummyAudio } from './dummy-audio.ts';

const FRAME_US = 64_000 / 3;
const video = videoTrack();

/** What the input does next; times in milliseconds. */
type Step =
  | { readonly type: 'pictures'; readonly count: number; readonly stepMs: number }
  /** Real time passes, and the video with it. */
  | { readonly type: 'pause'; readonly ms: number }
  /** The clock of the input is set. */
  | { readonly type: 'leap'; readonly ms: number }
  /** One picture is a little behind the one before. */
  | { readonly type: 'disorder'; readonly ms: number }
  | { readonly type: 'audio'; readonly count: number; readonly behindMs: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('pictures' as const),
        count: fc.integer({ min: 1, max: 60 }),
        stepMs: fc.constantFrom(1, 16, 17, 33, 40, 200, 1000),
      }),
    },
    fc.record({ type: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({
      type: fc.constant('leap' as const),
      ms: fc.oneof(fc.integer({ min: 10_100, max: 1e9 }), fc.integer({ min: -1e9, max: -1100 })),
    }),
    fc.record({ type: fc.constant('disorder' as const), ms: fc.integer({ min: 1, max: 900 }) }),
    fc.record({
      type: fc.constant('audio' as const),
      count: fc.integer({ min: 1, max: 80 }),
      behindMs: fc.integer({ min: -50, max: 700 }),
    }),
  ),
  { maxLength: 30 },
);

/** What a stream makes of the steps. */
function run(script: readonly Step[], waitMs: number): MediaFrame[] {
  const clock = new FakeClock();
  const gopCache = { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 };
  const stream = new LiveStream('a', new FlushScheduler(clock, 0), { gopCache });
  const frames: MediaFrame[] = [];
  const variant = {
    id: 'frames',
    gopCache,
    flushBytes: 0,
    createPackager: () => ({
      fileHeader: () => undefined,
      writeHeaders() {},
      writeTrack() {},
      writeFrame: (frame: MediaFrame) => void frames.push(frame),
    }),
  };
  stream.attach(variant, { queuedBytes: 0, write: () => true, end() {} }, roomyLimits);
  const input = new DummyAudio(stream.publish()!, waitMs);
  input.setTrack(video);
  let nowMs = 10_000;
  const picture = (timeMs: number): void => input.write(frameOf(video, timeMs, { isKey: true }));
  let hasTrack = false;
  for (const step of script) {
    switch (step.type) {
      case 'pictures':
        for (let index = 0; index < step.count; index += 1) {
          nowMs += step.stepMs;
          clock.advance(step.stepMs);
          picture(nowMs);
        }
        break;
      case 'pause':
        nowMs += step.ms;
        clock.advance(step.ms);
        break;
      case 'leap':
        nowMs += step.ms;
        break;
      case 'disorder':
        picture(nowMs - step.ms);
        break;
      case 'audio':
        if (!hasTrack) input.setTrack(opusTrack);
        hasTrack = true;
        for (let index = 0; index < step.count; index += 1) {
          nowMs += 20;
          clock.advance(20);
          picture(nowMs);
          input.write(frameOf(opusTrack, nowMs - step.behindMs));
        }
    }
  }
  input.end();
  return frames;
}

function isSilent({ track }: MediaFrame): boolean {
  return track.config.codec === 'aac';
}

const waits = fc.constantFrom(0, 150, 1500);

test('silent frames never go back, never overlap and never drift, whatever the video does', () => {
  fc.assert(
    fc.property(steps, waits, (script, waitMs) => {
      const audio = run(script, waitMs).filter(({ track }) => track.kind === 'audio');
      const leaps = script.some(({ type }) => type === 'leap');
      let runStart = 0;
      for (let index = 1; index < audio.length; index += 1) {
        const [before, frame] = [audio[index - 1]!, audio[index]!];
        const stepUs = frame.dtsUs - before.dtsUs;
        expect(stepUs).toBeGreaterThanOrEqual(0);
        if (!isSilent(before)) {
          runStart = index;
          continue;
        }
        // Where real audio takes over while the clock leaps, the Timeline decides where it goes on.
        if (isSilent(frame) || !leaps) expect(stepUs).toBeGreaterThanOrEqual(Math.floor(FRAME_US));
        const inRunUs = frame.dtsUs - audio[runStart]!.dtsUs;
        const isRun = isSilent(frame) && stepUs <= Math.ceil(FRAME_US);
        if (isRun) expect(Math.abs(inRunUs - (index - runStart) * FRAME_US)).toBeLessThanOrEqual(1);
        else runStart = index;
      }
    }),
    { numRuns: 150 },
  );
});

test('before each picture of a video without audio there is silence up to its time, whatever its pauses', () => {
  const pauses = steps.map((script) =>
    script
      .filter(({ type }) => type === 'pictures' || type === 'pause')
      .filter(({ type }, index, all) => type === 'pictures' || all[index - 1]?.type === 'pictures')
      .map((step) => (step.type === 'pause' ? { ...step, ms: step.ms % 9000 } : step)),
  );
  fc.assert(
    fc.property(pauses, waits, (script, waitMs) => {
      const frames = run(script, waitMs);
      const sent = script.reduce((sum, step) => sum + (step.type === 'pictures' ? step.count : 0), 0);
      expect(frames.filter(({ track }) => track.kind === 'video')).toHaveLength(sent);
      if (!frames.some(isSilent)) return;
      let silentUs = -Infinity;
      for (const frame of frames) {
        if (isSilent(frame)) silentUs = frame.dtsUs;
        else expect(Math.abs(frame.dtsUs - silentUs - FRAME_US / 2)).toBeLessThanOrEqual(FRAME_US / 2 + 1);
      }
    }),
    { numRuns: 150 },
  );
});
