/** Relay pull from servers that others wrote: nginx with its RTMP module, VLC, FFmpeg. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { FileServer } from '../support/file-server.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { freePort } from '../support/free-ports.ts';
import { LocalServer } from '../support/local-server.ts';
import { startNginx } from '../support/nginx.ts';
import { startProgram } from '../support/program.ts';
import { watch } from '../support/relay-push.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { serveRtspWithVlc } from '../support/vlc-rtsp.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const fixture = fixturePath('h264-bframes-aac');
const source = recordingOf(readFlvTags(fixture));
/** FFmpeg's own muxers lie between: what they round, and what follows by its length. */
const remuxed = { constantOffsetWithinMs: 1.02, audioWithinMs: 2 };

function startEdge(...urls: string[]): Promise<LocalServer> {
  const urlList = urls.map((url) => ({ url }));
  return LocalServer.start(scope, { static_relay_pull: { enable: true, url_list: urlList } });
}

test('RTMP from nginx: what a publisher sends there arrives unit by unit', async () => {
  const nginx = await startNginx(scope);
  const edge = await startEdge(`rtmp://127.0.0.1:${nginx.port}/live/{stream}`);
  const reader = await watch(scope, edge, 'cam');
  await edge.until(() => edge.stream('cam')?.publication !== undefined, 'the pull');
  const publisher = await RtmpPublisher.open(scope, nginx.port, 'cam');
  const tags = readFlvTags(fixture).filter(({ timestampMs }) => timestampMs < 3000);
  const sent = recordingOf(tags);
  await publisher.sendPaced(tags);
  await reader.untilUnits(sent.units.length);
  expectSamePackets(sent, reader.recording, { sameOrder: true });
  expectSameHeaders(sent, reader.recording);
});

test('RTSP from VLC, which has no TCP: over UDP, unit by unit', async () => {
  const url = await serveRtspWithVlc(scope, fixture);
  const edge = await startEdge(url);
  const reader = await watch(scope, edge, 'cam');
  const pictures = (): number => reader.units.filter(({ kind }) => kind === 'video').length;
  await reader.until(() => pictures() >= 50, '50 pictures');
  const { units } = reader.recording;
  const ofKind = (kind: string, all: typeof units): typeof units => all.filter((unit) => unit.kind === kind);
  const part = { allowMissingHead: true, allowMissingTail: true, constantOffsetWithinMs: 2 };
  for (const kind of ['video', 'audio']) {
    const received = { ...reader.recording, units: ofKind(kind, units) };
    expectSamePackets({ ...source, units: ofKind(kind, source.units) }, received, part);
  }
  expect(edge.log.filter(({ msg }) => msg === 'relay pull start')).toHaveLength(1);
});

test('HTTP-FLV from FFmpeg as a server, to its end', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/live/cam.flv`;
  const args = ['-loglevel', 'error', '-nostdin', '-re', '-i', fixture, '-t', '3', '-c', 'copy'];
  startProgram(scope, 'ffmpeg', [...args, '-f', 'flv', '-listen', '1', url]);
  const edge = await startEdge(url);
  const reader = await watch(scope, edge, 'cam');
  await edge.until(() => edge.log.some(({ msg }) => msg.startsWith('relay pull stop')), 'the end');
  const end = source.units.findLastIndex(({ dtsMs }) => dtsMs < 2900);
  await reader.untilUnits(end);
  expectSamePackets(source, reader.recording, { allowMissingTail: true });
});

test('HLS from FFmpeg, a live list from which fragments vanish, to its end', async () => {
  const folder = scope.folder();
  const files = await FileServer.start(scope, folder);
  const edge = await startEdge(files.url('{stream}.m3u8'));
  const reader = await watch(scope, edge, 'cam');
  const input = ['-loglevel', 'error', '-nostdin', '-re', '-i', fixture, '-c', 'copy'];
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '4', '-hls_flags', 'delete_segments'];
  const program = startProgram(scope, 'ffmpeg', [...input, ...hls, join(folder, 'cam.m3u8')]);
  expect(await program.ended(20_000)).toMatchObject({ code: 0 });
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording, remuxed);
  expect(edge.log.filter(({ msg }) => msg === 'relay pull start')).toHaveLength(1);
});
