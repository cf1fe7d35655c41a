import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FlvTagToFrames } from '../../../container/flv/tag-to-frames.ts';
import { FlushScheduler } from '../../../hub/flush-scheduler.ts';
import { LiveStream } from '../../../hub/live-stream.ts';
import type { Publication } from '../../../hub/publication.ts';
import { systemClock, type Clock } from '../../../media/clock.ts';
import { endReason, type EndReason } from '../../../media/end-reason.ts';
import { readAllAmf0 } from '../../../protocol/amf/amf0.ts';
import { AmfObject } from '../../../protocol/amf/amf-value.ts';
import { parseCommand } from '../../../protocol/rtmp/command.ts';
import { ServerHandshake } from '../../../protocol/rtmp/handshake/handshake.ts';
import { RtmpMessageChannel } from '../../../protocol/rtmp/message-channel.ts';
import type { RtmpMessage } from '../../../protocol/rtmp/message.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import { AAC_RECORD, AVC_RECORD, HEVC_RECORD, hex } from '../../../testing/flv-vectors.ts';
import { roomyLimits, scriptTrack } from '../../../testing/hub-kit.ts';
import { parseConfig } from '../../config/load-config.ts';
import { openPushConnection, type PushConnection, type PushManner } from './push-connection.ts';
import { PUSH_URLS } from './push-url.ts';
import { UrlTemplate } from '../url-template.ts';

const MANNER: PushManner = {
  hevcForm: 'source',
  rtspTransport: 'tcp',
  verifyCertificate: true,
  timeoutMs: 10_000,
};
const KEY = '17 01 000000 00000006 6588840055aa';
const INTER = '27 01 000000 00000004 419a2301';

let stream: LiveStream;
let publication: Publication;
let reader: FlvTagToFrames;
let server: Server;
let peer: Socket;
/** Commands with a name, media by type. */
let commands: unknown[][];
let media: RtmpMessage[];

beforeEach(() => {
  stream = new LiveStream('a', new FlushScheduler(systemClock, 0), {
    gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 },
  });
  publication = stream.publish()!;
  reader = new FlvTagToFrames();
  commands = [];
  media = [];
});
afterEach(() => server.close());

function send(type: 8 | 9, timestampMs: number, body: string | Uint8Array): void {
  reader.read({ type, timestampMs, body: typeof body === 'string' ? hex(body) : body });
  for (const event of reader.takeEvents()) {
    if (event.type === 'frame') publication.write(event.frame);
    else if (event.type === 'track') publication.setTrack(event.track);
  }
}

/** A server that says yes, and gives `streamId` to publishers. */
async function serve(streamId: number): Promise<string> {
  // Of this test: what its clients say at their end comes while the next one runs.
  const heard = { commands, media };
  server = createServer((socket) => {
    const channel = new RtmpMessageChannel(new ServerHandshake());
    peer = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      channel.receive(chunk);
      for (let message = channel.nextMessage(); message; message = channel.nextMessage()) {
        if (message.typeId !== 20) {
          heard.media.push(message);
          continue;
        }
        const { name, transactionId, commandObject, args } = parseCommand(message);
        heard.commands.push([name, ...(name === 'connect' ? [commandObject] : args)]);
        const isPublish = name === 'publish';
        const status = new AmfObject({ level: 'status', code: 'NetStream.Publish.Start' });
        channel.sendCommand(3, isPublish ? streamId : 0, {
          name: isPublish ? 'onStatus' : '_result',
          transactionId: isPublish ? 0 : transactionId,
          commandObject: null,
          args: isPublish ? [status] : [streamId],
        });
      }
      for (const bytes of channel.takeOutput()) socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}/{app}/{stream}?{param}`;
}

interface Pushed {
  readonly connection: PushConnection;
  readonly starts: () => number;
  readonly ends: EndReason[];
}

async function push(
  streamId: number,
  manner: Partial<PushManner> = {},
  clock: Clock = systemClock,
): Promise<Pushed> {
  const template = new UrlTemplate(await serve(streamId), PUSH_URLS);
  let starts = 0;
  const ends: EndReason[] = [];
  const connection = openPushConnection(
    {
      url: template.expand({ appName: 'live', streamName: 'a', urlParam: 'k=v' }),
      manner: { ...MANNER, ...manner },
      stream,
      limits: roomyLimits,
      context: { clock, config: parseConfig('{"rtmp": {"gop_num": 1}}', 'test').config },
    },
    { started: () => (starts += 1), ended: (reason) => ends.push(reason) },
  )!;
  return { connection, starts: () => starts, ends };
}

function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 5 });
}

test.each([1, 7])(
  'on message stream %i a target gets metadata, headers and all that came while it was called',
  async (streamId) => {
    send(9, 0, `17 00 000000 ${AVC_RECORD}`);
    send(8, 0, `af 00 ${AAC_RECORD}`);
    const { connection, starts, ends } = await push(streamId);
    send(9, 40, KEY);
    send(9, 80, INTER);
    await eventually(() => expect(starts()).toBe(1));
    send(8, 90, 'af 01 211005');
    await eventually(() => expect(media).toHaveLength(6));
    expect(media.map(({ typeId, timestamp }) => [typeId, timestamp])).toEqual([
      [18, 0],
      [9, 40],
      [8, 40],
      [9, 40],
      [9, 80],
      [8, 90],
    ]);
    expect(new Set(media.map((message) => message.streamId))).toEqual(new Set([streamId]));
    expect(readAllAmf0(media[0]!.payload).slice(0, 2)).toEqual(['@setDataFrame', 'onMetaData']);
    connection.finish(endReason('source-ended'));
    await eventually(() => expect(commands.at(-1)).toEqual(['deleteStream', streamId]));
    expect(ends.map(({ code }) => code)).toEqual(['source-ended']);
    expect(commands.map(([name]) => name)).toEqual([
      'connect',
      'releaseStream',
      'FCPublish',
      'createStream',
      'publish',
      'FCUnpublish',
      'deleteStream',
    ]);
    expect(commands[4]).toEqual(['publish', 'a?k=v', 'live']);
    expect(commands[5]).toEqual(['FCUnpublish', 'a?k=v']);
    expect(stream.viewerCount).toBe(0);
  },
);

test.each([
  { hevcForm: 'source', expected: undefined },
  { hevcForm: 'enhanced', expected: ['hvc1'] },
] as const)(
  'a target is told of FourCCs where they will be sent: $hevcForm',
  async ({ hevcForm, expected }) => {
    send(9, 0, `1c 00 000000 ${HEVC_RECORD}`);
    const { connection } = await push(1, { hevcForm });
    await eventually(() => expect(commands.length).toBeGreaterThan(0));
    expect((commands[0]![1] as AmfObject).get('fourCcList')).toEqual(expected);
    connection.end(endReason('kicked'));
  },
);

test('a target that takes nothing of what waits for ten seconds is given up', async () => {
  const clock = new FakeClock();
  send(9, 0, `17 00 000000 ${AVC_RECORD}`);
  const { connection, starts, ends } = await push(1, {}, clock);
  await eventually(() => expect(starts()).toBe(1));
  peer.pause();
  const keyFrame = Buffer.concat([hex('17 01 000000 00100001 65'), Buffer.alloc(1 << 20, 0x88)]);
  for (let frame = 0; frame < 24; frame += 1) send(9, frame * 40, keyFrame);
  await eventually(() => expect(connection.subscription.queuedBytes).toBeGreaterThan(0));
  clock.advance(10_000);
  expect(ends).toEqual([]);
  clock.advance(2000);
  expect(ends.map(({ code }) => code)).toEqual(['idle-timeout']);
  peer.destroy();
});

test('a stream of which FLV has no track is not for such targets', async () => {
  publication.setTrack(scriptTrack());
  expect((await push(1)).connection).toBeUndefined();
});
