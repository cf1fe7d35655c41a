/** Callbacks whose answer decides who may publish and play. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackServer, takeAll } from '../support/callback-server.ts';
import type { CallbackAnswer } from '../support/callback-server.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RawClient, viewerRequest } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientScript, publishChunks } from '../support/rtmp-wire.ts';
import { bare, conversation, announce } from '../support/rtsp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
let receiver: CallbackServer;
beforeEach(async () => {
  scope = new Scope();
  receiver = await CallbackServer.start(scope);
});
afterEach(() => scope.close());

const refuse: CallbackAnswer = (response, { body }) =>
  void response.end(body['blocking'] === true ? '{"allow":false,"reason":"no credit"}' : '');

const start = (notify: Record<string, unknown> = {}): Promise<LocalServer> =>
  LocalServer.start(scope, {
    httpts: { enable: true, url_pattern: '/' },
    hls: { enable: true, out_path: scope.folder(), sub_session_hash_key: 'k' },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
    http_notify: receiver.section({ on_pub_start_blocking: true, on_sub_start_blocking: true, ...notify }),
  });

/** First words of what a raw client is answered. */
async function answerTo(port: number, bytes: Buffer, end: RegExp): Promise<string> {
  const client = await RawClient.open(scope, port);
  await client.send(bytes);
  await client.until(() => end.test(client.text), String(end));
  return end.exec(client.text)![0];
}

const rtspStatus = /RTSP\/1\.0 \d+/;
const httpStatus = /HTTP\/1\.1 \d+/;

test('a session that is let in is asked about first, and told of when it has started', async () => {
  const local = await start();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), 'a');
  await receiver.until(() => receiver.bodies('on_sub_start').length === 2, 'question and event');
  const [question, event] = receiver.bodies('on_pub_start');
  expect(question).toEqual({ ...event, blocking: true });
  const [asked, told] = receiver.bodies('on_sub_start');
  expect(asked).toEqual({ ...told, blocking: true });
  player.close();
  await publisher.close();
  await receiver.heard('on_pub_stop');
  expect(local.server.callbacks.decisions).toEqual({ allowed: 2, refused: 0, undecided: 0, pending: 0 });
});

test("whoever is refused hears it in his protocol's words, and nobody else hears of him", async () => {
  receiver.answer = refuse;
  const local = await start();
  const [rtmp, http, rtsp] = [local.port('rtmp'), local.port('http'), local.port('rtsp')];
  await expect(RtmpPublisher.open(scope, rtmp, 'a')).rejects.toThrow(
    /NetStream\.Publish\.Unauthorized.*no credit/,
  );
  await expect(RtmpPlayer.open(scope, rtmp, 'a')).rejects.toThrow('NetStream.Play.Unauthorized');
  expect(await answerTo(rtsp, conversation(announce('a')), rtspStatus)).toBe('RTSP/1.0 403');
  expect(await answerTo(rtsp, conversation(bare('DESCRIBE', 'a')), rtspStatus)).toBe('RTSP/1.0 403');
  for (const kind of ['http', 'ws'] as const) {
    expect(await answerTo(http, viewerRequest(kind, http, 'a').request, httpStatus)).toBe('HTTP/1.1 403');
  }
  for (const path of ['live/a.ts', 'hls/a.m3u8']) {
    expect((await fetch(`http://127.0.0.1:${http}/${path}`)).status, path).toBe(403);
  }
  await local.server.close();
  const told = receiver.received.filter(
    ({ name, body }) => /on_(pub|sub)/.test(name) && body['blocking'] !== true,
  );
  expect(told).toEqual([]);
  expect(local.server.callbacks.decisions).toMatchObject({ allowed: 0, refused: 8 });
  expect(local.ends).toContain('refused on_pub_start');
});

test.each([
  { name: 'answers too late', answer: (() => {}) as CallbackAnswer, detail: 'ERR_NOTIFY_TIMEOUT' },
  {
    name: 'answers 500',
    answer: ((response) => void response.writeHead(500).end()) as CallbackAnswer,
    detail: 'ERR_NOTIFY_STATUS',
  },
  {
    name: 'answers garbage',
    answer: ((response) => void response.end('<html>')) as CallbackAnswer,
    detail: 'ERR_NOTIFY_ANSWER',
  },
  {
    name: 'closes at once',
    answer: (({ socket }) => void socket!.destroy()) as CallbackAnswer,
    detail: 'ERR_NOTIFY_CONNECTION',
  },
])(
  'a receiver that $name refuses everybody, or nobody with blocking_fail_open',
  async ({ answer, detail }) => {
    receiver.answer = (response, callback) =>
      callback.body['blocking'] === true ? answer(response, callback) : response.end();
    const closed = await start({ blocking_timeout_ms: 200 });
    await expect(RtmpPublisher.open(scope, closed.port('rtmp'), 'a')).rejects.toThrow('Publish.Unauthorized');
    const port = closed.port('http');
    expect(await answerTo(port, viewerRequest('http', port, 'a').request, httpStatus)).toBe('HTTP/1.1 403');
    await closed.until(() => closed.ends.includes(`refused ${detail}`), 'the reason in the log');
    const open = await start({ blocking_timeout_ms: 200, blocking_fail_open: true });
    await RtmpPublisher.open(scope, open.port('rtmp'), 'a');
    const reader = FlvReader.open(scope, open.flvUrl('http', 'a'));
    await reader.joined();
    expect(open.server.callbacks.decisions).toMatchObject({ undecided: 2, allowed: 0, refused: 0 });
  },
);

test('a client that leaves while it is asked about leaves nothing behind, and nobody hears of it', async () => {
  const held: (() => void)[] = [];
  receiver.answer = (response, { body }) => {
    if (body['blocking'] === true) held.push(() => response.end());
    else response.end();
  };
  const local = await start();
  const [rtmp, http, rtsp] = [local.port('rtmp'), local.port('http'), local.port('rtsp')];
  const clients: [number, Buffer][] = [
    [rtmp, clientScript(rtmp, publishChunks('a'))],
    [rtmp, viewerRequest('rtmp', rtmp, 'a').request],
    [http, viewerRequest('http', http, 'a').request],
    [http, viewerRequest('ws', http, 'a').request],
    [rtsp, conversation(announce('a'))],
    [rtsp, conversation(bare('DESCRIBE', 'a'))],
  ];
  const sockets = clients.map(([port, bytes]) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(bytes);
    return socket;
  });
  await local.until(() => held.length === clients.length, 'all questions');
  for (const socket of sockets) socket.destroy();
  await local.untilNoConnections();
  for (const answer of held) answer();
  await local.until(() => local.server.callbacks.decisions.pending === 0, 'all answers');
  await local.until(() => local.stream('a') === undefined, 'a stream that nobody has');
  receiver.answer = takeAll;
  const publisher = await RtmpPublisher.open(scope, rtmp, 'a');
  await publisher.close();
  await local.server.close();
  const told = receiver.received.filter(
    ({ name, body }) => /on_(pub|sub)/.test(name) && body['blocking'] !== true,
  );
  const byId = new Map<unknown, string[]>();
  for (const { name, body } of told) {
    byId.set(body['session_id'], [...(byId.get(body['session_id']) ?? []), name]);
  }
  // Who was let in when he had left already may show for a moment; never a stop alone, never a start alone.
  for (const [id, names] of byId) {
    expect(names, String(id)).toEqual(
      names[0]!.includes('pub') ? ['on_pub_start', 'on_pub_stop'] : ['on_sub_start', 'on_sub_stop'],
    );
  }
  expect(local.errors).toEqual([]);
});

test('a publisher that is asked about while another one takes the name is refused after all', async () => {
  const local = await start();
  const held: (() => void)[] = [];
  receiver.answer = (response, { body }) => {
    if (body['blocking'] === true && body['url_param'] === 'slow') held.push(() => response.end());
    else response.end();
  };
  const slow = RtmpPublisher.open(scope, local.port('rtmp'), 'a?slow');
  await local.until(() => held.length === 1, 'the question');
  await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  held[0]!();
  await expect(slow).rejects.toThrow('NetStream.Publish.BadName');
  await local.server.close();
  expect(receiver.lines.filter((line) => line.startsWith('on_pub_stop'))).toEqual([
    'on_pub_stop RTMPPUBSUB2',
  ]);
});

test('a HEAD request is decided on like any other, and is no viewer', async () => {
  const local = await start();
  const statusOf = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const head = request(local.flvUrl('http', 'a'), { method: 'HEAD', agent: false }, ({ statusCode }) =>
        resolve(statusCode),
      );
      head.on('error', reject).end();
    });
  expect(await statusOf()).toBe(200);
  receiver.answer = refuse;
  expect(await statusOf()).toBe(403);
  await local.server.close();
  expect(receiver.bodies('on_sub_start').map(({ blocking }) => blocking)).toEqual([true, true]);
});
