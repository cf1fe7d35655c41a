import { fixturePath } from './fixtures.ts';
import type { FixtureName } from './fixtures.ts';
import { codecBlindCells, describeMatrix, ffmpegCells } from './matrix.ts';
import { publishWithFfmpeg } from './publishers.ts';

/** The matrix for a fixture that the machine's own ffmpeg publishes over RTMP. */
export function describeFfmpegMatrix(title: string, fixture: FixtureName): void {
  const file = fixturePath(fixture);
  const publish = (scope: Parameters<typeof publishWithFfmpeg>[0], url: string) =>
    publishWithFfmpeg(scope, file, url);
  describeMatrix(title, { file, publish }, [...ffmpegCells, ...codecBlindCells]);
}
