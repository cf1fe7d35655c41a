/** `npm run check`: format, lint, types, unused code, unit tests and build; stops at the first that fails. */
import { build } from './build.mjs';
import { ensureModules, isMain, runMain, runTool, ScriptError } from './environment.mjs';

/** Folders with code of ours; what the formatter skips inside them is in .oxfmtrc.json. */
const codeFolders = ['src', 'test', 'bench', 'scripts', 'bin', 'examples'];

const toolStep = (name, packageName, args, remedy) => ({
  name,
  async run() {
    const { code, output } = await runTool(packageName, args, { capture: true });
    if (code !== 0) throw new ScriptError(`${output.trim()}${remedy ? `\n${remedy}` : ''}`);
  },
});

/** Everything that can be said about the code without running it. */
export const staticSteps = [
  toolStep('format', 'oxfmt', ['--check', ...codeFolders], 'Run "npm run format".'),
  toolStep('lint', 'oxlint', ['--type-aware', '--deny-warnings']),
  toolStep('types', 'typescript', ['-p', 'tsconfig.json']),
  toolStep('types of the package', 'typescript', ['-p', 'tsconfig.build.json', '--noEmit']),
  toolStep('unused code', 'knip', ['--no-progress']),
];

/**
 * Runs one step and prints one line about it, below that the tool's own words when it failed.
 * @returns {Promise<boolean>} whether it passed
 */
export async function runStep(step) {
  const startedMs = performance.now();
  const failure = await step.run().then(
    () => undefined,
    (error) => {
      if (!(error instanceof ScriptError)) throw error;
      return error.message;
    },
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${failure === undefined ? 'ok  ' : 'FAIL'}  ${step.name} (${seconds} s)`);
  if (failure !== undefined) console.log(failure);
  return failure === undefined;
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await ensureModules();
    const steps = [
      ...staticSteps,
      toolStep('unit tests', 'vitest', ['run', '--project', 'unit', '--reporter=dot']),
      { name: 'build', run: build },
    ];
    for (const step of steps) {
      if (!(await runStep(step))) throw new ScriptError(`\nThe check stopped at: ${step.name}`);
    }
    console.log('\nThe check passed.');
    return 0;
  });
}
