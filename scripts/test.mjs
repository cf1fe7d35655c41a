/**
 * `npm test` (short) and `npm run test:long`: installs what is missing, builds, then runs the static checks and the
 * tests. The last line is always `N passed, N failed`; a static check that fails counts as one failed test.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { runStep, staticSteps } from './check.mjs';
import { ensureModules, root, runMain, runTool, ScriptError } from './environment.mjs';
import { writeLongReport } from './long-report.mjs';
import { ensureSystemPrograms } from './system-programs.mjs';

const projectsOfTier = {
  short: ['unit', 'e2e', 'browser'],
  long: ['unit', 'e2e', 'browser', 'long', 'long-browser'],
};
const reportFolder = join(root, 'test', 'report');

/** Packages that only the long tier's peers need, kept out of the main install. */
const peersFolder = join(root, 'test', 'peers');

/** Runs vitest; its JSON report is undefined when it ended before it could write one. */
async function runVitest(projects) {
  const file = join(reportFolder, 'vitest.json');
  mkdirSync(reportFolder, { recursive: true });
  rmSync(file, { force: true });
  const { code } = await runTool('vitest', [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  return { code, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined };
}

/** A test file that could not even be loaded has no tests to count: it counts as one that failed. */
function brokenFiles(report) {
  return report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
}

async function prepare(tier) {
  await ensureModules();
  await ensureSystemPrograms();
  if (tier === 'long') await ensureModules(peersFolder);
  await build();
}

async function main() {
  const tier = process.argv[2] ?? 'short';
  const projects = projectsOfTier[tier];
  if (projects === undefined) throw new ScriptError(`"${tier}" is no tier: short or long`);
  let passed = 0;
  let failed = 0;
  try {
    await prepare(tier);
    for (const step of staticSteps) {
      if (!(await runStep(step))) failed += 1;
    }
    const { code, report } = await runVitest(projects);
    if (report === undefined) {
      throw new ScriptError(`vitest ended with exit code ${code} and left no report`);
    }
    passed = report.numPassedTests;
    const skipped = report.numTotalTests - passed - report.numFailedTests;
    failed += report.numFailedTests + brokenFiles(report).length;
    // Errors outside of any test (an unhandled rejection) show in the exit code alone.
    if (code !== 0 && failed === 0) failed = 1;
    if (skipped > 0) console.log(`${skipped} tests did not run`);
    if (tier === 'long') {
      const file = await writeLongReport(reportFolder, report);
      console.log(`Report: ${relative(root, file)}`);
    }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    failed += 1;
    console.log(error.message);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

await runMain(main);
