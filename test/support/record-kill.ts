import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixturePath } from './fixtures.ts';
import { readFlvFile } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { publishWithFfmpeg } from './publishers.ts';
import { probeFile, recordConfig, recordedFiles } from './recorded-files.ts';
import { Scope } from './scope.ts';
import { startServer } from './server.ts';

/** What a recording may lose. */
const lostMs = 1000;

/**
 * Kills a recording server with SIGKILL and fails unless every file it leaves can be read, and holds everything that
 * a viewer had received one second before.
 * @param delayMs from the viewer's first picture to the kill; negative: that long after the publisher's end, while
 * the files are being finished
 * @returns how many files were left, and how much of what the viewer had got is missing in the worse kind
 */
export async function killDuringRecording(
  outer: Scope,
  delayMs: number,
  config: Record<string, unknown> = {},
): Promise<{ files: number; missingMs: number }> {
  const scope = new Scope();
  outer.defer(() => scope.close());
  const server = await startServer(scope, recordConfig(config));
  const reader = FlvReader.open(scope, server.flvUrl('http', 'cam'));
  await reader.joined();
  const publisher = publishWithFfmpeg(scope, fixturePath('h264-bframes-aac'), server.rtmpUrl('cam'));
  await reader.until(() => reader.units.length > 0, 'the first unit');
  if (delayMs >= 0) {
    await sleep(delayMs);
  } else {
    await publisher.exited;
    await sleep(-delayMs);
  }
  server.program.kill('SIGKILL');
  const killedMs = performance.now();
  await server.program.exited;
  const mediaTags = reader.tags.filter(({ type }) => type !== 18);
  const startMs = mediaTags[0]!.timestampMs;
  const newestMs = mediaTags.at(-1)!.timestampMs;
  const safeMs = mediaTags.findLast(({ arrivedMs }) => arrivedMs < killedMs - lostMs)?.timestampMs ?? startMs;
  let files = 0;
  let missingMs = 0;
  for (const kind of ['flv', 'ts'] as const) {
    const paths = recordedFiles(server.folder, kind);
    const times: number[] = [];
    for (const path of paths) {
      const found = await timesOf(path);
      // The newest file may be younger than what may be lost.
      if (found.length === 0 && path !== paths.at(-1)) throw new Error(`ffprobe finds nothing in ${path}`);
      times.push(...found);
    }
    files += paths.length;
    if (times.length === 0 && safeMs === startMs) continue;
    const durationMs = Math.max(...times) - Math.min(...times);
    missingMs = Math.max(missingMs, newestMs - startMs - durationMs);
    if (durationMs < safeMs - startMs) {
      const last = paths.at(-1);
      throw new Error(
        `${last}: ${durationMs} ms recorded; ${safeMs - startMs} ms were there ${lostMs} ms before`,
      );
    }
  }
  await scope.close();
  return { files, missingMs };
}

/** The times of all packets; none for a file whose opening bytes were still to come. */
async function timesOf(path: string): Promise<number[]> {
  if (statSync(path).size === 0) return [];
  const { packets } = await probeFile(path, { mayComplain: true });
  // Our own reader too: a file cut off anywhere has whole tags up to there. ffprobe counts a torn one.
  if (path.endsWith('.flv') && packets.length > 0) {
    const { units } = readFlvFile(path);
    if (units.length < packets.length - 1)
      throw new Error(`${units.length} units, ffprobe finds ${packets.length}`);
  }
  return packets.map(({ dtsMs }) => dtsMs);
}
