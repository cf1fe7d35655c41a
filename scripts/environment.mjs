/**
 * What every script here stands on: the project's folder, the pinned Node, the installed packages and how to run a
 * program. Plain JavaScript for Node 20, without dependencies, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** An expected failure: shown as one readable message, without a stack. */
export class ScriptError extends Error {}

/** True when `moduleUrl` is the file that node was started with. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === moduleUrl;
}

/** Runs a script's main function; a `ScriptError` becomes one line on stderr and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Milliseconds of the last change, or -Infinity for a file that does not exist. */
export function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/**
 * Runs a program to its end.
 * @param {string} command program, found through PATH
 * @param {string[]} args arguments, passed on without a shell
 * @param {{ capture?: boolean, cwd?: string, env?: NodeJS.ProcessEnv }} [options] `capture` collects stdout and stderr
 *   in the order they come, instead of showing them
 * @returns {Promise<{ code: number, output: string }>} code 127 when the program cannot be started
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? process.env,
      stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: process.platform === 'win32' && command === 'npm',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), output }));
  });
}

/** The environment for npm itself: without the project's own node_modules/.bin, which `npm ci` removes under its feet. */
function environmentForNpm() {
  const env = { ...process.env };
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  env[name] = (env[name] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')))
    .join(delimiter);
  return env;
}

/**
 * Installs the packages of the lock file in `folder` when they are missing or older than it.
 * Quiet when there is nothing to do.
 */
export async function ensureModules(folder = root) {
  const installed = modifiedMs(join(folder, 'node_modules', '.package-lock.json'));
  if (installed >= modifiedMs(join(folder, 'package-lock.json'))) return;
  console.error(`Installing packages (npm ci in ${folder}) …`);
  const { code, output } = await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    capture: true,
    cwd: folder,
    env: environmentForNpm(),
  });
  if (code !== 0) throw new ScriptError(`npm ci failed with exit code ${code}:\n${output.trim()}`);
}

/** Lowest Node that runs this project: the first 22 that strips types without a flag. */
const minimumNode = [22, 18];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
}

/** The Node to run the project with: the pinned one, else the one that runs this script when it is new enough. */
export function nodeBinary() {
  for (const name of ['node', 'node.exe']) {
    const pinned = join(root, 'node_modules', 'node', 'bin', name);
    if (existsSync(pinned)) return pinned;
  }
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new ScriptError(
    `Node ${minimumNode.join('.')} or newer is needed, this is ${process.versions.node}, and the pinned one is not installed ` +
      '(node_modules/node/bin/node is missing). Run "npm ci" without --ignore-scripts.',
  );
}

/** Path of a development tool's start file, as its package names it: the bin of the package's own name, else the first. */
function toolScript(packageName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : (bin[packageName] ?? Object.values(bin)[0]));
}

/** Runs a development tool on the pinned Node; see `run` for the result. */
export function runTool(packageName, args, options) {
  return run(nodeBinary(), [toolScript(packageName), ...args], {
    ...options,
    env: environmentForTools(),
  });
}

/** With the pinned Node first on PATH, so that what a tool starts runs on it too. */
function environmentForTools() {
  return { ...process.env, PATH: `${dirname(nodeBinary())}${delimiter}${process.env.PATH ?? ''}` };
}
