import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Scope } from './scope.ts';

/** What tshark finds in a transport stream. */
export interface TsharkReport {
  readonly packets: number;
  /** Packets that it misses by their continuity counters. */
  readonly drops: number;
  /** Longest time between two clock references, by the clock itself. */
  readonly maxClockIntervalMs: number;
  /** Longest time between two program association tables, by the last clock reference before each. */
  readonly maxTableIntervalMs: number;
}

const ticksPerMs = 27_000;
const associationPid = 0;

/** Has tshark take a transport stream apart, packet by packet. */
export async function readWithTshark(scope: Scope, stream: Uint8Array): Promise<TsharkReport> {
  const file = join(scope.folder(), `tshark-${performance.now()}.ts`);
  writeFileSync(file, stream);
  const fields = ['mp2t.pid', 'mp2t.af.pcr', 'mp2t.analysis.drops', 'mp2t.cc.drop'];
  const args = ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const output = await runProgram('tshark', args);
  const rows = output.split('\n').filter((line) => line.startsWith('0x'));
  return summary(rows.map((line) => line.split('\t')));
}

function summary(rows: readonly string[][]): TsharkReport {
  let drops = 0;
  const clocks: number[] = [];
  const tables: number[] = [];
  for (const [pid, clock, analysis, drop] of rows) {
    if (clock !== undefined && clock !== '') clocks.push(Number(clock) / ticksPerMs);
    if (Number(pid) === associationPid && clocks.length > 0) tables.push(clocks.at(-1)!);
    if (analysis !== '' || drop !== '') drops += 1;
  }
  return {
    packets: rows.length,
    drops,
    maxClockIntervalMs: longestStep(clocks),
    maxTableIntervalMs: longestStep(tables),
  };
}

function longestStep(timesMs: readonly number[]): number {
  return timesMs.slice(1).reduce((longest, time, index) => Math.max(longest, time - timesMs[index]!), 0);
}
