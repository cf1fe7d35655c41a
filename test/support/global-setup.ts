/** Before the end-to-end tests: an up-to-date dist/, and the fixtures, so that no two test files make the same one. */
import { flvFixtures, makeFixture } from './fixtures.ts';
import { runProgram } from './program.ts';
import { projectRoot } from './server.ts';
import { join } from 'node:path';

export async function setup(): Promise<void> {
  const script = join(projectRoot, 'scripts', 'build.mjs');
  await runProgram(process.execPath, [script, '--if-stale'], { cwd: projectRoot, timeoutMs: 100_000 });
  for (const name of flvFixtures) await makeFixture(name);
}
