import { getHeapSnapshot, getHeapStatistics } from 'node:v8';
import type { Clock } from '../../media/clock.ts';
import { cpuCallTree, heapCallTree } from './call-tree.ts';
import { cpuSamplingIntervalUs, recordCpuProfile } from './cpu-profiler.ts';
import { encodePprof } from './encode-pprof.ts';
import { allocationSampleBytes, HEAP_SAMPLE_BYTES, type HeapSampler } from './heap-sampler.ts';
import { jsonAnswer, pprofAnswer, textAnswer, type PprofAnswer } from './pprof-answer.ts';

/** A request for a profile. */
export interface ProfileRequest {
  readonly query: URLSearchParams;
  readonly clock: Clock;
  readonly heap: HeapSampler;
  /** The client has left, or the server stops. */
  readonly signal: AbortSignal;
}

const MAX_SECONDS = 300;
/** As in Go. */
const DEFAULT_CPU_SECONDS = 30;
const DEFAULT_ALLOCS_SECONDS = 10;

/** A snapshot takes about as much memory again, and seconds in which the server stands still. */
const MAX_SNAPSHOT_HEAP_BYTES = 1024 * 1024 * 1024;

const ABORTED = textAnswer(503, 'The server is stopping.\n');
const BAD_SECONDS = textAnswer(400, `seconds must be a whole number from 1 to ${MAX_SECONDS}.\n`);

/** Profiles by the last part of their path. Each takes as long as the request says. */
export const PROFILES: ReadonlyMap<string, (request: ProfileRequest) => Promise<PprofAnswer>> = new Map([
  ['profile', cpuProfile],
  ['heap', heapProfile],
  ['allocs', allocationProfile],
  ['heapsnapshot', heapSnapshot],
]);

async function cpuProfile({ query, clock, signal }: ProfileRequest): Promise<PprofAnswer> {
  const durationMs = durationOf(query, DEFAULT_CPU_SECONDS);
  if (durationMs === undefined) return BAD_SECONDS;
  const startMs = clock.wallMs();
  const profile = await recordCpuProfile(durationMs, clock, signal);
  if (profile === undefined) return ABORTED;
  if (query.get('format') === 'cpuprofile') {
    return jsonAnswer(JSON.stringify(profile), 'lalserver.cpuprofile');
  }
  const encoded = await encodePprof(cpuCallTree(profile), {
    valueTypes: [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    period: cpuSamplingIntervalUs(durationMs) * 1000,
    startMs,
    durationMs: (profile.endTime - profile.startTime) / 1000,
  });
  return pprofAnswer(encoded, 'profile');
}

async function heapProfile({ query, clock, heap }: ProfileRequest): Promise<PprofAnswer> {
  const profile = await heap.living();
  if (query.get('format') === 'heapprofile') {
    return jsonAnswer(JSON.stringify(profile), 'lalserver.heapprofile');
  }
  const encoded = await encodePprof(heapCallTree(profile), {
    valueTypes: [['inuse_space', 'bytes']],
    period: HEAP_SAMPLE_BYTES,
    startMs: clock.wallMs(),
    durationMs: 0,
  });
  return pprofAnswer(encoded, 'heap');
}

async function allocationProfile({ query, clock, heap, signal }: ProfileRequest): Promise<PprofAnswer> {
  const durationMs = durationOf(query, DEFAULT_ALLOCS_SECONDS);
  if (durationMs === undefined) return BAD_SECONDS;
  const startMs = clock.wallMs();
  const profile = await heap.allocated(durationMs, clock, signal);
  if (profile === undefined) return ABORTED;
  if (query.get('format') === 'heapprofile') {
    return jsonAnswer(JSON.stringify(profile), 'lalserver.heapprofile');
  }
  const encoded = await encodePprof(heapCallTree(profile), {
    valueTypes: [['alloc_space', 'bytes']],
    period: allocationSampleBytes(durationMs),
    startMs,
    durationMs,
  });
  return pprofAnswer(encoded, 'allocs');
}

async function heapSnapshot(): Promise<PprofAnswer> {
  const { used_heap_size: usedBytes } = getHeapStatistics();
  if (usedBytes > MAX_SNAPSHOT_HEAP_BYTES) {
    return textAnswer(503, `The heap has ${usedBytes} bytes: too large for a snapshot.\n`);
  }
  return jsonAnswer(getHeapSnapshot(), 'lalserver.heapsnapshot');
}

/** @returns milliseconds; `undefined` when the query asks for something that there is not */
function durationOf(query: URLSearchParams, defaultSeconds: number): number | undefined {
  const text = query.get('seconds') ?? String(defaultSeconds);
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return seconds < 1 || seconds > MAX_SECONDS ? undefined : seconds * 1000;
}
