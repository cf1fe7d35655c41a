import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { fixture } from '../../testing/fixture.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { readAllAmf0, serializeAmf0 } from '../amf/amf0.ts';
import { AmfEcmaArray, AmfObject } from '../amf/amf-value.ts';
import type { AmfValue } from '../amf/amf-value.ts';
import { ChunkReader } from './chunk-reader.ts';
import { serializeChunkedMessage } from './chunk-writer.ts';
import type { RtmpMessage } from './message.ts';
import { RtmpServerConnection } from './server-connection.ts';
import type { RtmpServerEvent } from './server-connection.ts';

const HANDSHAKE_LENGTH = 1 + 2 * 1536;

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function message(typeId: number, payload: Uint8Array, timestamp = 0, streamId = 1): Uint8Array {
  return serializeChunkedMessage({ chunkStreamId: 4, typeId, streamId, timestamp }, [payload], 128);
}

function command(...values: readonly AmfValue[]): Uint8Array {
  return message(20, serializeAmf0(...values), 0, 0);
}

const HANDSHAKE = new Uint8Array(HANDSHAKE_LENGTH);
const CONNECT = command('connect', 1, new AmfObject({ app: 'live', tcUrl: 'rtmp://h/live' }));
const CREATE_STREAM = command('createStream', 2, null);
const PUBLISH = command('publish', 3, null, 'test110', 'live');
const PLAY = command('play', 3, null, 'test110');

/** A connection that answers yes to everything, and what it did. */
class Run {
  readonly connection = new RtmpServerConnection();
  readonly events: RtmpServerEvent[] = [];
  readonly output: Uint8Array[] = [];

  feed(...pieces: readonly Uint8Array[]): this {
    for (const piece of pieces) {
      this.connection.receive(piece);
      this.drain();
    }
    return this;
  }

  drain(): void {
    try {
      for (
        let event = this.connection.nextEvent();
        event !== undefined;
        event = this.connection.nextEvent()
      ) {
        this.events.push(event);
        if (event.type === 'publish') this.connection.acceptPublish();
        if (event.type === 'play') this.connection.acceptPlay();
      }
    } finally {
      this.output.push(...this.connection.takeOutput());
    }
  }

  /** Everything sent behind the handshake since the last call. */
  takeSent(): Uint8Array {
    return joined(this.output.splice(0).filter((piece) => piece.length !== HANDSHAKE_LENGTH));
  }

  /** The statuses sent since the last call: command name and code. */
  takeStatuses(): string[] {
    const reader = new ChunkReader();
    // The chunk size was announced in the answer to connect.
    reader.receive(hex('02 000000 000004 01 00000000 00001000'));
    reader.receive(this.takeSent());
    const statuses: string[] = [];
    for (let sent = reader.nextMessage(); sent !== undefined; sent = reader.nextMessage()) {
      if (sent.typeId !== 20) continue;
      const [name, , , information] = readAllAmf0(sent.payload);
      if (information instanceof AmfObject) statuses.push(`${name as string} ${information.string('code')}`);
    }
    return statuses;
  }
}

function connected(): Run {
  const run = new Run().feed(HANDSHAKE, CONNECT, CREATE_STREAM);
  run.events.length = 0;
  run.takeSent();
  return run;
}

describe('answers, to the byte', () => {
  const control = '02 000000';
  const amf = (...values: readonly AmfValue[]): string =>
    Buffer.from(serializeAmf0(...values)).toString('hex');
  const sized = (chunkStreamId: string, streamId: string, payload: string): string =>
    `${chunkStreamId} 000000 ${(payload.length / 2).toString(16).padStart(6, '0')} 14 ${streamId} ${payload}`;
  const status = (level: string, code: string, description: string): string =>
    sized('05', '01000000', amf('onStatus', 0, null, new AmfObject({ level, code, description })));

  test('connect', () => {
    const run = new Run().feed(HANDSHAKE, CONNECT);
    const result = amf(
      '_result',
      1,
      new AmfObject([
        ['fmsVer', 'FMS/3,0,1,123'],
        ['capabilities', 31],
      ]),
      new AmfObject([
        ['level', 'status'],
        ['code', 'NetConnection.Connect.Success'],
        ['description', 'Connection succeeded.'],
        ['objectEncoding', 0],
        ['version', '0,37,4'],
      ]),
    );
    expect(run.takeSent()).toEqual(
      hex(`${control} 000004 05 00000000 004c4b40
           ${control} 000005 06 00000000 004c4b40 02
           ${control} 000004 01 00000000 00001000
           ${sized('03', '00000000', result)}`),
    );
  });

  test('createStream', () => {
    const run = new Run().feed(HANDSHAKE, CONNECT);
    run.takeSent();
    run.feed(command('createStream', 4, null));
    expect(run.takeSent()).toEqual(hex(sized('03', '00000000', amf('_result', 4, null, 1))));
  });

  test('publish', () => {
    const run = connected().feed(PUBLISH);
    expect(run.takeSent()).toEqual(hex(status('status', 'NetStream.Publish.Start', 'Start publishing')));
  });

  test('play, and the end of the stream', () => {
    const run = connected().feed(PLAY);
    expect(run.takeSent()).toEqual(
      hex(`${control} 000006 04 00000000 000400000001
           ${control} 000006 04 00000000 000000000001
           ${status('status', 'NetStream.Play.Start', 'Start live')}`),
    );
    run.connection.endPlay();
    run.drain();
    expect(run.takeSent()).toEqual(
      hex(`${status('status', 'NetStream.Play.UnpublishNotify', 'Stop live')}
           ${control} 000006 04 00000000 000100000001`),
    );
  });

  test('a refusal', () => {
    const { connection } = new Run().feed(HANDSHAKE, CONNECT, CREATE_STREAM);
    connection.receive(PUBLISH);
    expect(connection.nextEvent()?.type).toBe('publish');
    connection.reject('NetStream.Publish.BadName', 'in use');
    expect(joined(connection.takeOutput())).toEqual(
      hex(status('error', 'NetStream.Publish.BadName', 'in use')),
    );
    connection.receive(message(8, hex('aa')));
    expect(connection.nextEvent()).toBeUndefined();
  });

  test('a ping', () => {
    const run = connected().feed(message(4, hex('0006 01020304'), 0, 0));
    expect(run.takeSent()).toEqual(hex(`${control} 000006 04 00000000 0007 01020304`));
  });
});

test('commands that need no answer, and unknown messages, get none', () => {
  const run = connected();
  for (const name of ['releaseStream', 'FCPublish', 'FCUnpublish', 'getStreamLength', '_checkbw', 'pause']) {
    run.feed(command(name, 5, null, 'test110'));
  }
  for (const typeId of [0, 3, 4, 6, 7, 16, 19, 21, 99, 255]) run.feed(message(typeId, hex('00')));
  run.feed(message(18, serializeAmf0('onMetaData')), command('deleteStream', 6, null, 1));
  expect(run.events).toEqual([]);
  expect(run.takeSent().length).toBe(0);
});

test('connect tells what the client can do', () => {
  const connect = command(
    'connect',
    1,
    new AmfObject([
      ['app', 'live/x?y=z'],
      ['flashVer', 'v'],
      ['objectEncoding', 3],
      ['fourCcList', ['hvc1', 'av01', 7]],
      ['videoFourCcInfoMap', new AmfObject({ hvc1: 4, vp09: 4 })],
      ['audioFourCcInfoMap', new AmfEcmaArray([['Opus', 4]])],
      ['capsEx', 2],
    ]),
  );
  const run = new Run().feed(HANDSHAKE, connect);
  expect(run.events).toEqual([
    {
      type: 'connect',
      app: 'live/x?y=z',
      tcUrl: '',
      flashVer: 'v',
      objectEncoding: 3,
      fourCcList: ['hvc1', 'av01', 'vp09', 'Opus'],
      capsEx: 2,
    },
  ]);
  const sent = Buffer.from(run.takeSent()).toString('latin1');
  for (const word of ['fourCcList', 'videoFourCcInfoMap', 'av01', 'fLaC', 'capsEx']) {
    expect(sent).toContain(word);
  }
});

describe('names', () => {
  test.each([
    ['test110', 'test110', ''],
    ['test110?a=b', 'test110', 'a=b'],
    ['test110?a=b?c=d', 'test110', ''],
    ['', '', ''],
    ['?a', '', 'a'],
    ['../x', '../x', ''],
    ['a\0b', 'a\0b', ''],
    ['x'.repeat(4096), 'x'.repeat(4096), ''],
  ])('are taken apart and not judged (%s)', (rawName, streamName, urlParam) => {
    const run = connected().feed(command('publish', 3, null, rawName));
    expect(run.events).toEqual([{ type: 'publish', publishType: 'live', rawName, streamName, urlParam }]);
  });
});

test('a publisher’s messages come out with continued times', () => {
  const run = connected().feed(
    PUBLISH,
    message(18, serializeAmf0('@setDataFrame', 'onMetaData', new AmfEcmaArray()), 0),
    message(15, joined([hex('00'), serializeAmf0('onMetaData')]), 0),
    message(9, hex('17'), 0xfffffff0),
    message(8, hex(''), 5),
    message(8, hex('af'), 0x10),
    message(9, hex('27'), 0x20),
    message(22, hex('08 000001 000005 00 000000 ac 0000000c 09 000001 00000a 00 000000 1c 0000000c'), 0x30),
  );
  const media = run.events.slice(1).map((event) => 'timestampMs' in event && [event.type, event.timestampMs]);
  const turn = 2 ** 32;
  expect(media).toEqual([
    ['data', 0],
    ['data', 0],
    ['video', turn - 16],
    ['audio', turn + 16],
    ['video', turn + 32],
    ['audio', turn + 48],
    ['video', turn + 53],
  ]);
});

test('commands in AMF 3 are understood', () => {
  const wrap = (...values: readonly AmfValue[]): Uint8Array =>
    message(17, joined([hex('00'), serializeAmf0(...values)]), 0, 0);
  const run = new Run().feed(
    HANDSHAKE,
    wrap('connect', 1, new AmfObject({ app: 'live' })),
    wrap('createStream', 2, null),
    wrap('play', 3, null, 'a'),
  );
  expect(run.events.map((event) => event.type)).toEqual(['connect', 'play']);
});

describe('acknowledgements', () => {
  const ACKNOWLEDGEMENT = 3;
  function acknowledged(run: Run): number[] {
    const reader = new ChunkReader();
    reader.receive(run.takeSent());
    const numbers: number[] = [];
    for (let sent = reader.nextMessage(); sent !== undefined; sent = reader.nextMessage()) {
      if (sent.typeId === ACKNOWLEDGEMENT) numbers.push(new DataView(sent.payload.buffer).getUint32(0));
    }
    return numbers;
  }

  test('are not sent to a client that named no window', () => {
    const run = connected().feed(PUBLISH);
    run.takeSent();
    for (let count = 0; count < 100; count += 1) run.feed(message(9, new Uint8Array(100_000)));
    expect(acknowledged(run)).toEqual([]);
  });

  test('are sent at half the window the client named', () => {
    const run = connected().feed(PUBLISH, message(5, hex('000186a0'), 0, 0));
    acknowledged(run);
    const before = run.connection.bytesReceived;
    while (run.connection.bytesReceived - before < 250_000) run.feed(message(9, new Uint8Array(1000)));
    const numbers = acknowledged(run);
    expect(numbers.length).toBeGreaterThanOrEqual(4);
    for (let index = 1; index < numbers.length; index += 1) {
      expect(numbers[index]! - numbers[index - 1]!).toBeGreaterThanOrEqual(50_000);
      expect(numbers[index]! - numbers[index - 1]!).toBeLessThan(52_000);
    }
  });

  test('of huge windows come every 2.5 MB, and a window of 0 asks for none', () => {
    const run = connected().feed(PUBLISH, message(5, hex('ffffffff'), 0, 0));
    for (let count = 0; count < 60; count += 1) run.feed(message(9, new Uint8Array(100_000)));
    expect(acknowledged(run).length).toBe(2);
    run.feed(message(5, hex('00000000'), 0, 0));
    for (let count = 0; count < 60; count += 1) run.feed(message(9, new Uint8Array(100_000)));
    expect(acknowledged(run)).toEqual([]);
  });
});

describe('is refused with a status and a coded error:', () => {
  const MEDIA = 'ERR_RTMP_MEDIA_BEFORE_PUBLISH';
  test.each<[string, readonly Uint8Array[], string, string[]]>([
    ['audio before connect', [message(8, hex('aa'))], MEDIA, ['onStatus NetStream.Publish.Failed']],
    [
      'audio before publish',
      [CONNECT, CREATE_STREAM, message(8, hex('aa'))],
      MEDIA,
      ['_result NetConnection.Connect.Success', 'onStatus NetStream.Publish.Failed'],
    ],
    [
      'video from a player',
      [CONNECT, PLAY, message(9, hex('aa'))],
      MEDIA,
      [
        '_result NetConnection.Connect.Success',
        'onStatus NetStream.Play.Start',
        'onStatus NetStream.Publish.Failed',
      ],
    ],
    ['publish before connect', [PUBLISH], 'ERR_RTMP_STATE', ['_error NetConnection.Call.Failed']],
    ['createStream before connect', [CREATE_STREAM], 'ERR_RTMP_STATE', ['_error NetConnection.Call.Failed']],
    [
      'a second connect',
      [CONNECT, CONNECT],
      'ERR_RTMP_STATE',
      ['_result NetConnection.Connect.Success', '_error NetConnection.Connect.Rejected'],
    ],
    [
      'a second publish',
      [CONNECT, PUBLISH, PUBLISH],
      'ERR_RTMP_STATE',
      [
        '_result NetConnection.Connect.Success',
        'onStatus NetStream.Publish.Start',
        'onStatus NetStream.Publish.BadName',
      ],
    ],
    [
      'play while publishing',
      [CONNECT, PUBLISH, PLAY],
      'ERR_RTMP_STATE',
      [
        '_result NetConnection.Connect.Success',
        'onStatus NetStream.Publish.Start',
        'onStatus NetStream.Play.Failed',
      ],
    ],
    [
      'a publish without a name',
      [CONNECT, command('publish', 3, null)],
      'ERR_RTMP_COMMAND',
      ['_result NetConnection.Connect.Success', 'onStatus NetStream.Publish.BadName'],
    ],
    ['a command that is no text', [message(20, serializeAmf0(5))], 'ERR_RTMP_COMMAND', []],
    ['AMF nested 10 000 deep', [message(20, hex('0a00000001'.repeat(10_000)))], 'ERR_AMF_DEPTH', []],
    ['a command of 64 KiB', [message(20, new Uint8Array(65_537))], 'ERR_RTMP_MESSAGE_TOO_LARGE', []],
    ['garbage behind the handshake', [hex('ffffffffffffffff')], 'ERR_RTMP_CHUNK_FORMAT', []],
  ])('%s', (_, pieces, code, statuses) => {
    const run = new Run();
    expect(codeOf(() => run.feed(HANDSHAKE, ...pieces))).toBe(code);
    expect(run.takeStatuses()).toEqual(statuses);
    // Closed: nothing more is read, and nothing thrown twice.
    run.feed(...pieces);
    expect(run.takeSent().length).toBe(0);
  });
});

test('while an answer to publish is owed, nothing more is read', () => {
  const connection = new RtmpServerConnection();
  for (const piece of [HANDSHAKE, CONNECT, PUBLISH, message(8, hex('aa'))]) connection.receive(piece);
  expect(connection.nextEvent()?.type).toBe('connect');
  expect(connection.nextEvent()?.type).toBe('publish');
  expect(connection.nextEvent()).toBeUndefined();
  expect(connection.pendingBytes).toBe(13);
  connection.acceptPublish();
  expect(connection.nextEvent()?.type).toBe('audio');
  expect(() => connection.acceptPublish()).toThrow(TypeError);
});

test('deleteStream and closeStream end a publication; what follows is ignored', () => {
  for (const name of ['deleteStream', 'closeStream']) {
    const run = connected().feed(PUBLISH, command(name, 6, null, 1), message(8, hex('aa')));
    expect(run.events.map((event) => event.type)).toEqual(['publish', 'publish-end']);
  }
  const run = connected().feed(PLAY, command('deleteStream', 6, null, 1));
  expect(run.events.map((event) => event.type)).toEqual(['play', 'play-end']);
});

describe('a recorded session of ffmpeg', () => {
  const session = fixture('rtmp/ffmpeg-publish.bin');

  test('reads the same however it is cut', () => {
    const whole = new Run().feed(session).events;
    expect(whole.map((event) => event.type).filter((type) => type !== 'audio' && type !== 'video')).toEqual([
      'connect',
      'publish',
      'data',
      'publish-end',
    ]);
    expect(whole.filter((event) => event.type === 'video').length).toBe(12);
    expect(whole.filter((event) => event.type === 'audio').length).toBe(10);
    let ways = 0;
    for (const pieces of splitEveryWay(session)) {
      ways += 1;
      // The handshake has its own test; from there on each offset, before it each hundredth.
      if (pieces.length === 2 && pieces[0]!.length < HANDSHAKE_LENGTH && ways % 100 !== 0) continue;
      const { events } = new Run().feed(...pieces);
      expect(events.length).toBe(whole.length);
      if (ways % 50 < 2) expect(events).toEqual(whole);
    }
  });

  test('survives being written again, message by message', () => {
    const messages: RtmpMessage[] = [];
    const reader = new ChunkReader();
    reader.receive(session.subarray(HANDSHAKE_LENGTH));
    for (let read = reader.nextMessage(); read !== undefined; read = reader.nextMessage())
      messages.push(read);
    expect(messages.length).toBeGreaterThan(25);
    const copy = new ChunkReader();
    for (const original of messages) {
      copy.receive(serializeChunkedMessage({ chunkStreamId: 8, ...original }, [original.payload], 128));
      expect(copy.nextMessage()).toEqual(original);
    }
  });

  test('can be cut off at every offset without harm', () => {
    for (let length = 0; length < session.length; length += length < HANDSHAKE_LENGTH ? 97 : 1) {
      const { connection } = new Run().feed(session.subarray(0, length));
      expect(connection.pendingBytes).toBeLessThan(4000);
    }
  });

  test('mutated, is read or refused with a coded error', () => {
    const mutation = fc.tuple(fc.integer({ min: HANDSHAKE_LENGTH, max: session.length - 1 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 20 }), (mutations) => {
        const bytes = Uint8Array.from(session);
        for (const [at, value] of mutations) bytes[at] = value;
        codeOf(() => new Run().feed(bytes));
      }),
      { numRuns: 500 },
    );
  });
});

test('random messages are handled or refused with a coded error', () => {
  const piece = fc.oneof(
    fc.constantFrom(CONNECT, CREATE_STREAM, PUBLISH, PLAY),
    fc.tuple(fc.nat(25), fc.uint8Array({ maxLength: 60 }), fc.nat(0xffffffff)).map((fields) => {
      return message(fields[0], fields[1], fields[2]);
    }),
    fc.uint8Array({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      codeOf(() => new Run().feed(HANDSHAKE, ...pieces));
    }),
    { numRuns: 1000 },
  );
});
