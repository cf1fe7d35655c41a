import { afterEach, beforeEach, expect, test } from 'vitest';
import { killDuringRecording } from '../support/record-kill.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** At random within the stream, from before its first byte is on disk. */
function whileRecording(): number {
  return Math.random() * 4500;
}

/** At random while the server closes the files of a publisher that has gone. */
function whileFinishing(): number {
  return -Math.random() * 30;
}

async function killOften(
  count: number,
  moment: () => number,
  config?: Record<string, unknown>,
): Promise<number> {
  const lanes = [0, 1].map(async (lane) => {
    let worstMs = 0;
    for (let run = lane; run < count; run += 2) {
      const delayMs = moment();
      const { missingMs } = await killDuringRecording(scope, delayMs, config).catch((error: unknown) => {
        throw new Error(`killed at ${delayMs} ms`, { cause: error });
      });
      worstMs = Math.max(worstMs, missingMs);
    }
    return worstMs;
  });
  return Math.max(...(await Promise.all(lanes)));
}

test('30 kills at random moments of a recording leave files that play up to the last second', async () => {
  expect(await killOften(30, whileRecording)).toBeLessThanOrEqual(1000);
});

test('10 kills while there is a new file every second leave all of them playable', async () => {
  const config = { segment_duration_ms: 1000, file_name: '{stream}-{segment}' };
  expect(await killOften(10, whileRecording, config)).toBeLessThanOrEqual(1000);
});

test('10 kills while the files are being finished leave them whole', async () => {
  expect(await killOften(10, whileFinishing)).toBeLessThanOrEqual(1000);
});
