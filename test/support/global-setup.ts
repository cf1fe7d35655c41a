/** Before the end-to-end tests: an up-to-date dist/, and the fixtures, so that no two test files make the same one. */
import { join } from 'node:path';
import { flvFixtures, makeCertificate, makeFixture } from './fixtures.ts';
import { runProgram } from './program.ts';
import { projectRoot } from './project.ts';

export async function setup(): Promise<void> {
  if (process.env['LAL_E2E_SERVER'] === undefined) await buildServer();
  await makeCertificate();
  for (const name of flvFixtures) await makeFixture(name);
}

/** Builds dist/ when the sources are newer. */
export async function buildServer(): Promise<void> {
  const script = join(projectRoot, 'scripts', 'build.mjs');
  await runProgram(process.execPath, [script, '--if-stale'], { cwd: projectRoot, timeoutMs: 100_000 });
}
