import { beforeEach, expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LocalStreamDirectory, type StreamDirectory } from '../../hub/stream-directory.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import { endReason } from '../../media/end-reason.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { frameOf, videoTrack } from '../../testing/hub-kit.ts';
import { parseConfig } from '../config/load-config.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import type { AdmissionCheck } from './admission-check.ts';
import { StreamGate, type PlayAdmission, type PublishAdmission } from './stream-gate.ts';

const GRACE_MS = 1000;

let clock: FakeClock;
let hub: StreamHub;

beforeEach(() => {
  clock = new FakeClock();
  const gopCache = { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 };
  hub = new StreamHub(new FlushScheduler(clock, 60), { gopCache, graceMs: GRACE_MS });
});

function gateOf(
  limits: object = {},
  directory: StreamDirectory = new LocalStreamDirectory(),
  checks: readonly AdmissionCheck[] = [],
): StreamGate {
  const { config } = parseConfig(JSON.stringify({ limits }), 'test config');
  return new StreamGate(config, hub, directory, checks);
}

function client(streamName: string, appName = 'live'): SessionIdentity {
  const address = { appName, streamName, urlParam: '' };
  return { ...address, id: 'RTMPPUBSUB1', protocol: 'RTMP', remoteAddress: '127.0.0.1:5000', url: '' };
}

async function publish(gate: StreamGate, streamName: string): Promise<PublishAdmission> {
  const admission = await gate.publish(client(streamName));
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
  expect(await refusal(gate.publish(client('a', 'other')))).toBe('stream-in-use');
  first.release();
  first.release();
  expect(hub.get('a')!.publication).toBeUndefined();
  const second = await publish(gate, 'a');
  first.release();
  expect(hub.get('a')!.publication).toBe(second.publication);
  expect(await refusal(gate.publish(client('a')))).toBe('stream-in-use');
});

test('inputs get silent audio where the config says so', async () => {
  const config = { in_session: { add_dummy_audio_enable: true } };
  const gate = new StreamGate(
    parseConfig(JSON.stringify(config), 'test config').config,
    hub,
    new LocalStreamDirectory(),
  );
  const admission = await publish(gate, 'a');
  const { publication } = admission;
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0, { isKey: true }));
  expect(hub.get('a')!.state.tracks.map(({ kind }) => kind)).toEqual(['video', 'audio']);
  admission.release();
  expect(hub.get('a')!.publication).toBeUndefined();
});

test('of two publishers at the same moment one is refused', async () => {
  const gate = gateOf();
  const results = await Promise.all([1, 2].map(() => refusal(gate.publish(client('a')))));
  expect(results).toEqual([undefined, 'stream-in-use']);
});

test('a stream that has an input unknown to the directory is not published twice, and the claim is given back', async () => {
  const gate = gateOf();
  const pull = hub.open('a').publish()!;
  expect(await refusal(gate.publish(client('a')))).toBe('stream-in-use');
  pull.end();
  expect(await refusal(gate.publish(client('a')))).toBeUndefined();
});

test('bad names are refused to publishers and players', async () => {
  const gate = gateOf();
  expect(await refusal(gate.publish(client('..')))).toBe('name-refused');
  expect(await refusal(gate.play(client('')))).toBe('name-refused');
  expect(hub.streams.size).toBe(0);
});

test('a player is let in for a stream that nobody publishes, which exists from its attachment on', async () => {
  const gate = gateOf();
  const admission = await gate.play(client('a'));
  if ('code' in admission) throw new Error('refused');
  expect(hub.streams.size).toBe(0);
  expect(admission.open()).toBe(hub.get('a'));
  expect(gate.isLive(client('a'))).toBe(false);
  const publisher = await publish(gate, 'a');
  expect(gate.isLive(client('a'))).toBe(true);
  publisher.release();
  expect(gate.isLive(client('a'))).toBe(true);
  clock.advance(GRACE_MS);
  expect(gate.isLive(client('a'))).toBe(false);
});

test('no more streams than the limit, but any number of sessions on those that exist', async () => {
  const gate = gateOf({ max_streams: 1 });
  await publish(gate, 'a');
  expect(await refusal(gate.publish(client('b')))).toBe('limit-reached');
  expect(await refusal(gate.play(client('b')))).toBe('limit-reached');
  expect(await refusal(gate.play(client('a')))).toBeUndefined();
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
  const results = await Promise.all(['a', 'b', 'c'].map((name) => refusal(gate.publish(client(name)))));
  expect(results).toEqual([undefined, 'limit-reached', 'limit-reached']);
  expect(hub.streams.size).toBe(1);
  expect(await local.claim('b')).toBeDefined();
});

test('checks are asked in turn until one objects; the others and the directory are left alone', async () => {
  const asked: string[] = [];
  const objecting = (name: string): AdmissionCheck => ({
    publish: ({ streamName }) => {
      asked.push(name);
      return streamName === name ? endReason('refused', name) : undefined;
    },
    play: async ({ streamName }) => (streamName === name ? endReason('refused', name) : undefined),
    fetchHls: ({ streamName }) => (streamName === name ? endReason('refused', name) : undefined),
  });
  const gate = gateOf({}, undefined, [objecting('a'), {}, objecting('b')]);
  expect(await gate.publish(client('a'))).toMatchObject({ code: 'refused', detail: 'a' });
  expect(asked).toEqual(['a']);
  expect(await gate.publish(client('b'))).toMatchObject({ code: 'refused', detail: 'b' });
  expect(await gate.play(client('b'))).toMatchObject({ code: 'refused', detail: 'b' });
  expect(gate.fetchHls({ ...client('b'), kind: 'playlist', remoteHost: '' })?.detail).toBe('b');
  expect(hub.streams.size).toBe(0);
  expect(await refusal(gate.play(client('c')))).toBeUndefined();
  expect(await refusal(gate.publish(client('c')))).toBeUndefined();
  expect(gate.fetchHls({ ...client('c'), kind: 'fragment', remoteHost: '' })).toBeUndefined();
});

test("the server's own inputs are not asked about, but their names and the limits count", async () => {
  const nobody: AdmissionCheck = { publish: () => endReason('refused') };
  const gate = gateOf({ max_streams: 1 }, undefined, [nobody]);
  expect(await refusal(gate.claim(client('')))).toBe('name-refused');
  expect(await refusal(gate.claim(client('a')))).toBeUndefined();
  expect(await refusal(gate.claim(client('a')))).toBe('stream-in-use');
  expect(await refusal(gate.claim(client('b')))).toBe('limit-reached');
});

test('a gate that is closed lets nobody in, whoever is being decided about included, and tells the checks', async () => {
  let decide = (): void => {};
  const slow = (): Promise<undefined> => new Promise((resolve) => (decide = () => resolve(undefined)));
  const check: AdmissionCheck = { publish: slow, play: slow, close: () => decide() };
  for (const ask of ['publish', 'play'] as const) {
    const gate = gateOf({}, undefined, [check]);
    const decision = refusal(gate[ask](client('a')));
    gate.close(endReason('server-shutdown'));
    expect(await decision).toBe('server-shutdown');
    expect(await refusal(gate[ask](client('a')))).toBe('server-shutdown');
    expect(await refusal(gate.claim(client('a')))).toBe('server-shutdown');
  }
  expect(hub.streams.size).toBe(0);
});

test('a claim that takes longer than the server lives is given back', async () => {
  const local = new LocalStreamDirectory();
  let answer = (): void => {};
  const slow: StreamDirectory = {
    async claim(key) {
      await new Promise<void>((resolve) => (answer = resolve));
      return local.claim(key);
    },
  };
  const gate = gateOf({}, slow);
  const decision = refusal(gate.claim(client('a')));
  gate.close(endReason('server-shutdown'));
  answer();
  expect(await decision).toBe('server-shutdown');
  expect(await local.claim('a')).toBeDefined();
});

test('whoever holds a stream to no end makes way for a publisher who may have it, not for one who may not', async () => {
  const check: AdmissionCheck = {
    publish: ({ streamName }) => (streamName === 'b' ? endReason('refused') : undefined),
  };
  const gate = gateOf({}, new LocalStreamDirectory(), [check]);
  const held = await Promise.all(['a', 'b'].map((streamName) => gate.claim(client(streamName))));
  gate.beforePublishers((key) => {
    for (const claim of held) if ('release' in claim && claim.streamKey === key) claim.release();
  });
  expect(await refusal(gate.publish(client('a')))).toBeUndefined();
  expect(await refusal(gate.publish(client('b')))).toBe('refused');
  expect(hub.get('b')!.publication).toBeDefined();
});
