import { expect } from 'vitest';
import type { PlaybackReport } from './browser.ts';
import { readFlvFile } from './flv-file.ts';
import type { AccessUnit } from './flv-file.ts';
import type { Watched } from './playback.ts';

/** How much of everything a source has in a second. */
export interface SourceRates {
  readonly framesPerSecond: number;
  readonly audioBytesPerSecond: number;
  /** How often the parameters of the video change. */
  readonly changesPerSecond: number;
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
/** The decoder works ahead of the picture by some frames. */
const framesAhead = 15;
/**
 * Pictures that Chromium leaves out where it begins to decode with other parameters: one or two, on a busy machine, also
 * of a file that comes from a plain web server.
 */
const lostPerChange = 2;
/** Between flash and beep: less than anybody notices. The browser's own share is a few milliseconds. */
const longestBeepDelayMs = 60;
/** Between two ways to the same page; the measurement itself is good to a few milliseconds. */
const longestSyncDifferenceMs = 20;
/** A beep has more bytes than the silence around it. */
const audioTolerance = 0.25;

/** The average rates of an FLV file that is played in a loop. */
export function ratesOf(file: string): SourceRates {
  const { units, headers } = readFlvFile(file);
  const video = units.filter((unit) => unit.kind === 'video');
  const audio = units.filter((unit) => unit.kind === 'audio');
  const audioBytes = audio.reduce((sum, unit) => sum + unit.bytes, 0);
  const framesPerSecond = unitsPerSecond(video);
  const videoHeaders = headers.filter(({ kind }) => kind === 'video').length;
  return {
    framesPerSecond,
    // From the last to the first one too, when the file begins anew.
    changesPerSecond: videoHeaders > 1 ? (videoHeaders / video.length) * framesPerSecond : 0,
    audioBytesPerSecond: audio.length === 0 ? 0 : (audioBytes / audio.length) * unitsPerSecond(audio),
  };
}

/** Of units in decoding order. The last one takes its time too, so it is the distances that count. */
function unitsPerSecond(units: readonly AccessUnit[]): number {
  if (units.length < 2) return 0;
  return (units.length - 1) / ((units.at(-1)!.dtsMs - units[0]!.dtsMs) / 1000);
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
  expectFrames(report, rates, story);
  expect(report.droppedFrames, story).toBeLessThanOrEqual(report.frames * droppedShare * slowdown);
  expectAudio(report, rates.audioBytesPerSecond, story);
}

/** Every picture of what was played was decoded, and nothing else. */
function expectFrames(
  report: PlaybackReport,
  { framesPerSecond, changesPerSecond }: SourceRates,
  story: string,
): void {
  const playedSec = report.playedMs / 1000;
  const expected = playedSec * framesPerSecond;
  const lost = Math.ceil(playedSec * changesPerSecond) * lostPerChange;
  const ahead = framesPerSecond > 0 ? framesAhead : 0;
  expect(report.width > 0, story).toBe(framesPerSecond > 0);
  expect(report.frames, story).toBeGreaterThanOrEqual(expected - ahead - lost);
  expect(report.frames, story).toBeLessThanOrEqual(expected + ahead);
  expect(report.corruptedFrames, story).toBe(0);
}

/** All sound of what was played was decoded, and perhaps some that is still waiting for its turn. */
function expectAudio(report: PlaybackReport, audioBytesPerSecond: number, story: string): void {
  const { playedMs, bufferedMs, audioBytes } = report;
  const least = (playedMs / 1000) * audioBytesPerSecond * (1 - audioTolerance);
  const most = ((playedMs + bufferedMs) / 1000) * audioBytesPerSecond * (1 + audioTolerance);
  expect(audioBytes, story).toBeGreaterThanOrEqual(least);
  expect(audioBytes, story).toBeLessThanOrEqual(most);
}

/** How much later the beeps come than their flashes. */
export function medianBeepDelayMs({ beepDelaysMs }: PlaybackReport): number {
  // The first flash may have been at the very start, when picture and sound are not settled yet. The middle one of the
  // others, so that what a busy processor was late with does not count.
  const delays = beepDelaysMs.slice(1).sort((a, b) => a - b);
  expect(delays.length).toBeGreaterThanOrEqual(3);
  return delays[Math.floor(delays.length / 2)]!;
}

/** Fails unless the demo stream's flashes and beeps come together, and do so as with another delivery of the stream. */
export function expectSameSync({ report, slowdown }: Watched, other: Watched): void {
  const delayMs = medianBeepDelayMs(report);
  expect(Math.abs(delayMs)).toBeLessThan(longestBeepDelayMs);
  const difference = Math.abs(delayMs - medianBeepDelayMs(other.report));
  expect(difference).toBeLessThan(longestSyncDifferenceMs * slowdown);
}
