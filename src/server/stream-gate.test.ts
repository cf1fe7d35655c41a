import { beforeEach, expect, test } from 'vitest';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LocalStreamDirectory, type StreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { parseConfig } from './config/load-config.ts';
import type { StreamAddress } from './stream-address.ts';
import { StreamGate, type PlayAdmission, type PublishAdmission } from './stream-gate.ts';

let hub: StreamHub;

beforeEach(() => {
  const scheduler = new FlushScheduler(new FakeClock(), 60);
  hub = new StreamHub(scheduler, { gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 } });
});

function gateOf(limits: object = {}, directory: StreamDirectory = new LocalStreamDirectory()): StreamGate {
  const { config } = parseConfig(JSON.stringify({ limits }), 'test config');
  return new StreamGate(config, hub, directory);
}

function address(streamName: string, appName = 'live'): StreamAddress {
  return { appName, streamName, urlParam: '' };
}

async function publish(gate: StreamGate, streamName: string): Promise<PublishAdmission> {
  const admission = await gate.publish(address(streamName));
  if ('code' in admission) throw new Error(admission.code);
  return admission;
}

async function refusal(
  decision: Promise<PublishAdmission | PlayAdmission | object>,
): Promise<string | undefined> {
  const result = await decision;
  return 'code' in result ? (result.code as string) : undefined;
}

test('the first publisher of a name wins, whatever its app, until it gives the stream back', async () => {
  const gate = gateOf();
  const first = await publish(gate, 'a');
  expect(hub.get('a')!.publication).toBe(first.publication);
  expect(await refusal(gate.publish(address('a', 'other')))).toBe('stream-in-use');
  first.release();
  first.release();
  expect(first.publication.isEnded).toBe(true);
  const second = await publish(gate, 'a');
  first.release();
  expect(second.publication.isEnded).toBe(false);
  expect(await refusal(gate.publish(address('a')))).toBe('stream-in-use');
});

test('of two publishers at the same moment one is refused', async () => {
  const gate = gateOf();
  const results = await Promise.all([1, 2].map(() => refusal(gate.publish(address('a')))));
  expect(results).toEqual([undefined, 'stream-in-use']);
});

test('a stream that has an input unknown to the directory is not published twice, and the claim is given back', async () => {
  const gate = gateOf();
  const pull = hub.open('a').publish()!;
  expect(await refusal(gate.publish(address('a')))).toBe('stream-in-use');
  pull.end();
  expect(await refusal(gate.publish(address('a')))).toBeUndefined();
});

test('bad names are refused to publishers and players', async () => {
  const gate = gateOf();
  expect(await refusal(gate.publish(address('..')))).toBe('name-refused');
  expect(await refusal(gate.play(address('')))).toBe('name-refused');
  expect(hub.streams.size).toBe(0);
});

test('a player is let in for a stream that nobody publishes, which exists from its attachment on', async () => {
  const gate = gateOf();
  const admission = await gate.play(address('a'));
  if ('code' in admission) throw new Error('refused');
  expect(hub.streams.size).toBe(0);
  expect(admission.open()).toBe(hub.get('a'));
  expect(gate.isLive(address('a'))).toBe(false);
  await publish(gate, 'a');
  expect(gate.isLive(address('a'))).toBe(true);
});

test('no more streams than the limit, but any number of sessions on those that exist', async () => {
  const gate = gateOf({ max_streams: 1 });
  await publish(gate, 'a');
  expect(await refusal(gate.publish(address('b')))).toBe('limit-reached');
  expect(await refusal(gate.play(address('b')))).toBe('limit-reached');
  expect(await refusal(gate.play(address('a')))).toBeUndefined();
});

test('publishers whose claims take time do not get past the limit together, and give their claims back', async () => {
  const local = new LocalStreamDirectory();
  const slow: StreamDirectory = {
    async claim(key) {
      await new Promise((resolve) => setImmediate(resolve));
      return local.claim(key);
    },
  };
  const gate = gateOf({ max_streams: 1 }, slow);
  const results = await Promise.all(['a', 'b', 'c'].map((name) => refusal(gate.publish(address(name)))));
  expect(results).toEqual([undefined, 'limit-reached', 'limit-reached']);
  expect(hub.streams.size).toBe(1);
  expect(await local.claim('b')).toBeDefined();
});
