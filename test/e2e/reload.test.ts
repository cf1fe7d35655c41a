import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { freePort } from '../support/free-ports.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer, testConfig } from '../support/server.ts';
import type { ConfigOverrides, TestServer } from '../support/server.ts';
import { Tap } from '../support/tap.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const key = 'not a default';

function token(streamName: string): string {
  return createHash('md5')
    .update(key + streamName)
    .digest('hex');
}

/** What the running server will find in its config file. */
function rewriteConfig({ folder, ports }: TestServer, content: ConfigOverrides | string): void {
  const text = typeof content === 'string' ? content : JSON.stringify(testConfig(ports, content));
  writeFileSync(join(folder, `lalserver-${ports.rtmp}.conf.json`), text);
}

test('SIGHUP changes auth, log and limits, and names what it cannot change, while players miss nothing', async () => {
  const server = await startServer(scope);
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const source = recordingOf(tags);
  const half = Math.floor(tags.length / 2);
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const ffmpeg = playWithFfmpeg(scope, `rtmp://127.0.0.1:${tap.port}/live/cam`);
  await tap.seen();
  const readers = [
    await RtmpPlayer.open(scope, server.ports.rtmp, 'cam'),
    FlvReader.open(scope, server.flvUrl('http', 'cam')),
    FlvReader.open(scope, server.flvUrl('wss', 'cam')),
  ] as const;
  await Promise.all([readers[1].joined(), readers[2].joined()]);
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'cam');
  const sent = publisher.sendPaced(tags.slice(0, half));

  rewriteConfig(server, '{ "rtmp": { "gop_num": "many" } ');
  server.program.signal('SIGHUP');
  await server.program.printed(/ERROR the config cannot be used; nothing has changed/);
  const withAuth = {
    simple_auth: { key, sub_rtmp_enable: true, sub_httpflv_enable: true },
    log: { level: 2, level_flag: false },
    limits: { max_streams: 1, viewer_queue_ms: 5000 },
    fanout: { max_flush_window_ms: 20 },
    rtmp: { addr: '127.0.0.1:1' },
  };
  rewriteConfig(server, withAuth);
  server.program.signal('SIGHUP');
  await server.program.printed(
    /^\S+ \S+ config reloaded changed=\["simple_auth\.key","simple_auth\.sub_rtmp_enable","simple_auth\.sub_httpflv_enable","log\.level","log\.level_flag",.*"limits\.max_streams"/m,
  );
  await server.program.printed(/these keys change with a restart only keys=\["rtmp\.addr"\]/);

  await expect(RtmpPlayer.open(scope, server.ports.rtmp, 'cam')).rejects.toThrow();
  await expect(RtmpPublisher.open(scope, server.ports.rtmp, 'second')).rejects.toThrow();
  await expect(FlvReader.open(scope, server.flvUrl('http', 'cam')).joined()).rejects.toThrow();
  const url = `${server.flvUrl('http', 'cam')}?lal_secret=${token('cam')}`;
  await FlvReader.open(scope, url).joined();

  await sent;
  await publisher.sendPaced(tags.slice(half));
  for (const reader of readers) {
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording, { sameOrder: true });
  }
  await ffmpeg.caughtUp(source.units.at(-1)!);
  await publisher.close();
  await server.stop();
  await ffmpeg.ended();
  expectSamePackets(source, ffmpeg.recording());
  expect(server.program.output).not.toContain(key);
});

test('the HTTP API reloads too, and answers with what that did', async () => {
  const port = await freePort();
  const httpApi = { enable: true, addr: `127.0.0.1:${port}` };
  const server = await startServer(scope, { http_api: httpApi });
  const api = new ApiClient(port);
  rewriteConfig(server, { http_api: { ...httpApi, token: 'let-me-in' }, server_id: 'renamed' });
  expect(await api.get('/api/ctrl/reload_config')).toMatchObject({
    error_code: 0,
    data: {
      applied: [
        { key: 'server_id', effect: 'now' },
        { key: 'http_api.token', effect: 'now' },
      ],
      needs_restart: [],
    },
  });
  expect(await api.get('/api/stat/lal_info')).toMatchObject({ error_code: 401 });
  expect(await api.get('/api/stat/lal_info', { token: 'let-me-in' })).toMatchObject({
    data: { server_id: 'renamed' },
  });
  rewriteConfig(server, '[]');
  expect(await api.get('/api/ctrl/reload_config', { token: 'let-me-in' })).toMatchObject({
    error_code: 2010,
    data: { applied: [], needs_restart: [], warnings: [] },
  });
  await server.stop();
});
