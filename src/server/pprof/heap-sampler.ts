import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import type { Clock } from '../../media/clock.ts';
import { pause } from './pause.ts';

/** Bytes between two samples. As in Go: costs nothing that could be measured, and finds what is worth finding. */
export const HEAP_SAMPLE_BYTES: number = 512 * 1024;
/** Samples of what is gone again are kept too while allocations are recorded: longer records have fewer of them. */
const FULL_RATE_MS = 30_000;

/** Bytes between two samples of a record of that length. */
export function allocationSampleBytes(durationMs: number): number {
  return HEAP_SAMPLE_BYTES * Math.max(1, Math.ceil(durationMs / FULL_RATE_MS));
}

/**
 * V8's sampling heap profiler, which watches from `start` on what is allocated and still lives. There is one per thread,
 * which several servers in one process share.
 */
export class HeapSampler {
  static #users = 0;
  static #session: Session | undefined;
  static #recording: Promise<unknown> | undefined;
  #isStarted = false;

  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    HeapSampler.#users += 1;
    if (HeapSampler.#session !== undefined) return;
    HeapSampler.#session = new Session();
    HeapSampler.#session.connect();
    await startSampling(HeapSampler.#session, { samplingInterval: HEAP_SAMPLE_BYTES });
  }

  /** A record of allocations must have been aborted, or be complete. */
  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    HeapSampler.#users -= 1;
    // What is being recorded for another server goes on without us.
    if (HeapSampler.#users > 0) return;
    await HeapSampler.#recording;
    if (HeapSampler.#users > 0) return;
    // This ends the sampling too.
    HeapSampler.#session?.disconnect();
    HeapSampler.#session = undefined;
  }

  /** What was allocated since the start and lives; a full garbage collection comes first. */
  async living(): Promise<HeapProfiler.SamplingHeapProfile> {
    await HeapSampler.#recording;
    const { profile } = await this.#startedSession.post('HeapProfiler.getSamplingProfile');
    return profile;
  }

  /**
   * All that is allocated in a while, whether it lives on or not. What `living` knew is lost: it begins anew.
   * @returns `undefined` when the wait was aborted
   */
  async allocated(
    durationMs: number,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<HeapProfiler.SamplingHeapProfile | undefined> {
    while (HeapSampler.#recording !== undefined) await HeapSampler.#recording;
    const recording = recordAllocations(this.#startedSession, durationMs, clock, signal);
    // Whoever waits for its end is not concerned by a failure.
    HeapSampler.#recording = recording.catch(() => {});
    try {
      return await recording;
    } finally {
      HeapSampler.#recording = undefined;
    }
  }

  get #startedSession(): Session {
    const session = HeapSampler.#session;
    if (!this.#isStarted || session === undefined)
      throw new TypeError('the heap sampler has not been started');
    return session;
  }
}

async function recordAllocations(
  session: Session,
  durationMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<HeapProfiler.SamplingHeapProfile | undefined> {
  await session.post('HeapProfiler.stopSampling');
  await startSampling(session, {
    samplingInterval: allocationSampleBytes(durationMs),
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  const isComplete = await pause(durationMs, clock, signal);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  await startSampling(session, { samplingInterval: HEAP_SAMPLE_BYTES });
  return isComplete ? profile : undefined;
}

/** Some of the options are missing in the types. */
async function startSampling(session: Session, options: object): Promise<void> {
  await session.post('HeapProfiler.startSampling', options);
}
