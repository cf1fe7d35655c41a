/** HTTP clients that break the rules, or use the rules in ways that a stream without end does not expect. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openRawViewer, RawClient, viewerRequest } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const lines = (...text: string[]): string => `${text.join('\r\n')}\r\n\r\n`;

/** Sends bytes and collects the answer until the server closes. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const client = await RawClient.open(scope, port);
  await client.send(bytes);
  await client.ended();
  return client.text;
}

const refusals: { name: string; request: string; status: number }[] = [
  { name: 'no HTTP at all', request: 'hello\r\n\r\n', status: 400 },
  { name: 'a TLS handshake', request: '\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03', status: 400 },
  { name: 'HTTP/1.1 without a host', request: lines('GET /live/a.flv HTTP/1.1'), status: 400 },
  {
    name: 'a header of 20 KB',
    request: lines('GET /live/a.flv HTTP/1.1', 'Host: x', `X-Long: ${'a'.repeat(20_000)}`),
    status: 431,
  },
  {
    name: 'a thousand headers',
    request: lines(
      'GET /live/a.flv HTTP/1.1',
      'Host: x',
      ...Array.from({ length: 1000 }, (_, at) => `X-Header-Number-${at}: 1`),
    ),
    status: 431,
  },
  {
    name: 'a path of 20 KB',
    request: lines(`GET /${'a'.repeat(20_000)}.flv HTTP/1.1`, 'Host: x'),
    status: 431,
  },
  {
    name: 'both a length and chunks',
    request: lines('POST /live/a.flv HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    status: 400,
  },
  {
    name: 'a body of a gigabyte',
    request:
      lines('POST /live/a.flv HTTP/1.1', 'Host: x', 'Content-Length: 1000000000') + 'a'.repeat(100_000),
    status: 405,
  },
];

test.each(refusals)(
  '$name is answered with $status, and the connection closed',
  async ({ request, status }) => {
    const local = await LocalServer.start(scope);
    expect(await answerTo(local.port('http'), request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await local.untilNoConnections();
    expect(local.errors).toEqual([]);
  },
);

const plainAnswers: { name: string; request: string; status: number }[] = [
  { name: 'HEAD of a stream', request: 'HEAD /live/a.flv', status: 200 },
  { name: 'HEAD of a name that climbs', request: 'HEAD /live/...flv', status: 400 },
  { name: 'OPTIONS of a stream', request: 'OPTIONS /live/a.flv', status: 204 },
  { name: 'OPTIONS of everything', request: 'OPTIONS *', status: 204 },
  { name: 'POST', request: 'POST /live/a.flv', status: 405 },
  { name: 'DELETE', request: 'DELETE /live/a.flv', status: 405 },
  { name: 'an unknown path', request: 'GET /favicon.ico', status: 404 },
  { name: 'the root', request: 'GET /', status: 404 },
  { name: 'another suffix', request: 'GET /live/a.mp4', status: 404 },
  { name: 'a name that is empty', request: 'GET /live/.flv', status: 400 },
  { name: 'a name that climbs', request: 'GET /live/...flv', status: 400 },
  { name: 'a folder that climbs', request: 'GET /live/%2e%2e/%2e%2e/a.flv', status: 400 },
  { name: 'a name with NUL', request: 'GET /live/a%00b.flv', status: 400 },
  { name: 'a name with a backslash', request: 'GET /live/a%5cb.flv', status: 400 },
  { name: 'a name of 4 KB', request: `GET /live/${'a'.repeat(4096)}.flv`, status: 400 },
  { name: 'percent-coding that is none', request: 'GET /live/%zz.flv', status: 404 },
];

test.each(plainAnswers)('$name is answered with $status', async ({ request, status }) => {
  const local = await LocalServer.start(scope);
  const text = await answerTo(
    local.port('http'),
    lines(`${request} HTTP/1.1`, 'Host: x', 'Connection: close'),
  );
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text).toMatch(/\r\naccess-control-allow-origin: \*\r\n/i);
  expect(local.server.hub.streams.size).toBe(0);
});

test('HEAD of a stream that is not there tells what GET would', async () => {
  const local = await LocalServer.start(scope, { httpflv: { unknown_stream: '404' } });
  const request = lines('HEAD /live/nobody.flv HTTP/1.1', 'Host: x', 'Connection: close');
  expect(await answerTo(local.port('http'), request)).toMatch(/^HTTP\/1.1 404 /);
});

test('a request that offers HTTP/2, as curl --http2 does, is answered as usual', async () => {
  const local = await LocalServer.start(scope);
  const client = await RawClient.open(scope, local.port('http'));
  const offer = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  ];
  await client.send(lines('GET /live/a.flv HTTP/1.1', 'Host: x', ...offer));
  await client.answered('200 OK');
  expect(client.text).toContain('video/x-flv');
});

const secondRequest = lines('GET /live/b.flv HTTP/1.1', 'Host: x');

test.each([
  { when: 'in the same packet', delayMs: undefined },
  { when: 'while the stream runs', delayMs: 50 },
])('a second request $when ends the stream: its answer has no end to come after', async ({ delayMs }) => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const client = await RawClient.open(scope, local.port('http'));
  const first = viewerRequest('http', local.port('http'), 'a').request.toString();
  if (delayMs === undefined) {
    await client.send(first + secondRequest);
  } else {
    await client.send(first);
    await client.answered('200 OK');
    await client.send(secondRequest);
  }
  await client.ended();
  if (delayMs !== undefined) expect(local.ends).toEqual(['protocol-error ERR_HTTP_PIPELINED']);
  expect(client.text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThan(2);
  await bystander.expectUnharmed();
  local.server.hub.tick(performance.now());
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  expect(local.errors).toEqual([]);
});

test('short answers may be asked for one after the other on one connection', async () => {
  const local = await LocalServer.start(scope);
  const one = lines('GET /nothing HTTP/1.1', 'Host: x');
  const client = await RawClient.open(scope, local.port('http'));
  await client.send(one + one + one);
  await client.until(() => client.text.split('404 Not Found').length === 4, 'three answers');
});

test('a viewer that sends what is no HTTP is ended with a protocol error', async () => {
  const local = await LocalServer.start(scope);
  const viewer = await openRawViewer(scope, 'http', local.port('http'), 'talk');
  await local.untilViewers('talk', 1);
  await viewer.send('\x00\x01\x02 what is this\r\n\r\n');
  await local.untilEnds(1);
  expect(local.ends[0]).toMatch(/^protocol-error HPE_/);
  await viewer.ended();
});

test('a viewer that closes its sending side and no longer reads is let go', async () => {
  const local = await LocalServer.start(scope, { limits: { viewer_queue_bytes: 1_000_000 } });
  for (const kind of ['http', 'ws'] as const) {
    const endsBefore = local.ends.length;
    const client = await RawClient.open(scope, local.port('http'), { allowHalfOpen: true });
    await client.send(viewerRequest(kind, local.port('http'), 'half').request);
    await local.untilViewers('half', 1);
    client.socket.pause();
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'half');
    const tags = readFlvTags(fixturePath('h264-bframes-aac'));
    const viewer = local.viewers('half')[0]!;
    // Fill everything between the server and the client.
    for (let loop = 0; viewer.queuedBytes === 0 && loop < 200; loop += 1) {
      await publisher.send(tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + loop * 6040 })));
      await sleep(1);
    }
    expect(viewer.queuedBytes).toBeGreaterThan(0);
    client.socket.end();
    await local.untilEnds(endsBefore + 1);
    expect(local.ends.at(-1)).toBe('peer-closed');
    publisher.destroy();
    await local.untilNoConnections();
  }
});

test('a connection reset in the middle of the stream ends the viewer alone', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  for (const kind of ['rtmp', 'http', 'ws'] as const) {
    const port = local.port(kind === 'rtmp' ? 'rtmp' : 'http');
    const viewer = await openRawViewer(scope, kind, port, 'bystander');
    await bystander.goOn(60);
    await viewer.until(() => viewer.receivedBytes > 0, 'some of the stream');
    const endsBefore = local.ends.length;
    viewer.socket.resetAndDestroy();
    await local.untilEnds(endsBefore + 1);
    expect(local.ends.at(-1)).toMatch(/^(peer-reset ECONNRESET|peer-closed)$/);
  }
  await bystander.expectUnharmed();
});

test('an aborted request, before or in the middle of its headers, is nothing to speak of', async () => {
  const local = await LocalServer.start(scope);
  const request = viewerRequest('ws', local.port('http'), 'cut').request;
  for (let length = 0; length < request.length; length += 3) {
    const client = await RawClient.open(scope, local.port('http'));
    await client.send(request.subarray(0, length));
    if (length % 2 === 0) client.socket.resetAndDestroy();
    else client.socket.destroy();
  }
  await local.untilNoConnections();
  expect(local.errors).toEqual([]);
  expect(local.server.hub.streams.size).toBe(0);
});

test('headers that come slowly are cut off in time', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 300 } });
  const bystander = await Bystander.start(scope, local);
  const clients = await Promise.all(
    Array.from({ length: 50 }, () => RawClient.open(scope, local.port('http'))),
  );
  for (const client of clients) await client.send('GET /live/a.flv HTTP/1.1\r\nX-Slow: ');
  const drip = setInterval(() => clients.forEach((client) => client.isEnded || client.socket.write('a')), 50);
  await Promise.all(clients.map((client) => client.ended()));
  clearInterval(drip);
  await bystander.expectUnharmed();
});

test('a request body that never comes does not hold the connection', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 300 } });
  const client = await RawClient.open(scope, local.port('http'));
  await client.send(lines('GET /live/a.flv HTTP/1.1', 'Host: x', 'Content-Length: 10'));
  await client.ended();
  await local.untilNoConnections();
  expect(local.ends.every((end) => end.startsWith('protocol-error'))).toBe(true);
});

test('a stream plays on beyond the time that a request may take', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 200 } });
  const reader = FlvReader.open(scope, local.flvUrl('http', 'long'));
  const webSocket = FlvReader.open(scope, local.flvUrl('ws', 'long'));
  await Promise.all([reader.joined(), webSocket.joined()]);
  // Two rounds of Node's check for requests that take too long, which comes once a second.
  await sleep(2500);
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'long');
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 100));
  await Promise.all([reader.untilUnits(90), webSocket.untilUnits(90)]);
});
