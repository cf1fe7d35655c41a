/** The programs in examples/ run as they are, on the built package. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFlvFile, readFlvTags } from '../support/flv-file.ts';
import { runProgram, startProgram } from '../support/program.ts';
import type { Program } from '../support/program.ts';
import { demoFile, projectRoot } from '../support/project.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const example = (name: string): string => join(projectRoot, 'examples', name);

function inspect(source: string, ...args: string[]): Promise<string> {
  return runProgram(process.execPath, [example('inspect-flv.mjs'), source, ...args]);
}

/** The server of the first example, on ports of the system's choice, and the addresses it prints. */
async function embedServer(): Promise<{ program: Program; rtmpUrl: string; httpUrl: string }> {
  const program = startProgram(scope, process.execPath, [example('embed-server.mjs'), demoFile, '0', '0']);
  await program.printed(/http:.*\n/);
  const [rtmpUrl] = /rtmp:\S+\/test/.exec(program.output)!;
  const [httpUrl] = /http:\S+/.exec(program.output)!;
  return { program, rtmpUrl, httpUrl };
}

test('inspect-flv says what is in a file', async () => {
  expect((await inspect(demoFile)).trim().split('\n')).toEqual([
    'data script',
    'video h264 avc1.4d401e 640x360',
    'audio aac mp4a.40.2 48000 Hz, 2 channels',
    '600 video frames in 23.96 s',
    '1125 audio frames in 23.98 s',
    '12 key frames, 2.00 to 2.00 s apart',
  ]);
});

test('inspect-flv says what is in a live stream of embed-server, which stops cleanly', async () => {
  const { program, httpUrl } = await embedServer();
  const output = await inspect(httpUrl, '3');
  expect(output).toContain('video h264 avc1.4d401e 640x360');
  expect(output).toContain('audio aac mp4a.40.2 48000 Hz, 2 channels');
  expect(output).toMatch(/[2-9] key frames, 2\.00 to 2\.00 s apart/);
  program.signal('SIGTERM');
  expect((await program.ended(5_000)).code, program.describe()).toBe(0);
  expect(program.output).not.toMatch(/warn|error/i);
});

test('pull-rtmp records what embed-server sends', async () => {
  const { rtmpUrl } = await embedServer();
  const file = join(scope.folder(), 'pulled.flv');
  const output = await runProgram(process.execPath, [example('pull-rtmp.mjs'), rtmpUrl, file, '3']);
  expect(output).toContain(`playing ${rtmpUrl}`);
  expect(output).not.toMatch(/warning/i);
  const sent = new Set(readFlvFile(demoFile).units.map((unit) => unit.hash));
  const { units } = readFlvFile(file);
  expect(units.length).toBeGreaterThan(100);
  expect(units.filter(({ hash }) => !sent.has(hash))).toEqual([]);
  expect(readFlvTags(file)[0]).toMatchObject({ type: 18, timestampMs: 0 });
});

test('pull-rtmp ends with the stream, and its exit code says whether there was one', async () => {
  const { program, rtmpUrl } = await embedServer();
  const file = join(scope.folder(), 'pulled.flv');
  const pull = startProgram(scope, process.execPath, [example('pull-rtmp.mjs'), rtmpUrl, file]);
  await pull.printed(/playing/);
  program.signal('SIGTERM');
  expect((await pull.ended(10_000)).code, pull.describe()).toBe(0);
  const late = startProgram(scope, process.execPath, [example('pull-rtmp.mjs'), rtmpUrl, file]);
  expect((await late.ended(20_000)).code, late.describe()).toBe(1);
});

test('hooks lets in who knows the token, refuses others in words of its own, and tells who comes and goes', async () => {
  const program = startProgram(scope, process.execPath, [example('hooks.mjs'), '0']);
  await program.printed(/publish to .*\n/);
  const port = Number(/rtmp:\/\/127\.0\.0\.1:(\d+)/.exec(program.output)![1]);
  const stranger = await RtmpPublisher.connect(scope, port);
  await expect(stranger.publish('test?token=please')).rejects.toThrow(
    /Publish\.Unauthorized.*the token is wrong/,
  );
  const player = await RtmpPlayer.open(scope, port, 'test');
  const publisher = await RtmpPublisher.open(scope, port, 'test?token=sesame');
  const late = await RtmpPlayer.open(scope, port, 'test');
  await publisher.close();
  player.close();
  late.close();
  await program.printed(/RTMPPUBSUB4 has gone.*\n/);
  await program.printed(/RTMPPUBSUB2 has gone.*\n/);
  expect(program.output).toMatch(/127\.0\.0\.1:\d+ may not publish test\n/);
  expect(program.output).toContain('RTMPPUBSUB2 plays test, which waits\n');
  expect(program.output).toContain('RTMPPUBSUB3 publishes test\n');
  expect(program.output).toContain('RTMPPUBSUB4 plays test\n');
  expect(program.output).toMatch(/RTMPPUBSUB3 has gone after \d{4,} bytes \(peer-stopped\)\n/);
  program.signal('SIGTERM');
  expect((await program.ended(5_000)).code, program.describe()).toBe(0);
});
