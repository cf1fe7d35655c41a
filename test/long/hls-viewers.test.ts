/** More viewers of HLS than the server keeps books of. */
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackLedger } from '../support/callback-ledger.ts';
import { CallbackServer } from '../support/callback-server.ts';
import { ChurnServer } from '../support/churn-server.ts';
import { memoryInUse, metricsOf } from '../support/process-holdings.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const viewers = 60_000;
const streams = 100;
const atATime = 400;
/** What the server keeps books of. */
const maxViewers = 50_000;
/**
 * A session as the registry, the statistics and the metrics know it takes less than half of this; the rest is for its part of
 * an update that is on its way.
 */
const bytesPerViewer = 4_000;
/** Much longer than it takes all of them to come. */
const silenceMs = 90_000;
/** One each second. */
const maxUpdates = 300;
/** Others are served meanwhile: nothing holds the event loop up for longer. */
const maxDelaySec = 2;

/** One viewer's first request. @returns the status */
async function ask(agent: Agent, port: number, streamName: string): Promise<number> {
  const request = get({ host: '127.0.0.1', port, path: `/hls/${streamName}.m3u8`, agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode!;
}

test('60 000 viewers of HLS that come once: 50 000 are kept, others refused, all others served; and all are forgotten', async () => {
  const receiver = await CallbackServer.start(scope);
  const ledger = new CallbackLedger();
  receiver.answer = (response, { name, body }) => {
    response.end();
    ledger.enter(name, body);
    receiver.received.length = 0;
  };
  const server = await ChurnServer.start(scope, receiver, silenceMs);
  const { source, ports } = server;
  const agent = new Agent({ keepAlive: true, maxSockets: 40 });
  scope.defer(() => agent.destroy());
  await Promise.all(Array.from({ length: atATime }, () => ask(agent, ports.http, 'warm-up')));
  const before = await memoryInUse(source);
  const statuses = { 302: atATime, 503: 0 };
  for (let index = atATime; index < viewers; index += atATime) {
    const answers = await Promise.all(
      Array.from({ length: atATime }, (_, place) =>
        ask(agent, ports.http, `hls${(index + place) % streams}`),
      ),
    );
    for (const status of answers) statuses[status as 302 | 503] += 1;
  }
  expect(statuses).toEqual({ 302: maxViewers, 503: viewers - maxViewers });
  const full = await metricsOf(source);
  expect(full.sum('lal_sessions', { protocol: 'hls' })).toBe(maxViewers);
  expect((await memoryInUse(source)) - before).toBeLessThan(maxViewers * bytesPerViewer);
  // Statistics, updates and all calls go on.
  await metricsOf(source);
  const { data } = await server.api.get<{ groups: readonly object[] }>('/api/stat/all_group');
  expect(data.groups.length).toBe(streams + 1);
  await sleep(3_000);
  expect((await metricsOf(source)).sum('lal_event_loop_delay_max_seconds')).toBeLessThan(maxDelaySec);

  for (let left = maxViewers; left > 0; left = (await metricsOf(source)).sum('lal_streams'))
    await sleep(1_000);
  const after = await metricsOf(source);
  expect(after.sum('lal_sessions_ended_total', { protocol: 'hls', code: 'idle-timeout' })).toBe(maxViewers);
  for (let left = 1; left > 0; left = (await metricsOf(source)).sum('lal_callbacks_queued')) await sleep(200);
  expect((await memoryInUse(source)) - before).toBeLessThan(6_000_000);
  // More came at once than may wait; what was left out is counted, and nobody goes who has not come.
  const told = await metricsOf(source);
  const untold = told.sum('lal_callbacks_dropped_total') + told.sum('lal_callbacks_failed_total');
  expect(ledger.faults).toEqual([]);
  expect(ledger.started - ledger.stopped).toBe(ledger.present.length);
  expect(ledger.present.length).toBeLessThanOrEqual(untold);
  // Updates were left out as well.
  const accounted = ledger.started + ledger.stopped + untold - 2 * maxViewers;
  expect(accounted).toBeGreaterThanOrEqual(0);
  expect(accounted).toBeLessThan(maxUpdates);
  expect(server.errors.every((line) => line.includes('callbacks'))).toBe(true);
  await server.rtsp.server.stop();
});
