/** Two servers under the controller of examples/dispatch.mjs: wherever somebody publishes, viewers of both get it. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets, oneTick } from '../support/compare.ts';
import type { CompareOptions } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { Recording } from '../support/flv-file.ts';
import type { FlvReader } from '../support/flv-reader.ts';
import { freePort } from '../support/free-ports.ts';
import { LocalServer } from '../support/local-server.ts';
import { startProgram } from '../support/program.ts';
import type { Program } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import { watch } from '../support/relay-push.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { expectSamePresentation, msTimes } from '../support/rtsp-compare.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { Scope } from '../support/scope.ts';
import { TsReader } from '../support/ts-reader.ts';

const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 2500);
const source = recordingOf(tags);
const pictures = source.units.filter(({ kind }) => kind === 'video').length;

let scope: Scope;
let cluster: Cluster;
beforeEach(async () => {
  scope = new Scope();
  cluster = await Cluster.start();
});
afterEach(() => scope.close());

/** A controller, and two servers that call it back. */
class Cluster {
  readonly one: LocalServer;
  readonly two: LocalServer;
  controller: Program;
  readonly #args: readonly string[];

  private constructor(args: readonly string[], controller: Program, one: LocalServer, two: LocalServer) {
    this.#args = args;
    this.controller = controller;
    this.one = one;
    this.two = two;
  }

  static async start(): Promise<Cluster> {
    const port = await freePort();
    const places = await Promise.all(['1', '2'].map((id) => placeOf(id)));
    const args = [String(port), ...places.map(({ id, rtmp, api }) => `${id}=${rtmp},${api}`)];
    const controller = await startController(args);
    const [one, two] = await Promise.all(places.map((place) => startNode(place, port)));
    return new Cluster(args, controller, one!, two!);
  }

  async restartController(between: () => Promise<void>): Promise<void> {
    this.controller.signal('SIGTERM');
    expect((await this.controller.ended(5_000)).code, this.controller.describe()).toBe(0);
    await between();
    this.controller = await startController(this.#args);
  }
}

interface Place {
  readonly id: string;
  readonly rtmp: string;
  readonly api: string;
}

async function placeOf(id: string): Promise<Place> {
  return { id, rtmp: `127.0.0.1:${await freePort()}`, api: `127.0.0.1:${await freePort()}` };
}

async function startController(args: readonly string[]): Promise<Program> {
  const program = startProgram(scope, process.execPath, [
    join(projectRoot, 'examples', 'dispatch.mjs'),
    ...args,
  ]);
  await program.printed(/listens at/);
  return program;
}

function startNode({ id, rtmp, api }: Place, controllerPort: number): Promise<LocalServer> {
  const names = ['on_pub_start', 'on_pub_stop', 'on_sub_start', 'on_sub_stop', 'on_update'];
  const urls = names.map((name) => [name, `http://127.0.0.1:${controllerPort}/${name}`]);
  return LocalServer.start(scope, {
    server_id: id,
    // A pull that comes late gets it from the first picture on.
    rtmp: { addr: rtmp, gop_num: 100 },
    httpts: { enable: true, url_pattern: '/' },
    rtsp: { enable: true, addr: '127.0.0.1:0', gop_num: 1 },
    http_api: { enable: true, addr: api },
    http_notify: { enable: true, update_interval_sec: 1, ...Object.fromEntries(urls) },
  });
}

async function publish(server: LocalServer): Promise<RtmpPublisher> {
  const publisher = await RtmpPublisher.open(scope, server.port('rtmp'), 'cam');
  await publisher.sendPaced(tags);
  return publisher;
}

/** What has come since there were `units` of it. */
function since(reader: FlvReader, units: number): Recording {
  return { ...reader.recording, units: reader.units.slice(units) };
}

async function expectPublished(reader: FlvReader, already = 0, options?: CompareOptions): Promise<void> {
  await reader.untilUnits(already + source.units.length);
  expectSamePackets(source, since(reader, already), options);
}

function untilNotPulled(server: LocalServer): Promise<void> {
  return server.until(() => server.server.relayPulls.pullCount === 0, 'the end of the pull');
}

test.each(['one', 'two'] as const)(
  'what is published at server %s is to be had at the other',
  async (name) => {
    const { [name]: origin, [name === 'one' ? 'two' : 'one']: edge } = cluster;
    const own = await watch(scope, origin, 'cam');
    const flv = await watch(scope, edge, 'cam');
    const rtmp = await RtmpPlayer.open(scope, edge.port('rtmp'), 'cam');
    const ts = TsReader.open(scope, edge.flvUrl('http', 'cam').replace('.flv', '.ts'));
    await ts.joined();
    const rtsp = RtspReader.overTcp(scope, `rtsp://127.0.0.1:${edge.port('rtsp')}/live/cam`);
    const publisher = await publish(origin);
    for (const reader of [own, flv]) await expectPublished(reader, 0, { sameOrder: true });
    expectSameHeaders(source, flv.recording);
    await rtmp.untilUnits(source.units.length);
    expectSamePackets(source, rtmp.recording, { sameOrder: true });
    await publisher.close();
    await untilNotPulled(edge);
    // Each picture by RTSP ends with the next one.
    await rtsp.untilPictures(pictures - 1);
    await edge.server.close();
    await ts.ended();
    await rtsp.ended();
    expectSamePresentation(source, rtsp.recording(), msTimes);
    expectSamePackets(source, await ts.recording(), oneTick);
    expect(edge.errors).toEqual([]);
  },
);

test('who comes late gets the stream too; nothing is pulled any more when the last has gone', async () => {
  const { one, two, controller } = cluster;
  const sending = publish(one);
  await one.until(() => (one.stream('cam')?.publication?.frames.video ?? 0) > 10, 'pictures');
  const flv = await watch(scope, two, 'cam');
  const rtmp = await RtmpPlayer.open(scope, two.port('rtmp'), 'cam');
  await sending;
  for (const reader of [flv, rtmp]) {
    await reader.until(() => reader.units.at(-1)?.hash === source.units.at(-1)!.hash, 'the end');
    expectSamePackets(source, reader.recording, { allowMissingHead: true });
  }
  flv.close();
  await two.untilViewers('cam', 1);
  expect(two.server.relayPulls.pullCount).toBe(1);
  rtmp.close();
  await untilNotPulled(two);
  await one.untilViewers('cam', 0);
  expect(controller.output.match(/start_relay_pull: 0 succ/g)).toHaveLength(1);
});

test('a publisher who comes back at the other server has the stream there, and everybody who stayed sees it', async () => {
  const { one, two } = cluster;
  const readers = [await watch(scope, one, 'cam'), await watch(scope, two, 'cam')];
  let already = 0;
  for (const server of [one, two, one]) {
    const publisher = await publish(server);
    for (const reader of readers) await expectPublished(reader, already);
    await publisher.close();
    for (const other of [one, two]) await untilNotPulled(other);
    already += source.units.length;
  }
  for (const { errors } of [one, two]) expect(errors).toEqual([]);
});

test('a controller that was away learns what it has missed; a server that is gone is not asked for anything', async () => {
  const { one, two } = cluster;
  let sending: Promise<RtmpPublisher> | undefined;
  let reader: FlvReader | undefined;
  await cluster.restartController(async () => {
    sending = publish(one);
    reader = await watch(scope, two, 'cam');
    await one.until(() => one.stream('cam')?.publication !== undefined, 'the publisher');
  });
  await sending;
  await reader!.until(() => reader!.units.at(-1)?.hash === source.units.at(-1)!.hash, 'the end');
  expectSamePackets(source, reader!.recording, { allowMissingHead: true });
  const already = reader!.units.length;
  await one.server.close();
  await untilNotPulled(two);
  await publish(two);
  await expectPublished(reader!, already);
});
