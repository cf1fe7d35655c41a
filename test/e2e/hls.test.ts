import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPlaylist } from '../../src/testing/hls-rules.ts';
import { fixturePath } from '../support/fixtures.ts';
import type { FixtureName } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { hlsList, untilHlsList } from '../support/hls-list.ts';
import { runProgram } from '../support/program.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** A batch of ours has 150 ms of audio. */
const FRAMES_IN_FIRST_PACKET = 8;
/** FLV rounds each frame to a millisecond; ffprobe counts samples from the first frame of each packet. */
const MAX_ROUNDING_MS = 2;

interface Packet {
  readonly kind: string;
  readonly ptsMs: number;
}

/** Every packet as ffprobe reads it. */
async function packetsOf(input: string): Promise<Packet[]> {
  const fields = ['-show_entries', 'packet=codec_type,pts_time', '-of', 'json'];
  const output = await runProgram('ffprobe', ['-v', 'error', ...fields, input]);
  const { packets } = JSON.parse(output) as { packets: { codec_type: string; pts_time: string }[] };
  return packets.map(({ codec_type: kind, pts_time: time }) => ({ kind, ptsMs: Number(time) * 1000 }));
}

const timesOf = (packets: Packet[], kind: string): number[] =>
  packets.filter((packet) => packet.kind === kind).map(({ ptsMs }) => ptsMs);

function hlsServer(overrides: Record<string, unknown> = {}): Promise<TestServer> {
  const hls = { enable: true, url_pattern: '/hls/', out_path: join(scope.folder(), 'hls'), cleanup_mode: 0 };
  return startServer(scope, { hls: { ...hls, fragment_duration_ms: 2000, fragment_num: 6, ...overrides } });
}

test.each<{ fixture: FixtureName; kinds: string[] }>([
  { fixture: 'h264-bframes-aac', kinds: ['video', 'audio'] },
  { fixture: 'video-only-h264', kinds: ['video'] },
  { fixture: 'audio-only-aac', kinds: ['audio'] },
])('the record list has every frame at its time: $fixture', async ({ fixture, kinds }) => {
  const server = await hlsServer();
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'all');
  await publisher.send(readFlvTags(fixturePath(fixture)));
  await publisher.close();
  const live = await untilHlsList(server, 'all.m3u8', ({ isEnded }) => isEnded);
  const record = (await hlsList(server, 'all/record.m3u8'))!;
  expect(record.entries).toEqual(live.entries);
  const sent = await packetsOf(fixturePath(fixture));
  const got = await packetsOf(server.hlsUrl('http', 'all/record.m3u8'));
  const shifts = kinds.flatMap((kind) => {
    const before = timesOf(sent, kind);
    const after = timesOf(got, kind);
    expect(after).toHaveLength(before.length);
    // Inside the very first packet of several audio frames ffprobe guesses, because it does not know their length yet.
    const unsure = kind === 'audio' ? FRAMES_IN_FIRST_PACKET : 0;
    return after.map((time, index) => time - before[index]!).slice(unsure);
  });
  expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(MAX_ROUNDING_MS);
  const seconds = record.entries.reduce((sum, { durationSec }) => sum + durationSec, 0);
  expect(seconds).toBeCloseTo(6, 0);
  await server.stop();
});

test('when the server stops in mid-stream the lists are ended on disk, and every file in them is there', async () => {
  const server = await hlsServer({ cleanup_mode: 1 });
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'cut');
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  await untilHlsList(server, 'cut.m3u8', () => true);
  await server.stop();
  const folder = join(scope.folder(), 'hls/cut');
  for (const name of ['playlist.m3u8', 'record.m3u8']) {
    const { isEnded, entries } = checkPlaylist(readFileSync(join(folder, name), 'utf8'));
    expect(isEnded).toBe(true);
    for (const { uri } of entries) expect(existsSync(join(folder, uri))).toBe(true);
    expect(entries).toHaveLength(3);
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.bak'))).toEqual([]);
});
