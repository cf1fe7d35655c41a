import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalStreamDirectory } from '../../hub/stream-directory.ts';
import { DiskStorage } from '../../output/hls/disk-storage.ts';
import type { StoredFile } from '../../output/hls/hls-storage.ts';
import { HlsBench } from '../../testing/hls-kit.ts';
import { checkPlaylist } from '../../testing/hls-rules.ts';
import { packetTexts } from '../../testing/ts-like.ts';
import { ConfigStore } from '../config/config-store.ts';
import { parseConfig } from '../config/load-config.ts';
import { ConnectionGuard } from '../listeners/connection-guard.ts';
import { FileCache } from './file-cache.ts';
import { HlsFiles } from './hls-files.ts';
import { HlsService } from './hls-service.ts';
import type { ServerContext } from '../server-context.ts';
import { SessionIds } from '../sessions/session-ids.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import { StreamGate } from '../admission/stream-gate.ts';
import { createUdpPorts } from '../listeners/udp-ports.ts';

/** The disk, and how often each file was opened. */
class CountingStorage extends DiskStorage {
  readonly opened: string[] = [];

  override open(folder: string, name: string): Promise<StoredFile | undefined> {
    this.opened.push(name);
    return super.open(folder, name);
  }
}

let root: string;
let storage: CountingStorage;
let bench: HlsBench;
let context: ServerContext;
let service: HlsService;
let server: Server;
let viewers: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lal-hls-service-'));
  await start({});
});

afterEach(async () => {
  await stop();
  rmSync(root, { recursive: true });
});

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await bench.output.close();
}

async function start(hls: Record<string, unknown>, limits: Record<string, unknown> = {}): Promise<void> {
  storage = new CountingStorage(join(root, 'out'));
  bench = new HlsBench({}, storage);
  const text = JSON.stringify({ hls: { enable: true, http_listen_addr: ':0', ...hls }, limits });
  const configStore = new ConfigStore(parseConfig(text, 'test config').config);
  const config = configStore.current;
  const { clock, hub } = bench;
  const logger = pino({ level: 'silent' });
  context = {
    config,
    configStore,
    logger,
    clock,
    hub,
    gate: new StreamGate(config, hub, new LocalStreamDirectory()),
    registry: new SessionRegistry(),
    ids: new SessionIds(),
    guard: new ConnectionGuard(config.limits),
    udpPorts: createUdpPorts(config, logger),
    streamingSockets: new WeakSet(),
  };
  viewers = [];
  context.registry.observe({
    sessionStarted: ({ id }) => void viewers.push(`start ${id}`),
    sessionEnded: ({ id }, { code }) => void viewers.push(`stop ${id} ${code}`),
  });
  const files = new HlsFiles(bench.output, storage, new FileCache(config.limits.hls_cache_bytes), clock);
  service = new HlsService(context, files);
  server = createServer((request, response) => void service.request(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function port(): number {
  return (server.address() as AddressInfo).port;
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const request = httpRequest({ port: port(), host: '127.0.0.1', path, headers, method });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Publishes ten seconds: three fragments, and a fourth that is open. */
async function publishSome(name = 's'): Promise<void> {
  const publication = bench.publish(name);
  await bench.send(publication, 0, 10);
  await untilListed(name, 3);
}

/** The disk takes its time, whatever the clock of the test says. */
async function untilListed(name: string, count: number): Promise<void> {
  const listed = (): number =>
    (bench.output.get(name)?.document('live')?.bytes ?? []).toString().split('#EXTINF').length - 1;
  while (listed() < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('lists and fragments are found under all their URLs, and say what they are', async () => {
  await publishSome();
  for (const path of ['/hls/s.m3u8', '/hls/s/playlist.m3u8', '/hls/live/s.m3u8', '/hls/s/record.m3u8']) {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'content-length': String(body.length),
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      vary: 'Accept-Encoding',
    });
    const { entries } = checkPlaylist(body.toString());
    expect(entries).toHaveLength(3);
    for (const fragmentPath of [`/hls/${entries[1]!.uri}`, `/hls/s/${entries[1]!.uri}`]) {
      const fragment = await get(fragmentPath);
      expect(fragment.headers['content-type']).toBe('video/mp2t');
      expect(packetTexts(fragment.body).slice(0, 3)).toEqual(['PAT', 'PMT', 'V3000']);
    }
  }
});

test.each([
  ['/hls/nothing.m3u8', 404],
  ['/hls/nothing/record.m3u8', 404],
  ['/hls/s-1-0.ts', 404],
  ['/hls/', 404],
  ['/hls/s-1-%00.ts', 404],
  ['/hls/s/s-1%0a-0.ts', 404],
  ['/hls/../../etc/passwd', 404],
  ['/hls/..%2f..%2fsecret/playlist.m3u8', 404],
  ['/hls/%2e%2e/playlist.m3u8', 404],
  ['/hls/%zz.m3u8', 400],
  [`/hls/nothing.m3u8?${'a=b&'.repeat(3500)}`, 404],
])('%s is answered with %d and a body', async (path, status) => {
  mkdirSync(join(root, 'secret'));
  writeFileSync(join(root, 'secret/playlist.m3u8'), '#EXTM3U\n');
  writeFileSync(join(root, 'playlist.m3u8'), '#EXTM3U\n');
  const answered = await get(path);
  expect(answered.status).toBe(status);
  expect(answered.headers['access-control-allow-origin']).toBe('*');
});

test('what is unchanged is not sent again; what has changed is', async () => {
  await publishSome();
  bench.clock.advance(2000);
  const first = await get('/hls/s.m3u8');
  const etag = first.headers.etag!;
  const since = first.headers['last-modified']!;
  expect((await get('/hls/s.m3u8', { 'If-None-Match': etag })).status).toBe(304);
  expect((await get('/hls/s.m3u8', { 'If-Modified-Since': since })).status).toBe(304);
  await bench.send(bench.hub.get('s')!.publication!, 10, 13.2);
  await untilListed('s', 4);
  expect((await get('/hls/s.m3u8', { 'If-None-Match': etag })).status).toBe(200);
});

test('lists are sent whole: with parts of one version Chromium would continue another', async () => {
  await publishSome();
  const whole = await get('/hls/s.m3u8');
  for (const list of ['s.m3u8', 's/record.m3u8']) {
    const { status, headers, body } = await get(`/hls/${list}`, { Range: 'bytes=100-' });
    expect([status, headers['accept-ranges']]).toEqual([200, 'none']);
    checkPlaylist(body.toString());
  }
  expect((await get('/hls/s.m3u8', { Range: 'bytes=100-' })).body.equals(whole.body)).toBe(true);
});

test('lists are compressed for those who ask, under a tag of their own', async () => {
  await publishSome();
  const plain = await get('/hls/s.m3u8');
  const compressed = await get('/hls/s.m3u8', { 'Accept-Encoding': 'gzip, br' });
  expect(compressed.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(compressed.body).toString()).toBe(plain.body.toString());
  expect(compressed.headers.etag).not.toBe(plain.headers.etag);
});

test('fragments are sent in part, and HEAD has their length', async () => {
  await publishSome();
  const { entries } = checkPlaylist((await get('/hls/s.m3u8')).body.toString());
  const path = `/hls/${entries[0]!.uri}`;
  const whole = await get(path);
  const head = await get(path, {}, 'HEAD');
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([
    200,
    String(whole.body.length),
    0,
  ]);
  const part = await get(path, { Range: 'bytes=188-375' });
  expect([part.status, part.body.equals(whole.body.subarray(188, 376))]).toEqual([206, true]);
  expect((await get(path, { Range: `bytes=${whole.body.length}-` })).status).toBe(416);
});

test('a fragment in the list is read from disk once, for any number of viewers', async () => {
  await publishSome();
  const { entries } = checkPlaylist((await get('/hls/s.m3u8')).body.toString());
  storage.opened.length = 0;
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => get(`/hls/${entries[index % entries.length]!.uri}`)),
    );
    bench.clock.advance(1000);
    service.tick(bench.clock.monotonicMs());
  }
  expect(storage.opened.sort()).toEqual(entries.map(({ uri }) => uri).sort());
});

test('files that were put there by hand are served, also large ones, in part and piece by piece', async () => {
  mkdirSync(join(root, 'out/old'), { recursive: true });
  writeFileSync(join(root, 'out/old/record.m3u8'), '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-ENDLIST\n');
  const large = Buffer.alloc(3_000_000, 'abcdefg');
  writeFileSync(join(root, 'out/old/old-by-hand.ts'), large);
  writeFileSync(join(root, 'out/old/old-1-0.ts'), '');
  expect((await get('/hls/old/record.m3u8')).body.toString()).toContain('ENDLIST');
  expect((await get('/hls/old/old-by-hand.ts')).body.equals(large)).toBe(true);
  const part = await get('/hls/old/old-by-hand.ts', { Range: 'bytes=-5' });
  expect(part.body.equals(large.subarray(-5))).toBe(true);
  expect((await get('/hls/old-1-0.ts')).headers['content-length']).toBe('0');
});

test('whoever does not take what it asked for is disconnected, and the file closed', async () => {
  mkdirSync(join(root, 'out/old'), { recursive: true });
  writeFileSync(join(root, 'out/old/old-1-0.ts'), Buffer.alloc(32_000_000));
  const socket = connect(port(), '127.0.0.1');
  socket.write('GET /hls/old-1-0.ts HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.on('error', () => {});
  await once(socket, 'readable');
  socket.pause();
  bench.clock.advance(30_000 + 32_000_000 / 8.192 - 1);
  expect(bench.clock.pendingTimers).toBe(1);
  bench.clock.advance(2);
  socket.resume();
  await once(socket, 'close');
  expect(socket.bytesRead).toBeLessThan(32_000_000);
});

test('whoever has left before its fragment was read holds nothing', async () => {
  await publishSome();
  const { entries } = checkPlaylist((await get('/hls/s.m3u8')).body.toString());
  let release = (): void => {};
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  const open = storage.open.bind(storage);
  storage.open = async (folder, name) => {
    await isReleased;
    return open(folder, name);
  };
  const timers = bench.clock.pendingTimers;
  const socket = connect(port(), '127.0.0.1');
  socket.write(`GET /hls/${entries[0]!.uri} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  socket.destroy();
  await once(request.socket, 'close');
  release();
  // The same file, read by then.
  await get(`/hls/${entries[0]!.uri}`);
  expect(bench.clock.pendingTimers).toBe(timers);
});

test('a thousand requests at once on one connection are too many', async () => {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /hls/s-1-0.ts HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000));
  socket.resume();
  await once(socket, 'close');
  expect((await get('/hls/s-1-0.ts')).status).toBe(404);
});

test('a file that cannot be read is our fault: 500', async () => {
  await publishSome();
  storage.open = () => Promise.reject(Object.assign(new Error('no'), { code: 'EMFILE' }));
  expect((await get('/hls/s-1-0.ts')).status).toBe(500);
});

const key = 'q191201771';
const firstHash = '12b09efa145288cff9917d55e0034a83';

test('an empty id is none: its viewer gets one', async () => {
  await stop();
  await start({ sub_session_hash_key: key });
  await publishSome();
  const { status, headers } = await get('/hls/s.m3u8?session_id=');
  expect([status, headers.location]).toEqual([302, `/hls/s.m3u8?session_id=${firstHash}`]);
});

test('a tracked viewer is sent to a URL of its own, and its id is in every fragment', async () => {
  await stop();
  await start({ sub_session_hash_key: key, sub_session_timeout_ms: 30_000, fragment_duration_ms: 3000 });
  await publishSome();
  const redirect = await get('/hls/live/s.m3u8?z=1&a=x%20y');
  expect([redirect.status, redirect.headers.location]).toEqual([
    302,
    `/hls/live/s.m3u8?a=x+y&session_id=${firstHash}&z=1`,
  ]);
  const list = await get(redirect.headers.location!);
  const { entries } = checkPlaylist(list.body.toString());
  for (const { uri } of entries) expect(uri).toMatch(new RegExp(`\\.ts\\?session_id=${firstHash}$`));
  const fragment = await get(`/hls/${entries[0]!.uri}`);
  const [record] = [...context.registry.all()];
  expect(record).toMatchObject({
    id: 'HLSSUB1',
    protocol: 'HLS',
    baseType: 'SUB',
    appName: 'live',
    streamName: 's',
    urlParam: 'z=1&a=x%20y',
    bitrateWindowSec: 30,
  });
  expect(record!.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(record!.bytesWritten()).toBe(list.body.length + fragment.body.length);
  expect((await get(`/hls/${entries[0]!.uri.split('?')[0]}`)).status).toBe(200);
  expect((await get('/hls/s.m3u8?session_id=unknown')).status).toBe(404);
  expect((await get(`/hls/${entries[0]!.uri}0`)).status).toBe(404);
  expect((await get(`/hls/other.m3u8?session_id=${firstHash}`)).status).toBe(404);
  const sent = list.body.length + 2 * fragment.body.length;
  expect(service.sentBytes).toBe(sent);
  let atEnd = 0;
  context.registry.observe({ sessionEnded: (ended) => (atEnd = ended.bytesWritten()) });
  service.closeSessions({ code: 'server-shutdown', message: '' });
  expect(atEnd).toBe(list.body.length + fragment.body.length);
});

test('a tracked viewer keeps its stream wanted, also before there is one, until it asks no more', async () => {
  await stop();
  await start({ sub_session_hash_key: key, sub_session_timeout_ms: 5000 });
  const { headers } = await get('/hls/s.m3u8');
  expect((await get(headers.location!)).status).toBe(404);
  bench.clock.advance(4000);
  expect((await get(headers.location!)).status).toBe(404);
  bench.clock.advance(5000);
  service.tick(bench.clock.monotonicMs());
  bench.hub.tick(bench.clock.monotonicMs());
  expect(bench.hub.get('s')).toBeDefined();
  bench.clock.advance(1);
  service.tick(bench.clock.monotonicMs());
  bench.hub.tick(bench.clock.monotonicMs());
  expect(bench.hub.get('s')).toBeUndefined();
  expect(viewers).toEqual(['start HLSSUB1', 'stop HLSSUB1 idle-timeout']);
  expect([...context.registry.all()]).toEqual([]);
  expect((await get(headers.location!)).status).toBe(404);
});

test('a tracked viewer can be ended, and all are when the server stops; HEAD begins none', async () => {
  await stop();
  await start({ sub_session_hash_key: key, sub_session_timeout_ms: 5000 });
  await get('/hls/s.m3u8', {}, 'HEAD');
  expect(viewers).toEqual([]);
  await get('/hls/s.m3u8');
  await get('/hls/s.m3u8');
  [...context.registry.all()][0]!.close({ code: 'kicked', message: '' });
  service.closeSessions({ code: 'server-shutdown', message: '' });
  expect(viewers.slice(2)).toEqual(['stop HLSSUB1 kicked', 'stop HLSSUB2 server-shutdown']);
});

test('without tracking an id in the URL means nothing', async () => {
  await publishSome();
  const { status, body } = await get('/hls/s.m3u8?session_id=x');
  expect(status).toBe(200);
  expect(body.toString()).not.toContain('session_id');
});
