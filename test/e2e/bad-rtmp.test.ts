/** RTMP clients that break the rules: each ends with a coded reason, and nobody else notices. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { Bystander } from '../support/bystander.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { usedMemory } from '../support/memory.ts';
import { openRawViewer, RawClient } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import {
  chunksOf,
  clientGreeting,
  clientScript,
  commandChunks,
  connectChunks,
  handshakeSize,
  mediaStreamId,
  nothing,
  number,
  object,
  playChunks,
  publishChunks,
  setChunkSizeChunks,
  string,
} from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const handshake = (): Buffer => Buffer.concat([clientGreeting(), Buffer.alloc(handshakeSize)]);
const connected = (...more: Buffer[]): Buffer =>
  Buffer.concat([handshake(), connectChunks('live', 1935), ...more]);
const publishing = (...more: Buffer[]): Buffer =>
  clientScript(1935, Buffer.concat([publishChunks('bad'), ...more]));

/** A chunk header of fmt 0 that promises `length` bytes. */
function header(chunkStreamId: number, typeId: number, length: number): Buffer {
  const basic =
    chunkStreamId < 64
      ? Buffer.from([chunkStreamId])
      : Buffer.from([1, (chunkStreamId - 64) & 255, (chunkStreamId - 64) >> 8]);
  const rest = Buffer.alloc(11);
  rest.writeUIntBE(length, 3, 3);
  rest[6] = typeId;
  rest.writeUInt32LE(mediaStreamId, 7);
  return Buffer.concat([basic, rest]);
}

/** Begins a video message of 8 MiB on each of `count` chunk streams, and sends most of it. */
function unfinishedMessages(count: number): Buffer {
  const length = 8_000_000;
  const parts = [setChunkSizeChunks(length - 1)];
  for (let id = 10; id < 10 + count; id += 1) parts.push(header(id, 9, length), Buffer.alloc(length - 1));
  return Buffer.concat(parts);
}

function manyChunkStreams(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => Buffer.concat([header(64 + index, 99, 2), Buffer.alloc(2)])),
  );
}

/** An object in an object in an object, `depth` times. */
function nested(depth: number): Buffer {
  return Buffer.concat(Array.from({ length: depth }, () => Buffer.from([3, 0, 1, 97])));
}

const strictArrayOfEverything = Buffer.from([10, 255, 255, 255, 255]);

interface Offence {
  readonly name: string;
  readonly bytes: () => Buffer;
  /** Code and detail of the session's end. */
  readonly end: string;
  /** What the client is told first. */
  readonly answer?: string;
}

const offences: readonly Offence[] = [
  {
    name: 'nothing but ones after the handshake',
    bytes: () => Buffer.concat([handshake(), Buffer.alloc(100, 255)]),
    end: 'protocol-error ERR_RTMP_CHUNK_FORMAT',
  },
  {
    name: 'chunk size 0',
    bytes: () => connected(setChunkSizeChunks(0)),
    end: 'protocol-error ERR_RTMP_CHUNK_SIZE',
  },
  {
    name: 'chunk size 2^31',
    bytes: () => connected(setChunkSizeChunks(2 ** 31)),
    end: 'protocol-error ERR_RTMP_CHUNK_SIZE',
  },
  {
    name: 'a message of 16 MiB from nobody',
    bytes: () => Buffer.concat([handshake(), header(3, 20, 0xffffff)]),
    end: 'protocol-error ERR_RTMP_MESSAGE_TOO_LARGE',
  },
  {
    name: 'a message of 16 MiB from a publisher',
    bytes: () => publishing(header(6, 9, 0xffffff)),
    end: 'protocol-error ERR_RTMP_MESSAGE_TOO_LARGE',
  },
  {
    name: 'unfinished messages of 8 MB on many chunk streams',
    bytes: () => publishing(unfinishedMessages(6)),
    end: 'protocol-error ERR_RTMP_BUFFER_LIMIT',
  },
  {
    name: '64 k chunk stream ids',
    bytes: () => connected(manyChunkStreams(65_000)),
    end: 'protocol-error ERR_RTMP_CHUNK_STREAM_COUNT',
  },
  {
    name: 'fmt 3 on a chunk stream that has no message yet',
    bytes: () => Buffer.concat([handshake(), Buffer.from([0xc3, 1, 2, 3])]),
    end: 'protocol-error ERR_RTMP_CHUNK_FORMAT',
  },
  {
    name: 'AMF nested 10 000 deep',
    bytes: () =>
      Buffer.concat([
        handshake(),
        setChunkSizeChunks(60_000),
        commandChunks(0, string('connect'), number(1), nested(10_000)),
      ]),
    end: 'protocol-error ERR_AMF_DEPTH',
  },
  {
    name: 'a strict array of 2^32 - 1 values',
    bytes: () => connected(commandChunks(0, string('call'), number(1), strictArrayOfEverything)),
    end: 'protocol-error ERR_TRUNCATED',
  },
  {
    name: 'a command without a name',
    bytes: () => connected(commandChunks(0, number(1))),
    end: 'protocol-error ERR_RTMP_COMMAND',
  },
  {
    name: 'audio before publish',
    bytes: () => connected(chunksOf(4, 8, mediaStreamId, 0, Buffer.from([0xaf, 1, 2]))),
    end: 'protocol-error ERR_RTMP_MEDIA_BEFORE_PUBLISH',
    answer: 'NetStream.Publish.Failed',
  },
  {
    name: 'audio from a player',
    bytes: () => connected(playChunks('bad'), chunksOf(4, 8, mediaStreamId, 0, Buffer.from([0xaf, 1, 2]))),
    end: 'protocol-error ERR_RTMP_MEDIA_BEFORE_PUBLISH',
  },
  {
    name: 'publish twice',
    bytes: () => publishing(publishChunks('other')),
    end: 'protocol-error ERR_RTMP_STATE',
    answer: 'NetStream.Publish.BadName',
  },
  {
    name: 'play of a publisher',
    bytes: () => publishing(playChunks('other')),
    end: 'protocol-error ERR_RTMP_STATE',
    answer: 'NetStream.Play.Failed',
  },
  {
    name: 'publish before connect',
    bytes: () => Buffer.concat([handshake(), publishChunks('bad')]),
    end: 'protocol-error ERR_RTMP_STATE',
    answer: 'NetConnection.Call.Failed',
  },
  {
    name: 'connect twice',
    bytes: () => connected(commandChunks(0, string('connect'), number(4), object({ app: 'live' }))),
    end: 'protocol-error ERR_RTMP_STATE',
    answer: 'NetConnection.Connect.Rejected',
  },
  {
    name: 'an aggregate that ends in the middle of a message',
    bytes: () =>
      publishing(chunksOf(6, 22, mediaStreamId, 0, Buffer.from([8, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 1]))),
    end: 'protocol-error ERR_TRUNCATED',
  },
  ...[
    '',
    '.',
    '..',
    '../up',
    'a/../b',
    '/absolute',
    'a//b',
    'a\0b',
    'a\nb',
    'a\\b',
    'x'.repeat(4096),
  ].flatMap((name): Offence[] => [
    {
      name: `publish of the name ${shown(name)}`,
      bytes: () => connected(publishChunks(name)),
      end: 'name-refused',
      answer: 'NetStream.Publish.BadName',
    },
    {
      name: `play of the name ${shown(name)}`,
      bytes: () => connected(playChunks(name)),
      end: 'name-refused',
      answer: 'NetStream.Play.StreamNotFound',
    },
  ]),
];

function shown(name: string): string {
  return name.length > 20 ? `of ${name.length} bytes` : JSON.stringify(name);
}

/** Commits one offence and waits for the end of its session. */
async function offend(local: LocalServer, offence: Offence, owner: Scope = scope): Promise<void> {
  const { name, bytes, end, answer = '' } = offence;
  const endsBefore = local.ends.length;
  const client = await RawClient.open(owner, local.port('rtmp'));
  await client.send(bytes());
  await local.untilEnds(endsBefore + 1);
  expect(local.ends.at(-1), name).toBe(end);
  await client.ended();
  expect(client.text, name).toContain(answer);
}

test('whoever breaks the rules is told, ends with a code, and leaves nothing behind', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  for (const offence of offences) {
    await offend(local, offence);
    await bystander.goOn();
  }
  await bystander.expectUnharmed();
  local.server.hub.tick(performance.now());
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  expect(local.errors).toEqual([]);
});

test('memory is back at its baseline after many offences', async () => {
  const local = await LocalServer.start(scope);
  const round = async (): Promise<number> => {
    const clients = new Scope();
    for (const offence of offences) await offend(local, offence, clients);
    await clients.close();
    await local.untilNoConnections();
    local.server.hub.tick(performance.now());
    local.log.length = 0;
    return usedMemory();
  };
  await round();
  const baseline = await round();
  for (let again = 0; again < 3; again += 1) await round();
  expect((await round()) - baseline).toBeLessThan(1_000_000);
});

test('random bytes after the handshake end in a protocol error or in silence', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 200 } });
  const rounds = 40;
  for (let seed = 0; seed < rounds; seed += 1) {
    const client = await RawClient.open(scope, local.port('rtmp'));
    await client.send(Buffer.concat([handshake(), pseudoRandom(seed, 3000)]));
  }
  await local.untilEnds(rounds);
  for (const end of local.ends)
    expect(end).toMatch(/^(protocol-error ERR_(RTMP|AMF|TRUNCATED)|handshake-timeout)/);
  expect(local.errors).toEqual([]);
});

/** Bytes that are the same in every run: a linear congruential generator. */
function pseudoRandom(seed: number, length: number): Buffer {
  let state = seed + 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

const hesitations: { name: string; bytes: () => Buffer }[] = [
  { name: 'nothing', bytes: () => Buffer.alloc(0) },
  { name: 'an HTTP request', bytes: () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') },
  { name: 'a TLS handshake', bytes: () => Buffer.from('16030100f8010000f40303', 'hex') },
  { name: 'half a handshake', bytes: () => clientGreeting().subarray(0, 700) },
  { name: 'no C2', bytes: clientGreeting },
  { name: 'a handshake and no more', bytes: handshake },
  { name: 'connect and no more', bytes: connected },
  { name: 'half a publish', bytes: () => connected(publishChunks('half').subarray(0, 20)) },
];

test('whoever does not get as far as publish or play in time is closed', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 200 } });
  const clients = await Promise.all(hesitations.map(() => RawClient.open(scope, local.port('rtmp'))));
  await Promise.all(clients.map((client, index) => client.send(hesitations[index]!.bytes())));
  await local.untilEnds(hesitations.length);
  expect(local.ends).toEqual(hesitations.map(() => 'handshake-timeout'));
  for (const client of clients) await client.ended();
});

test('sending a byte now and then does not extend the time for the handshake', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 200 } });
  const client = await RawClient.open(scope, local.port('rtmp'));
  const drip = setInterval(() => client.socket.write(Buffer.from([3])), 20);
  await client.ended();
  clearInterval(drip);
  expect(local.ends).toEqual(['handshake-timeout']);
});

test('chunks of one byte each are slow but legal', async () => {
  const local = await LocalServer.start(scope);
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 60);
  const source = recordingOf(tags);
  const reader = FlvReader.open(scope, local.flvUrl('http', 'tiny'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'tiny');
  publisher.sendRaw(setChunkSizeChunks(1));
  for (const { type, timestampMs, body } of tags) {
    publisher.sendRaw(chunksOf(type === 8 ? 4 : 6, type, mediaStreamId, timestampMs, body, 1));
  }
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording, { sameOrder: true });
});

test('media that cannot be understood is counted and left out, and the publication goes on', async () => {
  const local = await LocalServer.start(scope);
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 120);
  const source = recordingOf(tags);
  const reader = FlvReader.open(scope, local.flvUrl('http', 'damaged'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'damaged');
  const junk = [
    chunksOf(
      5,
      18,
      mediaStreamId,
      0,
      Buffer.concat([string('@setDataFrame'), string('onMetaData'), nested(10_000)]),
    ),
    chunksOf(5, 18, mediaStreamId, 0, strictArrayOfEverything),
    chunksOf(6, 9, mediaStreamId, 0, Buffer.from([0x17])),
    chunksOf(6, 9, mediaStreamId, 0, Buffer.from([0x17, 0, 0, 0, 0, 1, 2, 3])),
    chunksOf(6, 9, mediaStreamId, 0, Buffer.from([0x17, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1])),
    chunksOf(6, 9, mediaStreamId, 0, Buffer.concat([Buffer.from([0x96]), pseudoRandom(1, 200)])),
    chunksOf(4, 8, mediaStreamId, 0, Buffer.from([0xaf, 0])),
    chunksOf(4, 8, mediaStreamId, 0, Buffer.from([0x9f, 0xff, 0xff, 0xff, 0xff])),
    chunksOf(4, 99, mediaStreamId, 0, pseudoRandom(2, 100)),
  ];
  for (const bytes of junk) publisher.sendRaw(bytes);
  await publisher.send(tags);
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording, { sameOrder: true });
  await publisher.close();
  await local.untilEnds(1);
  expect(local.ends).toEqual(['peer-closed']);
  const stop = local.log.find(({ msg }) => msg === 'publish stop');
  expect(stop).toMatchObject({ damaged: expect.any(Number) as number });
  expect((stop as unknown as { damaged: number }).damaged).toBeGreaterThan(3);
});

test('answers that a client does not read do not pile up: it is not read either', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const client = await openRawViewer(scope, 'rtmp', local.port('rtmp'), 'flood');
  await local.untilViewers('flood', 1);
  const [viewer] = local.viewers('flood');
  client.socket.pause();
  const question = commandChunks(0, string('createStream'), number(7), nothing);
  const questions = Buffer.concat(Array.from({ length: 20_000 }, () => question));
  // Until the server stops reading and our socket takes no more.
  for (let sent = 0; sent < 40; sent += 1) {
    const isTaken = client.send(questions).then(() => true);
    await bystander.goOn(5);
    if (!(await Promise.race([isTaken, sleep(300, false)]))) break;
  }
  await bystander.expectUnharmed();
  expect(viewer!.queuedBytes).toBeLessThan(300_000);
});
