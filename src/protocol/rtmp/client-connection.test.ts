import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { readAllAmf0, serializeAmf0 } from '../amf/amf0.ts';
import { AmfObject } from '../amf/amf-value.ts';
import type { AmfValue } from '../amf/amf-value.ts';
import { ChunkReader } from './chunk-reader.ts';
import { serializeChunkedMessage } from './chunk-writer.ts';
import { RtmpClientConnection } from './client-connection.ts';
import type { RtmpClientConnectionOptions, RtmpClientEvent } from './client-connection.ts';
import type { RtmpMessage } from './message.ts';
import { RtmpServerConnection } from './server-connection.ts';
import type { RtmpServerEvent } from './server-connection.ts';

const PUBLISH: RtmpClientConnectionOptions = {
  mode: 'publish',
  app: 'live',
  tcUrl: 'rtmp://h/live',
  streamName: 'test110?a=b',
};
const PLAY: RtmpClientConnectionOptions = { ...PUBLISH, mode: 'play' };

function message(typeId: number, payload: Uint8Array, timestamp = 0, streamId = 1): Uint8Array {
  return serializeChunkedMessage({ chunkStreamId: 4, typeId, streamId, timestamp }, [payload], 128);
}

function command(...values: readonly AmfValue[]): Uint8Array {
  return message(20, serializeAmf0(...values), 0, 0);
}

function status(level: string, code: string, name = 'onStatus'): Uint8Array {
  return command(name, 0, null, new AmfObject({ level, code, description: 'because' }));
}

const SERVER_HANDSHAKE = new Uint8Array(1 + 2 * 1536);
const CONNECTED = command('_result', 1, new AmfObject(), new AmfObject({ level: 'status' }));
/** Publishers ask for more before. */
const CREATED = command('_result', 4, null, 7);
const PLAYER_CREATED = command('_result', 2, null, 7);

/** A client alone, and what it did. */
function runClient(
  options: RtmpClientConnectionOptions,
  ...pieces: readonly Uint8Array[]
): { client: RtmpClientConnection; events: RtmpClientEvent[]; sent: RtmpMessage[] } {
  const client = new RtmpClientConnection(options);
  const events: RtmpClientEvent[] = [];
  for (const piece of pieces) {
    client.receive(piece);
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) events.push(event);
  }
  const reader = new ChunkReader();
  const output = new Uint8Array(Buffer.concat(client.takeOutput()));
  reader.receive(output.subarray(1 + 2 * 1536));
  const sent: RtmpMessage[] = [];
  for (let read = reader.nextMessage(); read !== undefined; read = reader.nextMessage()) sent.push(read);
  return { client, events, sent };
}

/** Client and server joined in memory, the server saying yes, until neither has anything to say. */
class Pair {
  readonly client: RtmpClientConnection;
  readonly server = new RtmpServerConnection();
  readonly clientEvents: RtmpClientEvent[] = [];
  readonly serverEvents: RtmpServerEvent[] = [];

  constructor(options: RtmpClientConnectionOptions) {
    this.client = new RtmpClientConnection(options);
    this.settle();
  }

  settle(): void {
    for (;;) {
      const toServer = this.client.takeOutput();
      for (const bytes of toServer) this.server.receive(bytes);
      this.#drainServer();
      const toClient = this.server.takeOutput();
      for (const bytes of toClient) this.client.receive(bytes);
      for (let event = this.client.nextEvent(); event !== undefined; event = this.client.nextEvent()) {
        this.clientEvents.push(event);
      }
      if (toServer.length + toClient.length === 0) return;
    }
  }

  #drainServer(): void {
    for (let event = this.server.nextEvent(); event !== undefined; event = this.server.nextEvent()) {
      this.serverEvents.push(event);
      if (event.type === 'publish') this.server.acceptPublish();
      if (event.type === 'play') this.server.acceptPlay();
    }
  }
}

describe.each(['simple', 'complex'] as const)('client and server in memory, %s handshake', (handshake) => {
  test('publish', () => {
    const pair = new Pair({ ...PUBLISH, handshake });
    expect(pair.clientEvents).toEqual([{ type: 'start' }]);
    expect(pair.client.isStarted).toBe(true);
    expect(pair.client.streamId).toBe(1);
    const video = new Uint8Array(200_000).map((_, index) => index % 251);
    const script = serializeAmf0('@setDataFrame', 'onMetaData', new AmfObject({ width: 64 }));
    pair.server.receive(pair.client.serializeMedia('data', 0, [script]));
    pair.server.receive(pair.client.serializeMedia('video', 0x1000000, [video.slice(0, 5), video.slice(5)]));
    pair.server.receive(pair.client.serializeMedia('audio', 2 ** 32 + 5, [Uint8Array.of(0xaf, 1)]));
    pair.client.end();
    pair.settle();
    expect(pair.serverEvents.slice(1)).toEqual([
      {
        type: 'publish',
        publishType: 'live',
        rawName: 'test110?a=b',
        streamName: 'test110',
        urlParam: 'a=b',
      },
      { type: 'data', timestampMs: 0, payload: script },
      { type: 'video', timestampMs: 0x1000000, payload: video },
      { type: 'audio', timestampMs: 5, payload: Uint8Array.of(0xaf, 1) },
      { type: 'publish-end' },
    ]);
  });

  test('play', () => {
    const pair = new Pair({ ...PLAY, handshake, fourCcList: ['hvc1'] });
    expect(pair.serverEvents.map((event) => event.type)).toEqual(['connect', 'play']);
    expect(pair.serverEvents[0]).toMatchObject({ app: 'live', tcUrl: 'rtmp://h/live', fourCcList: ['hvc1'] });
    // As the server's fan-out writes it.
    const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp: 0xfffffff0 };
    pair.client.receive(serializeChunkedMessage(header, [new Uint8Array(9000)], 4096));
    pair.client.receive(serializeChunkedMessage({ ...header, timestamp: 16 }, [Uint8Array.of(1)], 4096));
    pair.server.endPlay();
    pair.settle();
    expect(pair.clientEvents).toEqual([
      { type: 'start' },
      { type: 'video', timestampMs: 0xfffffff0, payload: new Uint8Array(9000) },
      { type: 'video', timestampMs: 2 ** 32 + 16, payload: Uint8Array.of(1) },
      { type: 'play-end', code: 'NetStream.Play.UnpublishNotify' },
    ]);
  });
});

test('times cross 2^24 and 2^32 without a gap', () => {
  for (const edge of [2 ** 24, 2 ** 32]) {
    const pair = new Pair(PUBLISH);
    const times = Array.from({ length: 20 }, (_, index) => edge - 200 + index * 20);
    for (const time of times) {
      pair.server.receive(pair.client.serializeMedia('audio', time, [new Uint8Array(5000)]));
      pair.server.receive(pair.client.serializeMedia('video', time + 7, [new Uint8Array(5000)]));
    }
    pair.settle();
    const seen = pair.serverEvents.flatMap((event) => (event.type === 'audio' ? [event.timestampMs] : []));
    expect(seen).toEqual(times);
    const video = pair.serverEvents.flatMap((event) => (event.type === 'video' ? [event.timestampMs] : []));
    expect(video).toEqual(times.map((time) => time + 7));
  }
});

test('the commands are lal’s, on the stream the server gave', () => {
  const { sent } = runClient(PUBLISH, SERVER_HANDSHAKE, CONNECTED, CREATED);
  expect(sent.map((each) => [each.typeId, each.streamId])).toEqual([
    [20, 0],
    [20, 0],
    [20, 0],
    [20, 0],
    [20, 7],
  ]);
  expect(sent.map((each) => readAllAmf0(each.payload))).toStrictEqual([
    [
      'connect',
      1,
      new AmfObject([
        ['app', 'live'],
        ['type', 'nonprivate'],
        ['flashVer', 'FMLE/3.0 (compatible; lal-ts)'],
        ['fpad', false],
        ['tcUrl', 'rtmp://h/live'],
      ]),
    ],
    ['releaseStream', 2, null, 'test110?a=b'],
    ['FCPublish', 3, null, 'test110?a=b'],
    ['createStream', 4, null],
    ['publish', 5, null, 'test110?a=b', 'live'],
  ]);
  const player = runClient(PLAY, SERVER_HANDSHAKE, CONNECTED, PLAYER_CREATED);
  expect(readAllAmf0(player.sent[2]!.payload)).toEqual(['play', 3, null, 'test110?a=b']);
});

describe('a refusal ends the connection at once', () => {
  test.each([
    ['_error to connect', PUBLISH, [status('error', 'NetConnection.Connect.Rejected', '_error')]],
    [
      'an error status to publish',
      PUBLISH,
      [CONNECTED, CREATED, status('error', 'NetStream.Publish.BadName')],
    ],
    [
      'an error status to play',
      PLAY,
      [CONNECTED, PLAYER_CREATED, status('error', 'NetStream.Play.StreamNotFound')],
    ],
    [
      'an error status later on',
      PUBLISH,
      [CONNECTED, CREATED, status('status', 'NetStream.Publish.Start'), status('error', 'NetStream.Failed')],
    ],
  ])('%s', (_, options, pieces) => {
    const { client, events } = runClient(options, SERVER_HANDSHAKE, ...pieces, message(8, Uint8Array.of(1)));
    expect(events.at(-1)).toMatchObject({ type: 'refused', description: 'because' });
    expect(client.isStarted).toBe(false);
    expect(() => client.serializeMedia('audio', 0, [])).toThrow(TypeError);
  });
});

test('a server need not know what announces a publication', () => {
  const unknown = (transactionId: number): Uint8Array =>
    command(
      '_error',
      transactionId,
      null,
      new AmfObject({ level: 'error', code: 'NetConnection.Call.Failed' }),
    );
  const pieces = [unknown(2), unknown(3), CREATED, status('status', 'NetStream.Publish.Start')];
  expect(runClient(PUBLISH, SERVER_HANDSHAKE, CONNECTED, ...pieces).events).toEqual([{ type: 'start' }]);
  const { events } = runClient(PUBLISH, SERVER_HANDSHAKE, CONNECTED, unknown(4));
  expect(events).toEqual([{ type: 'refused', code: 'NetConnection.Call.Failed', description: '' }]);
});

test('repeated answers, other statuses and messages of every type are tolerated', () => {
  const noise = [
    command('onBWDone', 0, null, 8192),
    command('_result', 99, null),
    status('status', 'NetStream.Play.Reset'),
    status('warning', 'NetStream.Play.InsufficientBW'),
    command('onStatus', 0, null, null),
    message(4, Uint8Array.of(0, 0, 0, 0, 0, 1)),
    message(6, Uint8Array.of(0, 0, 0, 1, 2)),
    message(77, Uint8Array.of(1)),
    message(17, new Uint8Array(Buffer.concat([Uint8Array.of(0), serializeAmf0('onFCSubscribe', 0)]))),
  ];
  const start = status('status', 'NetStream.Play.Start');
  const created = [PLAYER_CREATED, PLAYER_CREATED];
  const pieces = [SERVER_HANDSHAKE, CONNECTED, CONNECTED, ...created, start, start];
  const { events } = runClient(
    PLAY,
    ...pieces.flatMap((piece) => [piece, ...(piece === pieces[0] ? [] : noise)]),
  );
  expect(events).toEqual([{ type: 'start' }]);
});

test('media that comes before the status is not lost', () => {
  const { events } = runClient(
    PLAY,
    SERVER_HANDSHAKE,
    CONNECTED,
    PLAYER_CREATED,
    message(9, Uint8Array.of(0x17), 40),
    status('status', 'NetStream.Play.Start'),
  );
  expect(events).toEqual([
    { type: 'video', timestampMs: 40, payload: Uint8Array.of(0x17) },
    { type: 'start' },
  ]);
});

test('saying goodbye takes the stream back, once there is one', () => {
  const early = new RtmpClientConnection(PUBLISH);
  early.takeOutput();
  early.end();
  expect(early.takeOutput()).toEqual([]);
  for (const [options, created, goodbye] of [
    [PUBLISH, CREATED, ['FCUnpublish', 'deleteStream']],
    [PLAY, PLAYER_CREATED, ['deleteStream']],
  ] as const) {
    const { client } = runClient(options, SERVER_HANDSHAKE, CONNECTED, created);
    client.end();
    const text = Buffer.concat(client.takeOutput()).toString('latin1');
    expect(text.match(/[A-Za-z]{7,}/g)).toEqual(goodbye);
  }
});

test('random messages of a server are handled or refused with a coded error', () => {
  const piece = fc.oneof(
    fc.constantFrom(CONNECTED, PLAYER_CREATED, status('status', 'NetStream.Play.Start')),
    fc.tuple(fc.nat(25), fc.uint8Array({ maxLength: 60 })).map((fields) => message(fields[0], fields[1])),
    fc.uint8Array({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      codeOf(() => runClient(PLAY, SERVER_HANDSHAKE, ...pieces));
    }),
    { numRuns: 1000 },
  );
});
