/** Functions of a program that embeds the server: what they decide, what they are told, and what they cannot break. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endReason } from '../../src/media/end-reason.ts';
import type { ServerHooks } from '../../src/server/hooks/server-hooks.ts';
import { CallbackServer } from '../support/callback-server.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openRawViewer, RawClient, viewerRequest } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const start = (hooks: ServerHooks): Promise<LocalServer> =>
  LocalServer.start(scope, {}, { hooks, hookTimeoutMs: 200 });

test('hooks decide, and are told in the order of events', async () => {
  const told: string[] = [];
  const local = await start({
    onPublish: ({ urlParam }) => urlParam === 'yes' || endReason('refused', 'mine', 'not you'),
    onPlay: async ({ appName }) => appName === 'live',
    onRtmpConnect: ({ sessionId }) => void told.push(`connect ${sessionId}`),
    onPublishStart: ({ id, hasInput }) => void told.push(`publish ${id} ${hasInput}`),
    onPublishStop: ({ id, bytesRead }, { code }) => void told.push(`stop ${id} ${code} ${bytesRead > 3000}`),
    onPlayStart: ({ id, hasOutput }) => void told.push(`play ${id} ${hasOutput}`),
    onPlayStop: ({ id }, { code }) => void told.push(`stop ${id} ${code}`),
  });
  await expect(RtmpPublisher.open(scope, local.port('rtmp'), 'a')).rejects.toThrow(
    /Publish\.Unauthorized.*not you/,
  );
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a?yes');
  const viewer = await openRawViewer(scope, 'http', local.port('http'), 'a');
  viewer.socket.destroy();
  await local.untilViewers('a', 0);
  await publisher.close();
  await local.server.close();
  expect(told).toEqual([
    'connect RTMPPUBSUB1',
    'connect RTMPPUBSUB2',
    'publish RTMPPUBSUB2 true',
    'play FLVPUBSUB1 true',
    'stop FLVPUBSUB1 peer-closed',
    'stop RTMPPUBSUB2 peer-stopped true',
  ]);
  expect(local.ends).toContain('refused mine');
});

test('a hook that is told can end a session', async () => {
  const local = await start({ onPlayStart: (session) => session.close() });
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), 'a');
  await player.ended();
  expect(local.ends).toEqual(['kicked']);
});

test.each(['throws', 'never settles'])('a hook that is told and %s hurts no stream', async (fault) => {
  let calls = 0;
  const hook = (): Promise<void> => {
    calls += 1;
    if (fault === 'throws') throw new Error('mine');
    return new Promise(() => {});
  };
  const names = ['onPublishStart', 'onPublishStop', 'onPlayStart', 'onPlayStop', 'onRtmpConnect', 'onUpdate'];
  const local = await start(Object.fromEntries(names.map((name) => [name, hook])));
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const reader = FlvReader.open(scope, local.flvUrl('http', 'a'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  await publisher.send(tags);
  const source = recordingOf(tags);
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording, { sameOrder: true });
  await publisher.close();
  reader.close();
  await local.untilViewers('a', 0);
  await local.server.close();
  expect(calls).toBe(6);
  const code = fault === 'throws' ? 'ERR_HOOK_FAILED' : 'ERR_HOOK_TIMEOUT';
  expect(local.errors.map((line) => line.code)).toEqual(Array(6).fill(code));
});

test.each([
  { fault: 'throws', detail: 'ERR_HOOK_FAILED' },
  { fault: 'never settles', detail: 'ERR_HOOK_TIMEOUT' },
  { fault: 'says nothing', detail: 'ERR_HOOK_ANSWER' },
])('a hook that decides and $fault refuses', async ({ fault, detail }) => {
  const hook = (): Promise<boolean> => {
    if (fault === 'throws') throw new Error('mine');
    return fault === 'says nothing'
      ? (Promise.resolve() as unknown as Promise<boolean>)
      : new Promise(() => {});
  };
  const local = await start({ onPublish: hook, onPlay: hook });
  await expect(RtmpPublisher.open(scope, local.port('rtmp'), 'a')).rejects.toThrow('Publish.Unauthorized');
  const viewer = await RawClient.open(scope, local.port('http'));
  await viewer.send(viewerRequest('ws', local.port('http'), 'a').request);
  await viewer.answered('HTTP/1.1 403');
  expect(local.ends).toEqual([`refused ${detail}`]);
  expect(local.server.hub.streams.size).toBe(0);
});

test('the application is asked before the other program, which is not asked about those it has refused', async () => {
  const receiver = await CallbackServer.start(scope);
  const http_notify = receiver.section({ on_pub_start_blocking: true });
  const hooks: ServerHooks = { onPublish: ({ streamName }) => streamName === 'a' };
  const local = await LocalServer.start(scope, { http_notify }, { hooks });
  await expect(RtmpPublisher.open(scope, local.port('rtmp'), 'b')).rejects.toThrow('Publish.Unauthorized');
  await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  await receiver.until(() => receiver.bodies('on_pub_start').length === 2, 'question and event');
  expect(receiver.bodies('on_pub_start').map((body) => body['stream_name'])).toEqual(['a', 'a']);
});
