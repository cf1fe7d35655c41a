import { expect } from 'vitest';
import type { PlaybackReport } from './browser.ts';
import { readFlvFile } from './flv-file.ts';
import type { Watched } from './playback.ts';

/** How much of everything a source has in a second. */
export interface SourceRates {
  readonly framesPerSecond: number;
  readonly audioBytesPerSecond: number;
}

/** What a viewer takes for "at once". */
const longestStartMs = 3_000;
/** A pause that a viewer would notice. */
const longestWaitMs = 500;
/** What a player may lose against the wall clock, pauses included: sound that was not mixed in time is lost without one. */
const standstillMs = 1_000;
const standstillShare = 0.05;
/**
 * What may be decoded too late to be shown. Times in the wrong order would cost more: of a stream with B-frames two
 * pictures out of three.
 */
const droppedShare = 0.1;
/** Its decoder works ahead of the picture by some frames, and audio comes in lumps. */
const framesAhead = 15;
const audioTolerance = 0.25;
/** The average rates of an FLV file. */
export function ratesOf(file: string): SourceRates {
  const { units } = readFlvFile(file);
  const times = units.map((unit) => unit.dtsMs);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
  const video = units.filter((unit) => unit.kind === 'video');
  const audio = units.filter((unit) => unit.kind === 'audio');
  return {
    framesPerSecond: video.length / seconds,
    audioBytesPerSecond: audio.reduce((sum, unit) => sum + unit.bytes, 0) / seconds,
  };
}

/**
 * Fails unless the player started soon and then played everything at the source's pace for `atLeastMs`. What depends on
 * the processor may take longer where that has much else to do; what was played must be complete in any case.
 */
export function expectSmoothPlayback(
  { report, slowdown }: Watched,
  rates: SourceRates,
  atLeastMs: number,
): void {
  const story = JSON.stringify({ slowdown, ...report });
  expect(report.problems, story).toEqual([]);
  expect(report.startMs, story).toBeLessThan(longestStartMs * slowdown);
  expect(report.elapsedMs, story).toBeGreaterThan(atLeastMs);
  expect(Math.max(0, ...report.waitsMs), story).toBeLessThan(longestWaitMs * slowdown);
  const standstill = Math.max(standstillMs, report.elapsedMs * standstillShare);
  expect(Math.abs(report.elapsedMs - report.playedMs), story).toBeLessThan(standstill * slowdown);
  expectFrames(report, rates.framesPerSecond, story);
  expect(report.droppedFrames, story).toBeLessThanOrEqual(report.frames * droppedShare * slowdown);
  expectAudio(report, rates.audioBytesPerSecond, story);
}

/** Every picture of what was played was decoded, and nothing else. */
function expectFrames(report: PlaybackReport, framesPerSecond: number, story: string): void {
  const expected = (report.playedMs / 1000) * framesPerSecond;
  const tolerance = framesPerSecond > 0 ? framesAhead : 0;
  expect(report.width > 0, story).toBe(framesPerSecond > 0);
  expect(Math.abs(report.frames - expected), story).toBeLessThanOrEqual(tolerance);
  expect(report.corruptedFrames, story).toBe(0);
}

function expectAudio(report: PlaybackReport, audioBytesPerSecond: number, story: string): void {
  const expected = (report.playedMs / 1000) * audioBytesPerSecond;
  expect(Math.abs(report.audioBytes - expected), story).toBeLessThanOrEqual(expected * audioTolerance);
}
