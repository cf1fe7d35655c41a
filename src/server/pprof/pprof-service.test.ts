import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { Profile } from 'pprof-format';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { PprofService } from './pprof-service.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

let clock: FakeClock;
let service: PprofService;
let server: Server;

beforeEach(() => start(false));

afterEach(async () => {
  await service.close();
  server.close();
  server.closeAllConnections();
});

async function start(isRemoteAllowed: boolean): Promise<void> {
  clock = new FakeClock();
  service = new PprofService(clock, pino({ level: 'silent' }), isRemoteAllowed);
  await service.start();
  server = createServer((request, response) => void service.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ host: '127.0.0.1', port, path, headers, method });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Asks for a profile, does `work` while it is made, then lets its time pass. */
async function profileDuring(path: string, work: () => unknown): Promise<Answer> {
  const answer = get(path);
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  work();
  clock.advance(300_000);
  return answer;
}

/** On a busy machine the profiler gets its turn less often than it wants. */
function burnProcessor(): number {
  const endMs = performance.now() + 200;
  let sum = 0;
  while (performance.now() < endMs) sum += Math.sqrt(sum + 1);
  return sum;
}

let kept: object[] = [];

function allocateMuch(): void {
  for (let index = 0; index < 200_000; index += 1) kept.push({ index, text: `${index} and something` });
}

/** Only the newest stays; it is here so that the compiler cannot do without the others. */
let newest: unknown;

function wasteMuch(): unknown {
  for (let index = 0; index < 300_000; index += 1) newest = [index, { index, newest: typeof newest }];
  return newest;
}

/** Sum of the last value of all samples in which a function of that name, or of a file of that name, has a part. */
function valueOf({ body }: Answer, name: string): number {
  const { stringTable, function: functions, sample } = Profile.decode(gunzipSync(body));
  const text = (index: number | bigint): string => stringTable.strings[Number(index)]!;
  const isWanted = (id: number | bigint): boolean =>
    functions.some(
      ({ id: known, systemName, filename }) =>
        known === id && (text(systemName) === name || text(filename).endsWith(name)),
    );
  return sample
    .filter(({ locationId }) => locationId.some(isWanted))
    .reduce((sum, { value }) => sum + Number(value.at(-1)), 0);
}

describe('CPU profiles', () => {
  test('name what was running, and for how long', async () => {
    const answer = await profileDuring('/debug/pprof/profile?seconds=2', burnProcessor);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="profile.pb.gz"',
      'cache-control': 'no-store',
    });
    // V8 does not always know the name of a function that it has just compiled, but always the file.
    expect(valueOf(answer, 'pprof-service.test.ts')).toBeGreaterThan(50e6);
  });

  test('come in the form of the developer tools too', async () => {
    const answer = await profileDuring('/debug/pprof/profile?seconds=2&format=cpuprofile', burnProcessor);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="lalserver.cpuprofile"');
    const profile = JSON.parse(answer.body.toString()) as {
      nodes: { callFrame: { url: string } }[];
      samples: number[];
      timeDeltas: number[];
    };
    expect(profile.nodes.some(({ callFrame }) => callFrame.url.endsWith('pprof-service.test.ts'))).toBe(true);
    expect(profile.samples).toHaveLength(profile.timeDeltas.length);
  });

  test.each(['0', '301', '-1', '1.5', 'x', '99999', ''])('seconds=%s is refused', async (seconds) => {
    const { status, body } = await get(`/debug/pprof/profile?seconds=${seconds}`);
    expect([status, body.toString()]).toEqual([400, 'seconds must be a whole number from 1 to 300.\n']);
    expect((await get(`/debug/pprof/allocs?seconds=${seconds}`)).status).toBe(400);
  });

  test('take 30 seconds when nothing is said', async () => {
    const answer = get('/debug/pprof/profile');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(29_999);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    expect((await answer).status).toBe(200);
  });

  test('are made one at a time, and a client that leaves makes room', async () => {
    const left = new AbortController();
    const { port } = server.address() as AddressInfo;
    const first = fetch(`http://127.0.0.1:${port}/debug/pprof/profile`, { signal: left.signal });
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    for (const name of ['profile', 'heap', 'allocs', 'heapsnapshot']) {
      const { status, headers } = await get(`/debug/pprof/${name}`);
      expect([status, headers['retry-after']]).toEqual([429, '5']);
    }
    expect((await get('/debug/pprof/cmdline')).status).toBe(200);
    left.abort();
    await expect(first).rejects.toThrow();
    await vi.waitFor(async () => expect((await get('/debug/pprof/heap')).status).toBe(200));
    expect(clock.pendingTimers).toBe(0);
  });

  test('end with the server', async () => {
    const answer = get('/debug/pprof/profile');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    await service.close();
    expect((await answer).status).toBe(503);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('heap profiles', () => {
  test('of one server do not hold up the end of another in the same process', async () => {
    const other = new PprofService(clock, pino({ level: 'silent' }), false);
    await other.start();
    const answer = get('/debug/pprof/allocs?seconds=300');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    await other.close();
    clock.advance(300_000);
    expect((await answer).status).toBe(200);
  });

  test('know what was allocated since the start and lives, in both forms', async () => {
    allocateMuch();
    const answer = await get('/debug/pprof/heap');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="heap.pb.gz"');
    expect(valueOf(answer, 'allocateMuch')).toBeGreaterThan(2e6);
    const { body } = await get('/debug/pprof/heap?format=heapprofile');
    expect(body.toString()).toContain('"functionName":"allocateMuch"');
    kept = [];
    expect(valueOf(await get('/debug/pprof/heap'), 'allocateMuch')).toBe(0);
  });

  test('of allocations know what is gone again as well; then the heap is watched anew', async () => {
    const answer = await profileDuring('/debug/pprof/allocs', wasteMuch);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="allocs.pb.gz"');
    expect(valueOf(answer, 'wasteMuch')).toBeGreaterThan(2e6);
    const developerTools = await profileDuring('/debug/pprof/allocs?format=heapprofile', wasteMuch);
    expect(developerTools.body.toString()).toContain('"functionName":"wasteMuch"');
    allocateMuch();
    expect(valueOf(await get('/debug/pprof/heap'), 'allocateMuch')).toBeGreaterThan(2e6);
    kept = [];
  });

  test('of several servers in one process do not get into each other’s way', async () => {
    const other = new PprofService(clock, pino({ level: 'silent' }), false);
    await other.start();
    const answer = get('/debug/pprof/allocs');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    const closing = other.close();
    clock.advance(10_000);
    await closing;
    expect((await answer).status).toBe(200);
    expect((await get('/debug/pprof/heap')).status).toBe(200);
  });

  test('end with the server', async () => {
    const answer = get('/debug/pprof/allocs');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    await service.close();
    expect((await answer).status).toBe(503);
  });
});

test('a heap snapshot is sent piece by piece, and given up when the client leaves', async () => {
  const { port } = server.address() as AddressInfo;
  const left = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/debug/pprof/heapsnapshot`, { signal: left.signal });
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="lalserver.heapsnapshot"');
  const { value } = await response.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toMatch(/^\{"snapshot":\{"meta":/);
  expect((await get('/debug/pprof/heap')).status).toBe(429);
  left.abort();
  await vi.waitFor(async () => expect((await get('/debug/pprof/heap')).status).toBe(200));
});

describe('pages', () => {
  test('the index links to every page, and each answers', async () => {
    const { headers, body } = await get('/debug/pprof/');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const links = [...body.toString().matchAll(/href="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(9);
    for (const link of links.filter((name) => !/seconds|snapshot/.test(name))) {
      expect((await get(`/debug/pprof/${link}`)).status, link).toBe(200);
    }
  });

  test('are found from the root', async () => {
    for (const path of ['/', '/debug/pprof']) {
      const { status, headers } = await get(path);
      expect([status, headers.location]).toEqual([302, '/debug/pprof/']);
    }
  });

  test('show the command line as Go does, and that there are no symbols to look up', async () => {
    expect((await get('/debug/pprof/cmdline')).body.toString().split('\0')).toEqual(process.argv);
    for (const method of ['GET', 'POST']) {
      expect((await get('/debug/pprof/symbol', {}, method)).body.toString()).toBe('num_symbols: 0\n');
    }
  });

  test('list what keeps the event loop alive in place of goroutines', async () => {
    const text = (await get('/debug/pprof/goroutine?debug=1')).body.toString();
    expect(text).toMatch(/^active resources: total \d+\n/);
    expect(text).toMatch(/^[1-9]\d* TCPServerWrap$/m);
  });

  test.each(['goroutine', 'block', 'mutex', 'threadcreate', 'trace'])(
    '%s says why there is none',
    async (name) => {
      const { status, body } = await get(`/debug/pprof/${name}`);
      expect(status).toBe(404);
      expect(body.toString()).toMatch(/^.{40,}[.]\n$/);
    },
  );

  test.each([
    '/debug/pprof/nothing',
    '/debug/pprof/toString',
    '/debug',
    '//',
    '/%00',
    '/debug/pprof/../../etc',
  ])('%s is none', async (path) => expect((await get(path)).status).toBe(404));

  test('answer to GET only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const { status, headers } = await get('/debug/pprof/heap', {}, method);
      expect([status, headers.allow, headers.connection]).toEqual([405, 'GET', 'close']);
    }
  });
});

describe('requests of browsers', () => {
  const foreign: Record<string, string>[] = [
    { Origin: 'https://elsewhere.example' },
    { Referer: 'https://elsewhere.example/page' },
    { 'Sec-Fetch-Site': 'cross-site' },
  ];

  test.each(foreign)('from pages of others are refused: %o', async (headers) => {
    expect((await get('/debug/pprof/heap', headers)).status).toBe(403);
  });

  test('under a name that anybody could point here are refused, unless other machines are allowed', async () => {
    const headers = { Host: 'rebound.example:8084' };
    expect((await get('/debug/pprof/', headers)).status).toBe(403);
    expect((await get('/debug/pprof/', { Host: 'localhost:8084' })).status).toBe(200);
    await service.close();
    server.close();
    await start(true);
    expect((await get('/debug/pprof/', headers)).status).toBe(200);
    expect((await get('/debug/pprof/', { ...headers, ...foreign[0] })).status).toBe(403);
  });
});
