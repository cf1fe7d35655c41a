/**
 * `npm start` and `npm run demo`: installs and builds what is missing, then runs `lal` with the arguments given.
 * Signals go on to it, and its exit code comes back.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from './build.mjs';
import { ensureModules, nodeBinary, root, runMain } from './environment.mjs';

/** A terminal sends Ctrl-C to the whole process group and npm passes it on once more: one of the two is enough. */
const sameSignalWithinMs = 500;

/** SIGHUP (the terminal was closed) asks for the same graceful stop as SIGTERM. */
const forwarded = {
  SIGINT: 'SIGINT',
  SIGTERM: 'SIGTERM',
  SIGHUP: 'SIGTERM',
  SIGUSR1: 'SIGUSR1',
  SIGUSR2: 'SIGUSR2',
};

function forwardSignals(child) {
  const lastMs = new Map();
  for (const [received, sent] of Object.entries(forwarded)) {
    process.on(received, () => {
      const nowMs = performance.now();
      if (nowMs - (lastMs.get(sent) ?? -Infinity) >= sameSignalWithinMs) child.kill(sent);
      lastMs.set(sent, nowMs);
    });
  }
}

/** How often to look whether npm is still there. */
const lookForParentMs = 500;

/** A SIGTERM to npm ends npm and its shell without a word to us: the server stops then too. */
function stopWithParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, lookForParentMs);
  timer.unref();
}

await runMain(async () => {
  await ensureModules();
  await buildIfStale();
  const child = spawn(nodeBinary(), [join(root, 'bin', 'lal.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    // A process group of its own, so that each signal reaches the server exactly once, through us.
    detached: process.platform !== 'win32',
  });
  forwardSignals(child);
  stopWithParent(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
});
