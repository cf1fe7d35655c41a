/** Receivers of callbacks that hear nothing: what is kept for them is bounded and counted, and nobody waits longer than promised. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackLedger } from '../support/callback-ledger.ts';
import { CallbackServer, takeAll } from '../support/callback-server.ts';
import { startDeafReceiver } from '../support/deaf-receiver.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, untilOpenSockets } from '../support/memory.ts';
import { openRawViewer, RawClient, viewerRequest } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const decisionMs = 500;
const shutdownMs = 1_000;
/** For a busy machine, more than is promised; undici's own time-outs would take longer, as would events a few at a time. */
const muchTooLateMs = 15_000;

test('a receiver that takes no connection: decisions come in their time, events are given up in theirs, a stop waits for none', async () => {
  const port = await startDeafReceiver(scope);
  const socketsBefore = openSockets();
  const url = `http://127.0.0.1:${port}`;
  const local = await LocalServer.start(scope, {
    http_notify: {
      enable: true,
      on_pub_start: `${url}/on_pub_start`,
      on_sub_start: `${url}/on_sub_start`,
      on_pub_start_blocking: true,
      on_sub_start_blocking: true,
      blocking_timeout_ms: decisionMs,
      blocking_fail_open: true,
    },
    limits: { shutdown_timeout_ms: shutdownMs },
  });
  const startedMs = performance.now();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  // More than may be called at a time.
  const viewers = await Promise.all(
    Array.from({ length: 200 }, () => RawClient.open(scope, local.port('http'))),
  );
  await Promise.all(viewers.map((viewer) => viewer.send(viewerRequest('http', 0, 'a').request)));
  await Promise.all(viewers.map((viewer) => viewer.answered('200 OK')));
  expect(performance.now() - startedMs).toBeLessThan(muchTooLateMs);
  expect(local.server.callbacks.decisions).toEqual({ allowed: 0, refused: 0, undecided: 201, pending: 0 });
  await local.until(() => local.server.callbacks.counters.failed > 0, 'an event to be given up', 20_000);
  const { queued, failed } = local.server.callbacks.counters;
  expect(queued + failed).toBe(201);
  const closedMs = performance.now();
  await local.server.close();
  expect(performance.now() - closedMs).toBeLessThan(muchTooLateMs);
  await publisher.closed();
  await scope.close();
  await untilOpenSockets(socketsBefore);
});

test('a receiver that answers nothing, then again: no more than 1024 wait, the rest is counted, no stop comes alone', async () => {
  const receiver = await CallbackServer.start(scope);
  const ledger = new CallbackLedger();
  receiver.answer = () => {};
  const local = await LocalServer.start(scope, {
    http_notify: receiver.section({ update_interval_sec: 1, connections: 16 }),
  });
  await receiver.heard('on_server_start');
  // Those who are there when it begins, and go when it is over.
  const early = await Promise.all(
    Array.from({ length: 20 }, () => openRawViewer(scope, 'http', local.port('http'), 'early')),
  );
  let highest = 0;
  for (let round = 0; round < 15; round += 1) {
    const visitors = await Promise.all(
      Array.from({ length: 60 }, () => openRawViewer(scope, 'http', local.port('http'), `s${round}`)),
    );
    for (const { socket } of visitors) socket.destroy();
    highest = Math.max(highest, local.server.callbacks.counters.queued);
  }
  await local.until(() => local.server.openConnections === early.length, 'the visitors to be gone');
  const { counters } = local.server.callbacks;
  expect(highest).toBe(1024);
  // Starts and stops of all, the start of the server, and one update that waits.
  expect(counters.dropped + counters.queued + counters.failed).toBeGreaterThanOrEqual(2 * 900 + 20 + 1);
  expect(receiver.connections).toBeLessThanOrEqual(16 + counters.failed);

  for (const { name, body } of receiver.received) ledger.enter(name, body);
  receiver.answer = (response, callback) => {
    ledger.enter(callback.name, callback.body);
    takeAll(response, callback);
  };
  await local.until(() => local.server.callbacks.counters.queued === 0, 'all that waits to be sent', 15_000);
  for (const { socket } of early) socket.destroy();
  await local.until(() => local.server.openConnections === 0, 'the last to be gone');
  await local.server.close();
  expect(ledger.faults).toEqual([]);
  const { dropped, failed } = local.server.callbacks.counters;
  // Whoever seems to be there still is one whose stop was left out.
  expect(ledger.present.length).toBeLessThanOrEqual(dropped);
  expect(ledger.started - ledger.stopped).toBe(ledger.present.length);
  expect(dropped).toBeGreaterThan(700);
  expect(failed).toBeLessThan(100);
});
