/** What can happen to a stream, from somebody's coming to everybody's going, each in one function. */
import { createSocket } from 'node:dgram';
import { FlvTagToFrames } from '../../src/container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../../src/container/flv/flv-types.ts';
import { packsOf, psRtpPackets } from '../../src/testing/ps-device.ts';
import { enoughBytes, leave, longTags, shortTags } from './churn-clients.ts';
import type { Churn } from './churn-clients.ts';
import { hlsKeptMs } from './churn-server.ts';
import { RawClient, viewerRequest } from './raw-client.ts';
import { clientScript, playChunks, publishChunks } from './rtmp-wire.ts';
import { conversation, describeStream } from './rtsp-wire.ts';
import { Scope } from './scope.ts';

/** A stream's whole life, under a name that nobody else has meanwhile. */
export type Cycle = (churn: Churn, name: string, index: number) => Promise<void>;

const longBytes = longTags.reduce((sum, { body }) => sum + body.length, 0);
const liveKinds = ['rtmp', 'http', 'ws', 'ts'] as const;

/** RTMP in, two viewers out, and an end in one of five ways. */
const rtmpCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const publisher = await churn.publishRtmp(clients, name);
  const viewers = [
    await churn.watch(clients, liveKinds[index % 4]!, name),
    await churn.watch(clients, liveKinds[(index >> 2) % 4]!, name),
  ];
  const way = index % 5;
  if (way === 0) await churn.kickAll(name);
  if (way === 1) publisher.destroy();
  else await publisher.close();
  for (const [place, viewer] of viewers.entries()) viewer.leave(index + place);
  await clients.close();
};

/** A viewer that waits, and whose publisher comes, goes, and comes again. */
const returningCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { rtmp } = churn.server.ports;
  const kind = index % 2 === 0 ? 'rtmp' : 'http';
  const client = await RawClient.open(clients, kind === 'rtmp' ? rtmp : churn.server.ports.http);
  await client.send(viewerRequest(kind, rtmp, name).request);
  for (let round = 1; round <= 2; round += 1) {
    const publisher = await churn.publishRtmp(clients, name);
    await client.until(() => client.receivedBytes > enoughBytes * round, 'media');
    await publisher.close();
  }
  leave(client, index);
  await clients.close();
};

/** RTSP in, out by RTSP or another way. */
const rtspCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const transport = index % 3 === 0 ? 'udp' : 'tcp';
  const publisher = await churn.publishRtsp(clients, name, transport);
  const viewer =
    index % 2 === 0
      ? await churn.watchRtsp(clients, name, index % 4 === 0 ? 'udp' : 'tcp')
      : await churn.watch(clients, liveKinds[index % 4]!, name);
  if (index % 5 === 0) await churn.kickAll(name);
  publisher.leave(index);
  viewer.leave(index);
  await clients.close();
};

/** RTMP in, RTSP out. */
const rtspOutCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const publisher = await churn.publishRtmp(clients, name);
  const viewer = await churn.watchRtsp(clients, name, index % 2 === 0 ? 'udp' : 'tcp');
  if (index % 4 === 0) viewer.leave(index);
  await publisher.close();
  viewer.leave(index);
  await clients.close();
};

/** Recordings and HLS on request; of HLS a viewer. */
const recordCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { server } = churn;
  const publisher = await churn.publishRtmp(clients, name, []);
  const types = index % 2 === 0 ? ['flv', 'hls'] : ['mpegts', 'hls'];
  for (const type of types) await server.call('start_record', { stream_name: name, type });
  await publisher.send(longTags);
  // What has been sent is in the lists when the recording is stopped.
  if (index % 3 > 0) await churn.untilGroup(name, ({ pub }) => pub.read_bytes_sum > longBytes);
  if (index % 3 === 1) {
    const stopMs = performance.now();
    await server.call('stop_record', { stream_name: name, type: 'hls' });
    await churn.watchHls(name).catch((error: unknown) => {
      // On a busy machine he may come when it has been cleaned up.
      if (performance.now() - stopMs < hlsKeptMs) throw error;
    });
  }
  if (index % 3 === 2) await server.call('stop_record', { stream_name: name, type: types[0]! });
  await publisher.close();
  await clients.close();
};

/** A pull of a stream of this very server, under another name. */
const pullCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { server } = churn;
  const { rtmp, http } = server.ports;
  const urls = [
    `rtmp://127.0.0.1:${rtmp}/live/${name}`,
    `http://127.0.0.1:${http}/live/${name}.flv`,
    server.rtsp.rtspUrl(name),
  ];
  const publisher = await churn.publishRtmp(clients, name);
  const pulled = `${name}-pulled`;
  await server.call('start_relay_pull', {
    url: urls[index % 3]!,
    stream_name: pulled,
    rtsp_mode: (index >> 2) % 2,
  });
  const viewer = await churn.watch(clients, liveKinds[index % 4]!, pulled);
  if (index % 4 === 0) await churn.kickAll(pulled);
  if (index % 4 === 1) await publisher.close();
  // What the origin does not end waits for its next publisher.
  await server.try('stop_relay_pull', { stream_name: pulled });
  viewer.leave(index);
  publisher.destroy();
  await clients.close();
};

/** Pulls that come to nothing: nobody there, nobody answers, nothing of that name. */
const failingPullCycle: Cycle = async (churn, name, index) => {
  const { server, deadPort, silentPort } = churn;
  const { http } = server.ports;
  const urls = [
    `rtmp://127.0.0.1:${deadPort}/live/x`,
    `rtsp://127.0.0.1:${deadPort}/live/x`,
    `http://127.0.0.1:${http}/live/nothing/x.m3u8`,
    `rtmp://127.0.0.1:${silentPort}/live/x`,
    `rtsp://127.0.0.1:${silentPort}/live/x`,
    `http://127.0.0.1:${silentPort}/live/x.flv`,
    `http://127.0.0.1:${silentPort}/live/x.m3u8`,
  ];
  await server.call('start_relay_pull', {
    url: urls[index % urls.length]!,
    stream_name: name,
    pull_retry_num: index % 2 === 0 ? -1 : 0,
    pull_timeout_ms: index % 4 === 0 ? 0 : 500,
  });
  if (index % 3 === 0) {
    // A publisher takes the stream from under it.
    const clients = new Scope();
    const publisher = await churn.publishRtmp(clients, name);
    await publisher.close();
    await clients.close();
  }
  await server.try('stop_relay_pull', { stream_name: name });
};

/** A push to this very server, under another name. */
const pushCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { server } = churn;
  const pushed = `${name}-pushed`;
  const url =
    index % 2 === 0 ? `rtmp://127.0.0.1:${server.ports.rtmp}/live/${pushed}` : server.rtsp.rtspUrl(pushed);
  const push = { stream_name: name, url, rtsp_mode: (index >> 1) % 2 };
  if (index % 3 === 0) await server.call('start_relay_push', push);
  const publisher = await churn.publishRtmp(clients, name);
  if (index % 3 !== 0) await server.call('start_relay_push', push);
  const viewer = await churn.watch(clients, liveKinds[index % 4]!, pushed);
  if (index % 4 === 0) await publisher.close();
  await server.call('stop_relay_push', { stream_name: name, url });
  viewer.leave(index);
  publisher.destroy();
  await clients.close();
};

/** A push to nobody, or to somebody who says nothing. */
const failingPushCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { server, deadPort, silentPort } = churn;
  const scheme = index % 2 === 0 ? 'rtmp' : 'rtsp';
  const url = `${scheme}://127.0.0.1:${index % 4 < 2 ? deadPort : silentPort}/live/x`;
  await server.call('start_relay_push', { stream_name: name, url, push_timeout_ms: 500 });
  const publisher = await churn.publishRtmp(clients, name);
  if (index % 3 === 0) await publisher.close();
  await server.call('stop_relay_push', { stream_name: name, url });
  publisher.destroy();
  await clients.close();
};

const devicePackets = psRtpPackets(packsOf(framesOfTags()));

function framesOfTags(): Parameters<typeof packsOf>[0] {
  const reader = new FlvTagToFrames();
  for (const { type, timestampMs, body } of shortTags) {
    reader.read({ type: type as FlvTagType, timestampMs, body });
  }
  return reader
    .takeEvents()
    .flatMap((event) => (event.type === 'frame' && event.frame.track.kind !== 'data' ? [event.frame] : []));
}

/** A device by GB28181, over UDP or TCP. */
const deviceCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { server } = churn;
  const isTcp = index % 2 === 0;
  const parameters = { stream_name: name, is_tcp_flag: isTcp ? 1 : 0, timeout_ms: 20_000 };
  const { port } = await server.call<{ port: number }>('start_rtp_pub', parameters);
  if (isTcp) {
    const device = await RawClient.open(clients, port);
    const framed = devicePackets.map(({ bytes }) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return Buffer.concat([length, bytes]);
    });
    await device.send(Buffer.concat(framed));
  } else {
    const device = createSocket('udp4');
    clients.defer(() => void device.close());
    for (const { bytes } of devicePackets) device.send(bytes, port, '127.0.0.1');
  }
  const viewer = await churn.watch(clients, liveKinds[index % 4]!, name);
  if (index % 3 === 0) await churn.kickAll(name);
  else await server.call('stop_rtp_pub', { stream_name: name });
  viewer.leave(index);
  await clients.close();
};

/** Clients that are refused, wait in vain, or say only half of something. */
const strangerCycle: Cycle = async (churn, name, index) => {
  const clients = new Scope();
  const { rtmp, http, rtsp } = churn.server.ports;
  const visits: [number, Buffer][] = [
    [rtmp, clientScript(rtmp, publishChunks('..'))],
    [rtmp, clientScript(rtmp, playChunks(name))],
    [http, viewerRequest('http', http, name).request],
    [http, viewerRequest('ws', http, name).request],
    [http, Buffer.from(`GET /hls/${name}.m3u8?session_id=0 HTTP/1.1\r\nHost: x\r\n\r\n`)],
    [rtsp, conversation(describeStream(name))],
    [churn.server.source.apiPort, Buffer.from('POST /api/ctrl/kick_session HTTP/1.1\r\nContent-Le')],
    [rtsp, Buffer.from('GET /live/x HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n')],
  ];
  const [port, request] = visits[index % visits.length]!;
  const client = await RawClient.open(clients, port);
  await client.send(request);
  if (index % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  leave(client, index);
  await clients.close();
};

/** The config is read again while others come and go. */
const reloadCycle: Cycle = async (churn) => {
  await churn.server.reload();
};

/** How many of a hundred cycles are of each kind. */
const mix: readonly (readonly [number, Cycle])[] = [
  [20, rtmpCycle],
  [5, returningCycle],
  [14, rtspCycle],
  [10, rtspOutCycle],
  [6, recordCycle],
  [10, pullCycle],
  [9, failingPullCycle],
  [9, pushCycle],
  [4, failingPushCycle],
  [8, deviceCycle],
  [4, strangerCycle],
  [1, reloadCycle],
];

/** A hundred cycles, well mixed: as if each were drawn from the others at random, and the same each time. */
export const hundredCycles: readonly Cycle[] = shuffled(
  mix.flatMap(([count, cycle]) => Array<Cycle>(count).fill(cycle)),
);

function shuffled(cycles: readonly Cycle[]): Cycle[] {
  // 37 has no factor in common with 100.
  return cycles.map((_, index) => cycles[(index * 37) % cycles.length]!);
}
