/** Publishers and pulls of one stream, in all orders. */
import { beforeEach, expect, test } from 'vitest';
import { audioTrack, frameOf } from '../../../testing/hub-kit.ts';
import { PullBench } from '../../../testing/pull-bench.ts';
import { settled } from '../../../testing/settled.ts';

let bench: PullBench;

beforeEach(() => {
  bench = new PullBench();
});

/** An ordered pull that is up. */
async function established(...options: Parameters<PullBench['start']>): Promise<string> {
  const id = bench.start(...options);
  await bench.source.agree();
  return id;
}

/** Something comes from the origin. */
function bring(timeMs = 0): void {
  bench.source.publication!.setTrack(audioTrack());
  bench.source.publication!.write(frameOf(audioTrack(), timeMs));
}

test('a publisher is refused while a pull is up, and comes when it is over', async () => {
  await established();
  bring();
  expect(await bench.publish()).toBe('stream-in-use');
  bench.source.fail('peer-closed');
  expect(await bench.publish()).toBeInstanceOf(Function);
});

test('a pull that has brought nothing for seconds gives way to a publisher, and not before', async () => {
  await established();
  bring();
  await bench.pass(4);
  expect(await bench.publish()).toBe('stream-in-use');
  bring(4000);
  await bench.pass(4);
  expect(await bench.publish()).toBe('stream-in-use');
  await bench.pass();
  expect(await bench.publish()).toBeInstanceOf(Function);
  expect(bench.events).toEqual(['start RTMPPULL1', 'stop RTMPPULL1 stream-in-use']);
});

test('a pull that has not brought anything at all gives way after the same time, and comes again', async () => {
  bench.view();
  await established({ retryNum: -1 });
  await bench.pass(4);
  expect(await bench.publish()).toBe('stream-in-use');
  await bench.pass();
  const unpublish = (await bench.publish()) as () => void;
  await bench.pass(3);
  expect(bench.sources).toHaveLength(1);
  unpublish();
  await bench.pass();
  expect(bench.sources).toHaveLength(2);
});

test('a publisher who comes while a pull connects has the stream; the pull gives way at once', async () => {
  bench.view();
  bench.start({ retryNum: -1 });
  const unpublish = (await bench.publish()) as () => void;
  const { publication } = bench.hub.get('a')!;
  expect(bench.source.closed).toBe('stream-in-use');
  await bench.source.agree();
  await bench.pass(3);
  expect(bench.hub.get('a')!.publication).toBe(publication);
  expect(publication!.isEnded).toBe(false);
  expect(bench.sources).toHaveLength(1);
  unpublish();
  await bench.pass();
  expect(bench.sources).toHaveLength(2);
  await bench.source.agree();
  expect(bench.events).toEqual(['start RTMPPULL2']);
});

test.each([
  ['the publisher asks first', true],
  ['the pull asks first', false],
])('both ask for the stream while the directory is slow: %s', async (_, publisherFirst) => {
  let answer = (): void => {};
  bench.directory.delay = new Promise((resolve) => (answer = resolve));
  bench.start();
  const { source } = bench;
  const asked = publisherFirst ? bench.publish() : undefined;
  await settled();
  const agreed = source.agree();
  const published = asked ?? bench.publish();
  answer();
  const outcome = await published;
  await agreed;
  await bench.pass(2);
  if (publisherFirst) {
    expect([typeof outcome, source.closed, bench.events]).toEqual(['function', 'stream-in-use', []]);
    expect(bench.registry.publisherOf('a')).toBeDefined();
  } else {
    expect([outcome, source.closed, bench.events]).toEqual(['stream-in-use', undefined, ['start RTMPPULL1']]);
  }
  expect(bench.hub.get('a')!.publication!.isEnded).toBe(false);
});

test('a pull that is stopped while it asks for the stream gives it back', async () => {
  let answer = (): void => {};
  bench.directory.delay = new Promise((resolve) => (answer = resolve));
  bench.start();
  const agreed = bench.source.agree();
  bench.service.stop('a');
  answer();
  await agreed;
  expect([bench.source.publication, bench.events]).toEqual([undefined, []]);
  expect(await bench.publish()).toBeInstanceOf(Function);
});

test('a directory that fails ends the try, and nothing else', async () => {
  bench.view();
  bench.directory.delay = Promise.reject(new Error('down'));
  bench.start({ retryNum: 1 });
  await bench.source.agree();
  expect(bench.source.closed).toBe('internal-error');
  bench.directory.delay = Promise.resolve();
  await bench.pass();
  await bench.source.agree();
  expect(bench.events).toEqual(['start RTMPPULL2']);
});

test('what an old pull does late does not touch its successor', async () => {
  await established();
  const old = bench.source;
  bench.service.stop('a');
  const unpublish = await bench.publish();
  old.fail();
  old.publication!.end();
  await bench.pass(2);
  expect(bench.hub.get('a')!.publication!.isEnded).toBe(false);
  expect(unpublish).toBeInstanceOf(Function);
});

test('a publisher who left is waited for in his time of grace', async () => {
  bench = new PullBench({ in_session: { grace_ms: 5000 }, static_relay_pull: { enable: true, addr: 'h' } });
  const unpublish = (await bench.publish()) as () => void;
  bench.view();
  unpublish();
  await bench.pass(4);
  expect(bench.sources).toEqual([]);
  await bench.pass(2);
  expect(bench.sources).toHaveLength(1);
  await bench.source.agree();
  bench.source.fail('peer-reset');
  await bench.pass();
  expect(bench.sources).toHaveLength(2);
});

test('a connection that cannot even be begun is a try that failed, and nothing else', async () => {
  let calls = 0;
  bench = new PullBench({}, () => {
    calls += 1;
    throw new TypeError('host');
  });
  expect(bench.start({ retryNum: 2 })).toBe('RTMPPULL1');
  await bench.pass(5);
  expect(calls).toBe(3);
  expect(bench.service.pullCount).toBe(0);
  expect(bench.hub.streams.size).toBe(0);
  expect(bench.log.filter(({ msg }) => msg.startsWith('relay pull failed'))).toMatchObject([
    { code: 'internal-error', session: 'RTMPPULL1' },
    { code: 'internal-error', session: 'RTMPPULL2' },
    { code: 'internal-error', session: 'RTMPPULL3' },
  ]);
});
