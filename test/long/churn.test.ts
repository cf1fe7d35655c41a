/** Ten thousand streams that come, are watched and go, by every way there is: nothing is left of them, and every callback balances. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackLedger } from '../support/callback-ledger.ts';
import { CallbackServer } from '../support/callback-server.ts';
import { Churn } from '../support/churn-clients.ts';
import { hundredCycles } from '../support/churn-cycles.ts';
import { ChurnServer, hlsGoneMs } from '../support/churn-server.ts';
import { withDeadline } from '../support/deadline.ts';
import { freePort } from '../support/free-ports.ts';
import {
  activeResources,
  livingObjects,
  memoryInUse,
  metricsOf,
  openFiles,
} from '../support/process-holdings.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const cycles = 10_000;
/** By then everything that is made once has been made. */
const warmUp = 1_500;
const atATime = 24;
const cycleTimeoutMs = 60_000;
/** Callbacks that may wait before we do; beyond 1024 the server leaves some out. */
const maxQueued = 200;
/** A name is free again when so many others have had their turn. */
const names = 400;
/**
 * Objects of one kind that 8 500 cycles may leave: pools and caches go up and down a little. Fewer than there are cycles of
 * the rarest kind.
 */
const maxMoreObjects = 80;
/** Memory that they may cost; it is compiled code for the most part. */
const maxGrowthBytes = 4_000_000;

async function startSilence(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Runs cycles side by side, as fast as the receiver takes callbacks; fails with the first that fails. */
async function run(churn: Churn, from: number, to: number): Promise<void> {
  const progress = { next: from, queued: 0 };
  const watch = async (): Promise<void> => {
    while (progress.next < to) {
      progress.queued = (await metricsOf(churn.server.source)).sum('lal_callbacks_queued');
      await sleep(100);
    }
    progress.queued = 0;
  };
  const worker = async (): Promise<void> => {
    while (progress.next < to) {
      const index = progress.next;
      progress.next += 1;
      while (progress.queued > maxQueued) await sleep(10);
      const cycle = hundredCycles[index % hundredCycles.length]!;
      const what = `cycle ${index}, ${cycle.name}`;
      const done = cycle(churn, `churn${index % names}`, Math.floor(index / hundredCycles.length) + index);
      await withDeadline(done, cycleTimeoutMs, what).catch((error: unknown) => {
        throw new Error(what, { cause: error });
      });
    }
  };
  await Promise.all([watch(), ...Array.from({ length: atATime }, worker)]);
}

/** Waits until nothing goes on any more. */
async function settle({ source }: ChurnServer): Promise<void> {
  const giveUpMs = performance.now() + 60_000;
  for (;;) {
    const metrics = await metricsOf(source);
    const left = Object.fromEntries(
      [
        'lal_streams',
        'lal_sessions',
        'lal_subscriptions',
        'lal_relay_pulls',
        'lal_relay_pushes',
        'lal_recordings',
        'lal_hls_outputs',
        'lal_hls_queue_bytes',
        'lal_record_queue_bytes',
        'lal_callbacks_queued',
        'lal_gop_cache_bytes',
      ].map((name) => [name, metrics.sum(name)] as const),
    );
    // The one that asks is there.
    left['other connections'] = metrics.sum('lal_connections') - 1;
    if (Object.values(left).every((count) => count === 0)) return;
    if (performance.now() > giveUpMs) throw new Error(`still there: ${JSON.stringify(left)}`);
    await sleep(200);
  }
}

/** Looks until it sees the same for a second: a socket that was closed is so some turns later. */
async function steady<T>(look: () => Promise<T>): Promise<T> {
  let seen = await look();
  for (let same = 0, looks = 0; same < 5; looks += 1) {
    if (looks > 100) throw new Error(`never the same for a second: ${JSON.stringify(seen)}`);
    await sleep(200);
    const now = await look();
    same = isDeepStrictEqual(now, seen) ? same + 1 : 0;
    seen = now;
  }
  return seen;
}

/** Resolves when it is as it was: a socket that was closed is so some turns later. */
async function untilEqual<T>(look: () => Promise<T>, before: T): Promise<void> {
  const giveUpMs = performance.now() + 15_000;
  for (let now = await look(); ; now = await look()) {
    if (isDeepStrictEqual(now, before)) return;
    if (performance.now() > giveUpMs) expect(now).toEqual(before);
    await sleep(200);
  }
}

test('10 000 cycles of everything: handles, memory and books are as they were', async () => {
  const receiver = await CallbackServer.start(scope);
  const ledger = new CallbackLedger();
  receiver.answer = (response, { name, body }) => {
    response.end();
    ledger.enter(name, body);
    receiver.received.length = 0;
  };
  const server = await ChurnServer.start(scope, receiver);
  const churn = new Churn(server, await startSilence(), await freePort());
  await run(churn, 0, warmUp);
  await settle(server);
  // Clean-up of HLS, kept connections and the like have had their time.
  await sleep(hlsGoneMs + 2_000);
  const before = {
    resources: await steady(() => activeResources(server.source)),
    files: await steady(async () => openFiles(server.source)),
    memory: await memoryInUse(server.source),
    objects: await livingObjects(server.source),
  };
  await run(churn, warmUp, cycles);
  await settle(server);
  await sleep(hlsGoneMs + 2_000);
  await untilEqual(() => activeResources(server.source), before.resources);
  await untilEqual(async () => openFiles(server.source), before.files);
  expect((await memoryInUse(server.source)) - before.memory).toBeLessThan(maxGrowthBytes);
  const more = [...(await livingObjects(server.source))]
    .map(([kind, count]) => [kind, count - (before.objects.get(kind) ?? 0)] as const)
    .filter(([, count]) => count > maxMoreObjects);
  expect(more).toEqual([]);

  const metrics = await metricsOf(server.source);
  expect(ledger.faults).toEqual([]);
  expect(ledger.present).toEqual([]);
  expect(metrics.sum('lal_callbacks_dropped_total')).toBe(0);
  expect(metrics.sum('lal_callbacks_failed_total')).toBe(0);
  const told =
    metrics.sum('lal_sessions_started_total') -
    metrics.sum('lal_sessions_started_total', { type: 'push' }) -
    metrics.sum('lal_sessions_started_total', { protocol: 'ps' });
  expect([ledger.started, ledger.stopped]).toEqual([told, told]);
  const { data } = await server.api.get<{ groups: unknown }>('/api/stat/all_group');
  expect(data.groups).toBeNull();
  expect(readdirSync(join(server.folder, 'hls'))).toEqual([]);
  expect(server.errors).toEqual([]);
  await server.rtsp.server.stop();
});
