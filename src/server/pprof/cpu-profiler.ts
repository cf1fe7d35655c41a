import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import type { Clock } from '../../media/clock.ts';
import { pause } from './pause.ts';

/** V8's own choice. */
const MIN_INTERVAL_US = 1000;
/** Longer profiles have samples further apart, so that none takes more than some megabytes. */
const MAX_SAMPLES = 60_000;

/** Time between two samples of a profile of that length, in microseconds. */
export function cpuSamplingIntervalUs(durationMs: number): number {
  return Math.max(MIN_INTERVAL_US, Math.ceil((durationMs * 1000) / MAX_SAMPLES));
}

/**
 * Watches what this thread does for a while.
 * @returns `undefined` when the wait was aborted
 */
export async function recordCpuProfile(
  durationMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Profiler.Profile | undefined> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: cpuSamplingIntervalUs(durationMs) });
    await session.post('Profiler.start');
    const isComplete = await pause(durationMs, clock, signal);
    const { profile } = await session.post('Profiler.stop');
    return isComplete ? profile : undefined;
  } finally {
    session.disconnect();
  }
}
