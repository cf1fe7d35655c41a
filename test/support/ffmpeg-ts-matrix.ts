import { fixturePath } from './fixtures.ts';
import type { FixtureName } from './fixtures.ts';
import { publishWithFfmpeg } from './publishers.ts';
import { describeTsMatrix } from './ts-matrix.ts';
import type { TsMatrixSource } from './ts-matrix.ts';

/** The matrix of transport streams for a fixture that the machine's own ffmpeg publishes over RTMP. */
export function describeFfmpegTsMatrix(
  title: string,
  fixture: FixtureName,
  more: Pick<TsMatrixSource, 'lacksAudio'> = {},
): void {
  const file = fixturePath(fixture);
  const publish: TsMatrixSource['publish'] = async (scope, server, streamName) => {
    const publisher = publishWithFfmpeg(scope, file, server.rtmpUrl(streamName));
    const { code } = await publisher.exited;
    if (code !== 0) throw new Error(`the publisher failed: ${publisher.describe()}`);
  };
  describeTsMatrix(title, { file, publish, ...more });
}
