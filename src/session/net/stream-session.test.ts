import { beforeEach, expect, test } from 'vitest';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { SocketSink } from './socket-sink.ts';
import { StreamSession, type StreamFeed } from './stream-session.ts';

let clock: FakeClock;
let server: PairedSocket;
let client: PairedSocket;
let log: string[];
let sink: SocketSink;
let session: StreamSession;

beforeEach(() => {
  clock = new FakeClock();
  ({ server, client } = duplexPair());
  // The HTTP parser or the WebSocket library reads what comes.
  server.resume();
  log = [];
  session = new StreamSession(
    server.socket,
    ({ code }) => {
      log.push(`goodbye ${code}`);
      server.end();
    },
    clock,
  );
});

function attach(newSink: SocketSink): StreamFeed {
  sink = newSink;
  log.push('attached');
  return {
    resume: () => log.push('resumed'),
    close: ({ code }) => log.push(`feed closed: ${code}`),
  };
}

function ended({ code }: EndReason): void {
  log.push(`ended: ${code}`);
}

function start(): void {
  session.start(attach, ended);
  client.resume();
}

test('what the feed writes reaches the viewer, and the bytes are counted', async () => {
  start();
  let received = '';
  client.on('data', (chunk: Buffer) => (received += chunk.toString()));
  expect(sink.write(Buffer.from('media'))).toBe(true);
  await settle();
  expect(received).toBe('media');
  expect(session.bytesWritten).toBe(5);
  expect(session.remoteAddress).toBe('192.0.2.1:50000');
});

test('a viewer that takes nothing fills its socket, and resumes the feed when it reads on', async () => {
  session.start(attach, ended);
  while (sink.write(new Uint8Array(4096)));
  expect(sink.queuedBytes).toBeGreaterThan(0);
  await settle();
  expect(log).toEqual(['attached']);
  client.resume();
  await settle();
  expect(log).toEqual(['attached', 'resumed']);
  expect(sink.queuedBytes).toBe(0);
});

test('a viewer that leaves closes the feed, once, and its socket does not stay', async () => {
  start();
  client.end();
  await settle();
  clock.advance(10_000);
  await settle();
  expect(log).toEqual(['attached', 'feed closed: peer-closed', 'ended: peer-closed', 'goodbye peer-closed']);
  expect(server.destroyed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('a viewer that says it leaves, but reads nothing more of what is left for it, is not waited for', async () => {
  session.start(attach, ended);
  while (sink.write(new Uint8Array(4096)));
  client.end();
  await settle();
  expect(log).toContain('ended: peer-closed');
  clock.advance(2000);
  expect(server.destroyed).toBe(true);
});

test('a connection that breaks is a reset, not a close', async () => {
  start();
  client.reset();
  await settle();
  expect(log).toEqual(['attached', 'feed closed: peer-reset', 'ended: peer-reset']);
});

test('closing says goodbye, closes the feed first, and does not wait for ever', async () => {
  start();
  client.pause();
  session.close(endReason('kicked'));
  session.close(endReason('server-shutdown'));
  expect(log).toEqual(['attached', 'feed closed: kicked', 'ended: kicked', 'goodbye kicked']);
  await settle();
  expect(server.destroyed).toBe(false);
  clock.advance(2000);
  expect(server.destroyed).toBe(true);
  expect(log).toHaveLength(4);
});

test('a subscription that gives up on the viewer closes the session', async () => {
  start();
  sink.end(endReason('viewer-too-slow'));
  await settle();
  expect(log.slice(1)).toEqual([
    'feed closed: viewer-too-slow',
    'ended: viewer-too-slow',
    'goodbye viewer-too-slow',
  ]);
});

test('a feed that gives up while it is being attached is closed', () => {
  session.start((newSink) => {
    const feed = attach(newSink);
    newSink.end(endReason('consumer-overflow'));
    return feed;
  }, ended);
  expect(log.slice(1)).toEqual([
    'ended: consumer-overflow',
    'goodbye consumer-overflow',
    'feed closed: consumer-overflow',
  ]);
});

test('a session whose viewer left before it started attaches nothing', async () => {
  client.reset();
  await settle();
  start();
  expect(log).toEqual(['ended: peer-reset']);
});

test('a session made on a socket that is closed already ends at once', async () => {
  server.destroy();
  await settle();
  session = new StreamSession(server.socket, () => {}, clock);
  start();
  expect(log).toEqual(['ended: peer-closed']);
});

test('a socket that takes no more writes does not look like a viewer that keeps up', async () => {
  start();
  server.end();
  await settle();
  expect(sink.write(new Uint8Array(1))).toBe(false);
});
