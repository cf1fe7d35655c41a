import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import { RtmpClientConnection, type RtmpClientEvent } from '../../protocol/rtmp/client-connection.ts';
import { serializeChunkedMessage } from '../../protocol/rtmp/chunk-writer.ts';
import { RtmpServerConnection, type RtmpMediaEvent } from '../../protocol/rtmp/server-connection.ts';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { SocketSink } from '../net/socket-sink.ts';
import {
  RtmpServerSession,
  type RtmpPlayAdmission,
  type RtmpPublishTarget,
  type RtmpSessionHandler,
} from './server-session.ts';

const LIMITS = {
  handshakeTimeoutMs: 10_000,
  admissionTimeoutMs: 5000,
  admissionBufferBytes: 64 * 1024,
  publisherIdleTimeoutMs: 20_000,
};

/** A server that notes what it is asked, and decides when and as the test says. */
class Handler implements RtmpSessionHandler {
  readonly log: string[] = [];
  readonly media: RtmpMediaEvent[] = [];
  sink: SocketSink | undefined;
  endedBy: EndReason | undefined;
  /** Whether a publisher may rest, and those who do. */
  mayRest = false;
  readonly resting = new Set<() => void>();
  /** Runs while a player is being attached. */
  onStart: () => void = () => {};
  readonly #decisions: ((decision: EndReason | 'yes' | Error) => void)[] = [];

  /** Answers the oldest open question. */
  decide(decision: EndReason | 'yes' | Error): void {
    this.#decisions.shift()!(decision);
  }

  connected(_session: RtmpServerSession, { app }: { app: string }): void {
    this.log.push(`connected ${app}`);
  }

  async publish(
    _session: RtmpServerSession,
    { streamName }: { streamName: string },
  ): Promise<RtmpPublishTarget | EndReason> {
    this.log.push(`publish ${streamName}`);
    return (
      (await this.#decision()) ?? {
        receive: (event) => this.media.push(event),
        rest: (goOn) => {
          if (this.mayRest) this.resting.add(goOn);
          return this.mayRest;
        },
        close: ({ code }) => this.log.push(`target closed: ${code}`),
      }
    );
  }

  async play(
    _session: RtmpServerSession,
    { streamName }: { streamName: string },
  ): Promise<RtmpPlayAdmission | EndReason> {
    this.log.push(`play ${streamName}`);
    return (
      (await this.#decision()) ?? {
        start: (sink) => {
          this.sink = sink;
          this.log.push('feed started');
          this.onStart();
          return {
            resume: () => this.log.push('feed resumed'),
            close: ({ code }) => this.log.push(`feed closed: ${code}`),
          };
        },
        cancel: () => this.log.push('play cancelled'),
      }
    );
  }

  ended(_session: RtmpServerSession, reason: EndReason): void {
    this.log.push(`ended: ${reason.code}`);
    this.endedBy = reason;
  }

  async #decision(): Promise<EndReason | undefined> {
    const decision = await new Promise<EndReason | 'yes' | Error>((resolve) => this.#decisions.push(resolve));
    if (decision instanceof Error) throw decision;
    return decision === 'yes' ? undefined : decision;
  }
}

/** A client that does what `RtmpClientConnection` says, and collects what happens. */
class Client {
  readonly events: RtmpClientEvent[] = [];
  readonly connection: RtmpClientConnection;
  readonly end: PairedSocket;
  isClosed = false;

  constructor(end: PairedSocket, mode: 'publish' | 'play') {
    this.end = end;
    this.connection = new RtmpClientConnection({
      mode,
      app: 'live',
      tcUrl: 'rtmp://h/live',
      streamName: 'test110',
    });
    end.on('data', (chunk: Buffer) => {
      this.connection.receive(new Uint8Array(chunk));
      for (
        let event = this.connection.nextEvent();
        event !== undefined;
        event = this.connection.nextEvent()
      ) {
        this.events.push(event);
      }
      this.flush();
    });
    end.on('end', () => {
      this.isClosed = true;
    });
    this.flush();
  }

  flush(): void {
    for (const bytes of this.connection.takeOutput()) this.end.write(bytes);
  }

  media(kind: 'audio' | 'video' | 'data', timestampMs: number, length = 10): void {
    this.end.write(this.connection.serializeMedia(kind, timestampMs, [new Uint8Array(length).fill(1)]));
  }

  get eventTypes(): string[] {
    return this.events.map((event) => (event.type === 'refused' ? `refused ${event.code}` : event.type));
  }
}

let clock: FakeClock;
let handler: Handler;
let session: RtmpServerSession;
let server: PairedSocket;
let clientEnd: PairedSocket;

beforeEach(() => {
  clock = new FakeClock();
  handler = new Handler();
  ({ server, client: clientEnd } = duplexPair());
  session = new RtmpServerSession(server.socket, new RtmpServerConnection(), handler, LIMITS, clock);
});

afterEach(async () => {
  // Whatever a test did: the session ends once, and leaves neither socket nor timer.
  session.close(endReason('kicked'));
  await settle();
  clock.advance(60_000);
  await settle();
  expect(server.destroyed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
  expect(handler.log.filter((line) => line.startsWith('ended'))).toHaveLength(1);
});

function tick(ms: number): void {
  clock.advance(ms);
  session.tick(clock.monotonicMs());
}

async function clientThatWants(mode: 'publish' | 'play'): Promise<Client> {
  const client = new Client(clientEnd, mode);
  await settle();
  return client;
}

async function clientThatMay(mode: 'publish' | 'play'): Promise<Client> {
  const client = await clientThatWants(mode);
  handler.decide('yes');
  await settle();
  return client;
}

test('a publisher is admitted, heard, and its target closed when it leaves', async () => {
  const client = await clientThatMay('publish');
  expect(client.eventTypes).toEqual(['start']);
  client.media('video', 40);
  client.media('audio', 45);
  client.media('data', 50);
  await settle();
  expect(handler.media.map(({ type, timestampMs }) => `${type} ${timestampMs}`)).toEqual([
    'video 40',
    'audio 45',
    'data 50',
  ]);
  clientEnd.end();
  await settle();
  expect(handler.log).toEqual([
    'connected live',
    'publish test110',
    'target closed: peer-closed',
    'ended: peer-closed',
  ]);
  expect(session.isEnded).toBe(true);
});

test('media sent ahead of the decision is kept and comes first', async () => {
  const client = await clientThatWants('publish');
  // Impatient encoders do not wait for the status.
  for (const timestamp of [0, 40, 80]) {
    const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp };
    client.end.write(serializeChunkedMessage(header, [new Uint8Array([0x17, 1, 0, 0, 0, 1])], 4096));
  }
  await settle();
  expect(handler.media).toEqual([]);
  handler.decide('yes');
  await settle();
  expect(handler.media.map(({ timestampMs }) => timestampMs)).toEqual([0, 40, 80]);
});

describe('a publisher that may rest', () => {
  async function restingClient(): Promise<Client> {
    handler.mayRest = true;
    const client = await clientThatMay('publish');
    client.media('video', 0);
    await settle();
    expect(handler.resting.size).toBe(1);
    return client;
  }

  async function goOn(): Promise<void> {
    const resting = [...handler.resting];
    handler.resting.clear();
    for (const wake of resting) wake();
    await settle();
  }

  test('is not heard meanwhile, then all at once, and loses nothing', async () => {
    const client = await restingClient();
    for (const timeMs of [40, 80, 120]) client.media('video', timeMs);
    await settle();
    expect(handler.media).toHaveLength(1);
    await goOn();
    expect(handler.media.map(({ timestampMs }) => timestampMs)).toEqual([0, 40, 80, 120]);
    expect(handler.resting.size).toBe(1);
  });

  test('is heard without a rest once it sends much', async () => {
    const client = await restingClient();
    client.media('video', 40, 100_000);
    await goOn();
    client.media('video', 80);
    await settle();
    expect(handler.media).toHaveLength(3);
    await goOn();
    client.media('video', 120);
    client.media('video', 160);
    await settle();
    expect(handler.media).toHaveLength(4);
  });

  test('may leave, and is gone when the rest is over', async () => {
    await restingClient();
    clientEnd.end();
    await settle();
    expect(handler.endedBy).toBeUndefined();
    await goOn();
    expect(handler.endedBy?.code).toBe('peer-closed');
    await goOn();
  });

  test('has been heard to the last byte when it is ended', async () => {
    const client = await restingClient();
    client.media('video', 40);
    await settle();
    session.close(endReason('kicked'));
    await settle();
    expect(handler.media).toHaveLength(2);
    expect(handler.endedBy?.code).toBe('kicked');
    await goOn();
  });

  test('has been heard to the last byte when its connection breaks', async () => {
    const client = await restingClient();
    client.media('video', 40);
    await settle();
    clientEnd.reset();
    await settle();
    expect(handler.media).toHaveLength(2);
    expect(handler.endedBy?.code).toBe('peer-reset');
    await goOn();
  });
});

test('no more is read ahead of the decision than the limit, and nothing of it is lost', async () => {
  const client = await clientThatWants('publish');
  const message = serializeChunkedMessage(
    { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp: 0 },
    [new Uint8Array(16 * 1024)],
    4096,
  );
  const before = session.bytesRead;
  for (let index = 0; index < 100; index += 1) client.end.write(message);
  await settle();
  expect(server.readableFlowing).toBe(false);
  expect(session.bytesRead - before).toBeLessThan(256 * 1024);
  handler.decide('yes');
  await settle();
  expect(handler.media).toHaveLength(100);
});

test.each([
  ['stream-in-use', 'NetStream.Publish.BadName'],
  ['name-refused', 'NetStream.Publish.BadName'],
  ['refused', 'NetStream.Publish.Unauthorized'],
] as const)('a publisher refused for %s is told %s before the close', async (code, status) => {
  const client = await clientThatWants('publish');
  handler.decide(endReason(code));
  await settle();
  expect(client.eventTypes).toEqual([`refused ${status}`]);
  expect(client.isClosed).toBe(true);
  expect(handler.log.at(-1)).toBe(`ended: ${code}`);
});

test.each([
  ['stream-not-found', 'NetStream.Play.StreamNotFound'],
  ['limit-reached', 'NetStream.Play.Failed'],
  ['refused', 'NetStream.Play.Unauthorized'],
] as const)('a player refused for %s is told %s before the close', async (code, status) => {
  const client = await clientThatWants('play');
  handler.decide(endReason(code));
  await settle();
  expect(client.eventTypes).toEqual([`refused ${status}`]);
  expect(client.isClosed).toBe(true);
});

test('a decision that does not come in time is a refusal; when it comes after all, what it gave is given back', async () => {
  const client = await clientThatWants('publish');
  tick(5000);
  expect(session.isEnded).toBe(false);
  tick(1);
  await settle();
  expect(handler.endedBy?.code).toBe('admission-timeout');
  expect(client.eventTypes).toEqual(['refused NetStream.Publish.BadName']);
  handler.decide('yes');
  await settle();
  expect(handler.log.at(-1)).toBe('target closed: admission-timeout');
});

test('a publisher who leaves while it waits is noticed at once, and gives back what it is granted later', async () => {
  await clientThatWants('publish');
  clientEnd.end();
  await settle();
  expect(handler.endedBy?.code).toBe('peer-closed');
  handler.decide('yes');
  await settle();
  expect(handler.log.at(-1)).toBe('target closed: peer-closed');
});

test('a player whose connection breaks while it waits is cancelled', async () => {
  await clientThatWants('play');
  clientEnd.reset();
  await settle();
  expect(handler.endedBy).toMatchObject({ code: 'peer-reset', detail: 'ECONNRESET' });
  handler.decide('yes');
  await settle();
  expect(handler.log.at(-1)).toBe('play cancelled');
});

test('a refusal that comes when the peer has left already changes nothing', async () => {
  await clientThatWants('publish');
  clientEnd.end();
  await settle();
  handler.decide(endReason('stream-in-use'));
  await settle();
  expect(handler.log.filter((line) => line.startsWith('ended'))).toEqual(['ended: peer-closed']);
});

test('a decision that fails is our fault, and ends the session', async () => {
  await clientThatWants('publish');
  handler.decide(new Error('the directory is away'));
  await settle();
  expect(handler.endedBy).toMatchObject({ code: 'internal-error', message: 'the directory is away' });
});

test('a player is told that it may play before it gets media, and that the stream is over before the close', async () => {
  const client = await clientThatMay('play');
  expect(client.eventTypes).toEqual(['start']);
  const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp: 5 };
  handler.sink!.write(serializeChunkedMessage(header, [new Uint8Array(6)], 4096));
  await settle();
  session.close(endReason('server-shutdown'));
  await settle();
  expect(client.eventTypes).toEqual(['start', 'video', 'play-end']);
  expect(client.isClosed).toBe(true);
  expect(handler.log.slice(-3)).toEqual([
    'feed started',
    'feed closed: server-shutdown',
    'ended: server-shutdown',
  ]);
});

test('a player that has room again resumes its feed', async () => {
  const client = await clientThatMay('play');
  client.end.pause();
  let writes = 0;
  while (handler.sink!.write(new Uint8Array(4096))) writes += 1;
  expect(writes).toBeLessThan(100);
  expect(handler.sink!.queuedBytes).toBeGreaterThan(0);
  await settle();
  expect(handler.log.at(-1)).toBe('feed started');
  // What was written is no RTMP, and nobody reads it as such.
  client.end.removeAllListeners('data');
  client.end.resume();
  await settle();
  expect(handler.log.at(-1)).toBe('feed resumed');
  expect(handler.sink!.queuedBytes).toBe(0);
});

test('a viewer that is ended while it is being attached stays ended', async () => {
  handler.onStart = () => handler.sink!.end(endReason('consumer-overflow'));
  await clientThatMay('play');
  expect(handler.log.slice(-3)).toEqual([
    'feed started',
    'ended: consumer-overflow',
    'feed closed: consumer-overflow',
  ]);
  expect(session.isEnded).toBe(true);
});

test('a client that says nothing is given up after the handshake time', async () => {
  tick(10_000);
  expect(session.isEnded).toBe(false);
  tick(1);
  expect(handler.endedBy?.code).toBe('handshake-timeout');
});

test('a client that connects but wants nothing is given up after the same time', async () => {
  const client = new Client(clientEnd, 'publish');
  client.end.removeAllListeners('data');
  await settle();
  tick(10_001);
  expect(handler.endedBy?.code).toBe('handshake-timeout');
});

test('a publisher that falls silent is given up after the idle time, counted from its last byte', async () => {
  const client = await clientThatMay('publish');
  tick(19_000);
  client.media('audio', 0);
  await settle();
  tick(20_000);
  expect(session.isEnded).toBe(false);
  tick(1);
  expect(handler.endedBy?.code).toBe('idle-timeout');
});

test('deleteStream ends the stream at once and the connection after a while', async () => {
  const client = await clientThatMay('publish');
  client.connection.end();
  client.flush();
  await settle();
  expect(handler.log.at(-1)).toBe('target closed: peer-stopped');
  expect(session.isEnded).toBe(false);
  tick(10_001);
  expect(handler.log.slice(-2)).toEqual(['target closed: peer-stopped', 'ended: peer-stopped']);
});

test('what is no RTMP ends the session with a coded error', async () => {
  clientEnd.write(new Uint8Array(1 + 2 * 1536));
  clientEnd.write(new Uint8Array(100).fill(0xff));
  await settle();
  expect(handler.endedBy?.code).toBe('protocol-error');
  expect(handler.endedBy?.detail).toMatch(/^ERR_RTMP_/);
});

test('a socket that will not close is destroyed after a while', async () => {
  clientEnd.pause();
  session.close(endReason('kicked'));
  await settle();
  expect(server.destroyed).toBe(false);
  clock.advance(2000);
  expect(server.destroyed).toBe(true);
});

test('closing again is harmless', async () => {
  await clientThatMay('play');
  session.close(endReason('kicked'));
  session.close(endReason('server-shutdown'));
  server.destroy();
  await settle();
  expect(handler.log.filter((line) => /closed|ended/.test(line))).toEqual([
    'feed closed: kicked',
    'ended: kicked',
  ]);
});
