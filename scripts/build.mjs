/** `npm run build`: compiles src/ to dist/ with tsc; with `--if-stale` only when something changed. */
import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules, isMain, modifiedMs, root, runMain, runTool, ScriptError } from './environment.mjs';

const dist = join(root, 'dist');
const stamp = join(dist, '.built');

function isSource(name) {
  return name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing');
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/** True when dist/ is missing or older than anything it is made from. */
function isStale() {
  const inputs = [
    ...filesBelow(join(root, 'src'))
      .filter(isSource)
      .map((name) => join(root, 'src', name)),
    ...['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(root, name)),
  ];
  const builtMs = modifiedMs(stamp);
  return inputs.some((path) => modifiedMs(path) > builtMs);
}

/** Removes what earlier builds made from sources that are gone, so that it is neither imported nor published. */
function removeOrphans() {
  for (const name of filesBelow(dist)) {
    const source = name.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (source !== name && !existsSync(join(root, 'src', source))) rmSync(join(dist, name));
  }
}

/** Compiles; the text of tsc's errors is in the error that is thrown. */
export async function build() {
  const startedMs = Date.now();
  const { code, output } = await runTool('typescript', ['-p', 'tsconfig.build.json'], { capture: true });
  if (code !== 0) throw new ScriptError(`The build failed:\n${output.trim()}`);
  removeOrphans();
  writeFileSync(stamp, '');
  // As old as the start of the build: a file saved while tsc ran is newer.
  utimesSync(stamp, startedMs / 1000, startedMs / 1000);
}

export async function buildIfStale() {
  if (!isStale()) return;
  console.error('Building …');
  await build();
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await ensureModules();
    await (process.argv.includes('--if-stale') ? buildIfStale() : build());
    return 0;
  });
}
