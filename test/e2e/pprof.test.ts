import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { freePort } from '../support/free-ports.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Files that have a part in the profile, and the sums of its values. */
async function readProfile(response: Response): Promise<{ files: Set<string>; sums: number[] }> {
  expect(response.status).toBe(200);
  const {
    function: functions,
    sample,
    sampleType,
    stringTable,
  } = Profile.decode(gunzipSync(await response.arrayBuffer()));
  const sums = sampleType.map((_, index) => sample.reduce((sum, { value }) => sum + Number(value[index]), 0));
  const files = new Set(functions.map(({ filename }) => stringTable.strings[Number(filename)]!));
  return { files, sums };
}

test('profiles of a busy server are made while viewers miss nothing', async () => {
  const port = await freePort();
  const server = await startServer(scope, { pprof: { enable: true, addr: `:${port}` } });
  const pages = `http://127.0.0.1:${port}/debug/pprof`;
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 3000);
  const readers = Array.from({ length: 20 }, () => FlvReader.open(scope, server.flvUrl('http', 'busy')));
  for (const reader of readers) await reader.joined();
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'busy');
  const sent = publisher.sendPaced(tags);

  const cpu = fetch(`${pages}/profile?seconds=1`);
  await server.program.printed(/a profile is made name=profile/);
  expect((await fetch(`${pages}/heap`)).status).toBe(429);
  const { files, sums } = await readProfile(await cpu);
  const [samples, nanoseconds] = sums as [number, number];
  expect(samples).toBeGreaterThan(0);
  expect(nanoseconds).toBeGreaterThan(0);
  // One thread, one second, and what starting and stopping takes.
  expect(nanoseconds).toBeLessThan(3e9);
  expect([...files].some((file) => /\/(?:hub|session)\//.test(file))).toBe(true);
  const heap = await readProfile(await fetch(`${pages}/heap`));
  expect(heap.sums).toHaveLength(1);
  const allocations = await readProfile(await fetch(`${pages}/allocs?seconds=1`));
  expect(allocations.sums).toHaveLength(1);

  await sent;
  const source = recordingOf(tags);
  for (const reader of readers) {
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording, { sameOrder: true });
  }
  await server.stop();
});

test('a port that is taken keeps nothing else from running; a profile under way does not hold up the end', async () => {
  const port = await freePort();
  const first = await startServer(scope, { pprof: { enable: true, addr: `127.0.0.1:${port}` } });
  const second = await startServer(scope, { pprof: { enable: true, addr: `127.0.0.1:${port}` } });
  await second.program.printed(/pprof: cannot listen/);
  const profile = fetch(`http://127.0.0.1:${port}/debug/pprof/profile?seconds=300`);
  await first.program.printed(/a profile is made/);
  await first.stop();
  expect((await profile).status).toBe(503);
  await second.stop();
});
