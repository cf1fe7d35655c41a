import { expect } from 'vitest';
import { expectSamePackets } from './compare.ts';
import { readFlvFile } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { HlsWatcher } from './hls-watcher.ts';
import { publishWithFfmpeg } from './publishers.ts';
import type { Scope } from './scope.ts';
import { startServer } from './server.ts';
import { Tap } from './tap.ts';
import { tsOutputs } from './ts-outputs.ts';
import { playTsWithFfmpeg, playTsWithGstreamer, playTsWithVlc } from './ts-players.ts';
import type { PlayTs, TsPlayer } from './ts-players.ts';

const players: Record<string, PlayTs> = {
  ffmpeg: playTsWithFfmpeg,
  GStreamer: playTsWithGstreamer,
  VLC: playTsWithVlc,
};
const streamName = 'played';
/**
 * Players of HLS come when the list has so many fragments of two seconds. Where they begin in it is up to them: VLC 15 s
 * before its end, so that it does not run dry on a busy machine, and skip.
 */
const listedFragments = 8;
/** AAC frames in that time and one fragment more. */
const listedFrames = 800;

/** The names under which `playTsEverywhere` tells of its players. */
export const tsPlayers: readonly string[] = Object.keys(players).flatMap((name) => [
  `${name} over HTTP-TS`,
  `${name} over HLS`,
]);

/** Publishes a file once with ffmpeg while all players play it over HTTP-TS and HLS; resolves when the stream is over. */
export async function playTsEverywhere(scope: Scope, file: string): Promise<Map<string, TsPlayer>> {
  const server = await startServer(scope, tsOutputs());
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  await witness.joined();
  const playing = new Map<string, TsPlayer>();
  for (const [name, play] of Object.entries(players)) {
    const tap = await Tap.open(scope, server.ports.http, 'HTTP/1.1 200');
    playing.set(`${name} over HTTP-TS`, play(scope, `http://127.0.0.1:${tap.port}/live/${streamName}.ts`));
    await tap.seen();
  }
  const lists = new HlsWatcher(server, streamName);
  const publisher = publishWithFfmpeg(scope, file, server.rtmpUrl(streamName));
  await lists.untilListed(listedFragments);
  for (const [name, play] of Object.entries(players)) {
    playing.set(`${name} over HLS`, play(scope, server.hlsUrl('http', `${streamName}.m3u8`)));
  }
  const { code } = await publisher.exited;
  if (code !== 0) throw new Error(`the publisher failed: ${publisher.describe()}`);
  await witness.untilUnits(readFlvFile(file).units.length, 10_000);
  for (const [name, player] of playing) {
    // Who does not end shows it when it is asked for.
    if (name.endsWith('HLS')) await player.ended().catch(() => {});
  }
  await lists.finish();
  await server.stop();
  return playing;
}

/** Fails unless the player found nothing wrong, and received everything in order, at its time, but for its own habits. */
export async function expectPlayedAll(name: string, player: TsPlayer, file: string): Promise<void> {
  await player.ended();
  const { withinMs, losesFrames } = player.habits;
  const source = readFlvFile(file);
  const received = await player.recording();
  const options = { allowMissingHead: true, allowMissingTail: true, constantOffsetWithinMs: withinMs };
  expectSamePackets(source, received, options);
  const mayMissFirst = name.endsWith('HLS') ? listedFrames : losesFrames;
  for (const kind of ['video', 'audio']) {
    const sent = source.units.filter((unit) => unit.kind === kind);
    const got = received.units.filter((unit) => unit.kind === kind);
    const end = sent.findLastIndex(({ hash }) => hash === got.at(-1)!.hash) + 1;
    expect(sent.length - end).toBeLessThanOrEqual(losesFrames);
    expect(end - got.length).toBeLessThanOrEqual(mayMissFirst);
  }
}
