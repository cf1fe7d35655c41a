import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import { readAllAmf0 } from '../../src/protocol/amf/amf0.ts';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import type { FixtureName } from '../support/fixtures.ts';
import { readFlvFile } from '../support/flv-file.ts';
import type { AccessUnit, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { killDuringRecording } from '../support/record-kill.ts';
import { decodeFile, probeFile, readTsFile, recordConfig, recordedFiles } from '../support/recorded-files.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

async function publish(server: TestServer, fixture: FixtureName, streamName = 'cam'): Promise<void> {
  const publisher = publishWithFfmpeg(scope, fixturePath(fixture), server.rtmpUrl(streamName));
  expect((await publisher.exited).code, publisher.describe()).toBe(0);
}

function metadataOf(path: string): AmfObject {
  const { scripts } = readFlvFile(path);
  expect(scripts.map(({ name }) => name)).toEqual(['onMetaData']);
  return readAllAmf0(scripts[0]!.body)[1] as AmfObject;
}

const fixtures: FixtureName[] = ['h264-bframes-aac', 'audio-only-aac', 'video-only-h264', 'h264-mp3'];

test.each(fixtures)('%s is recorded to FLV and TS as it was published', async (fixture) => {
  const server = await startServer(scope, recordConfig());
  await publish(server, fixture);
  await server.stop();
  const source = referenceOf(fixture);
  const [flv] = recordedFiles(server.folder, 'flv');
  const [ts] = recordedFiles(server.folder, 'ts');
  expect(basename(flv!)).toMatch(/^cam-\d{10}\.flv$/);
  expect(basename(ts!)).toMatch(/^cam-\d{10}\.ts$/);
  expectSamePackets(source, readFlvFile(flv!), { sameOrder: true });
  expectSameHeaders(source, readFlvFile(flv!));
  expectSamePackets(source, await readTsFile(scope, ts!), { constantOffsetWithinMs: 1 });
  await decodeFile(flv!);
  await decodeFile(ts!);
});

test('an FLV file has duration, size and an index that players seek with', async () => {
  const server = await startServer(scope, recordConfig());
  await publish(server, 'h264-bframes-aac');
  await server.stop();
  const [path] = recordedFiles(server.folder, 'flv');
  const bytes = readFileSync(path!);
  const metadata = metadataOf(path!);
  expect(metadata.number('filesize')).toBe(statSync(path!).size);
  const { units } = readFlvFile(path!);
  const times = units.map(({ dtsMs }) => dtsMs);
  expect(metadata.number('duration')).toBe((Math.max(...times) - units[0]!.dtsMs) / 1000);
  expect(metadata.number('width')).toBe(320);
  const keyframes = metadata.get('keyframes') as AmfObject;
  const positions = keyframes.get('filepositions') as number[];
  const keys = units.filter(({ kind, isKey }) => kind === 'video' && isKey).map(({ dtsMs }) => dtsMs / 1000);
  expect(keyframes.get('times')).toEqual([keys[0], ...keys]);
  // A video tag with a key frame stands at each position, the first one being the sequence header.
  expect(positions.map((at) => [bytes[at], bytes[at + 11]! >> 4, bytes[at + 12]])).toEqual(
    positions.map((_, index) => [9, 1, index === 0 ? 0 : 1]),
  );
  expect((await probeFile(path!)).durationMs).toBeCloseTo(metadata.number('duration')! * 1000, -1);
  await decodeFile(path!, '-ss', '3.5');
});

/** The recordings one after the other. */
function joined(recordings: readonly Recording[]): Recording {
  return {
    units: recordings.flatMap(({ units }) => units),
    headers: recordings[0]!.headers,
    scripts: [],
  };
}

test('segments of two seconds begin with key frames, play alone, and together are the whole stream', async () => {
  const config = recordConfig({ segment_duration_ms: 2000, file_name: '{stream}/{segment}' });
  const server = await startServer(scope, config);
  await publish(server, 'h264-bframes-aac');
  await server.stop();
  const source = referenceOf('h264-bframes-aac');
  for (const kind of ['flv', 'ts'] as const) {
    const files = recordedFiles(server.folder, kind);
    expect(files.map((path) => basename(path))).toEqual([0, 1, 2].map((segment) => `${segment}.${kind}`));
    for (const path of files) {
      await decodeFile(path);
      const { packets } = await probeFile(path);
      expect(packets.find((packet) => packet.kind === 'video')!.isKey).toBe(true);
    }
  }
  const flv = recordedFiles(server.folder, 'flv').map((path) => readFlvFile(path));
  expectSamePackets(source, joined(flv), { sameOrder: true });
  const ofVideo = ({ units }: Recording): AccessUnit[] => units.filter((unit) => unit.kind === 'video');
  const ts = [];
  for (const path of recordedFiles(server.folder, 'ts')) ts.push(...ofVideo(await readTsFile(scope, path)));
  expect(ts.map(({ hash }) => hash)).toEqual(ofVideo(source).map(({ hash }) => hash));
});

test('each publication of a name has its own file, and an older one is never written to', async () => {
  const server = await startServer(scope, recordConfig({ file_name: '{stream}' }));
  mkdirSync(join(server.folder, 'record', 'flv'), { recursive: true });
  writeFileSync(join(server.folder, 'record', 'flv', 'cam.flv'), 'precious');
  await publish(server, 'audio-only-aac');
  await publish(server, 'video-only-h264');
  await server.stop();
  const files = recordedFiles(server.folder, 'flv');
  expect(files.map((path) => basename(path))).toEqual(['cam-1.flv', 'cam-2.flv', 'cam.flv']);
  expect(readFileSync(files[2]!, 'utf8')).toBe('precious');
  expectSamePackets(referenceOf('audio-only-aac'), readFlvFile(files[0]!));
  expectSamePackets(referenceOf('video-only-h264'), readFlvFile(files[1]!));
});

test('a folder that cannot be made shows in the log, and viewers get the whole stream', async () => {
  const blocked = join(scope.folder(), 'blocked');
  // Not even root can make a folder below a file.
  writeFileSync(blocked, '');
  const config = recordConfig({ flv_out_path: join(blocked, 'flv'), enable_mpegts: false });
  const server = await startServer(scope, config);
  const reader = FlvReader.open(scope, server.flvUrl('http', 'cam'));
  await reader.joined();
  await publish(server, 'h264-bframes-aac');
  await reader.untilUnits(referenceOf('h264-bframes-aac').units.length);
  await server.stop();
  expect(server.program.output).toMatch(/record folder not made.*ERR_RECORD_OPEN/);
  expect(server.program.output).toMatch(/record failed.*ERR_RECORD_OPEN/);
  expectSamePackets(referenceOf('h264-bframes-aac'), reader.recording, { sameOrder: true });
});

test('the server is killed while it records: what is on disk plays up to the last second', async () => {
  for (const delayMs of [700, 2100, 3700]) await killDuringRecording(scope, delayMs);
});
