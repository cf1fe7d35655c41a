import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EndReason } from '../../media/end-reason.ts';
import { endReason } from '../../media/end-reason.ts';
import { AmfObject } from '../../protocol/amf/amf-value.ts';
import { serializeChunkedMessage } from '../../protocol/rtmp/chunk-writer.ts';
import { parseCommand } from '../../protocol/rtmp/command.ts';
import { ServerHandshake } from '../../protocol/rtmp/handshake/handshake.ts';
import { RtmpMessageChannel } from '../../protocol/rtmp/message-channel.ts';
import { RtmpServerConnection } from '../../protocol/rtmp/server-connection.ts';
import type { RtmpMediaEvent, RtmpServerEvent } from '../../protocol/rtmp/server-connection.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { RtmpClientSession } from './client-session.ts';
import type { RtmpClientSessionOptions } from './client-session.ts';

const KEY = readFileSync(new URL('../../../test/fixtures/tls/localhost.key', import.meta.url), 'utf8');
const CERTIFICATE = readFileSync(
  new URL('../../../test/fixtures/tls/localhost.crt', import.meta.url),
  'utf8',
);

/** Sockets take their time on a busy machine. */
function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 5 });
}

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Listens on the loopback; gone after the test, with all its sockets. */
async function listen(server: Server): Promise<number> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An RTMP server of one connection, saying yes unless `onEvent` says something else first. */
class Peer {
  readonly events: RtmpServerEvent[] = [];
  readonly connection = new RtmpServerConnection();
  socket: Socket | undefined;
  readonly #onEvent: (peer: Peer, event: RtmpServerEvent) => boolean;

  constructor(onEvent: (peer: Peer, event: RtmpServerEvent) => boolean = () => false) {
    this.#onEvent = onEvent;
  }

  serve(socket: Socket): void {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.connection.receive(chunk);
      for (
        let event = this.connection.nextEvent();
        event !== undefined;
        event = this.connection.nextEvent()
      ) {
        this.events.push(event);
        if (this.#onEvent(this, event)) continue;
        if (event.type === 'publish') this.connection.acceptPublish();
        if (event.type === 'play') this.connection.acceptPlay();
      }
      this.flush();
    });
  }

  flush(): void {
    for (const bytes of this.connection.takeOutput()) this.socket!.write(bytes);
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }
}

/** What a session told its owner. */
class Owner {
  hasStarted = false;
  drains = 0;
  readonly media: RtmpMediaEvent[] = [];
  readonly ends: EndReason[] = [];
  readonly session: RtmpClientSession;

  constructor(options: RtmpClientSessionOptions) {
    this.session = new RtmpClientSession(options, {
      started: () => {
        this.hasStarted = true;
      },
      media: (event) => this.media.push(event),
      drained: () => {
        this.drains += 1;
      },
      ended: (reason) => this.ends.push(reason),
    });
    cleanUps.push(() => this.session.end(endReason('kicked')));
  }

  async started(): Promise<void> {
    await eventually(() => expect(this.hasStarted).toBe(true));
  }

  async ended(): Promise<EndReason> {
    await eventually(() => expect(this.ends.length).toBe(1));
    return this.ends[0]!;
  }
}

async function servePeer(peer: Peer): Promise<string> {
  const port = await listen(createServer((socket) => peer.serve(socket)));
  return `rtmp://127.0.0.1:${port}/live/test110`;
}

describe('push', () => {
  test('sends media and says goodbye', async () => {
    const peer = new Peer();
    const owner = new Owner({ mode: 'publish', url: await servePeer(peer) });
    await owner.started();
    expect(owner.session.streamId).toBe(1);
    owner.session.sendMedia('video', 40, [Uint8Array.of(0x17), new Uint8Array(100_000)]);
    owner.session.sendMedia('audio', 41, [Uint8Array.of(0xaf)]);
    owner.session.end(endReason('server-shutdown'));
    owner.session.end(endReason('kicked'));
    await eventually(() =>
      expect(peer.types()).toEqual(['connect', 'publish', 'video', 'audio', 'publish-end']),
    );
    expect(owner.ends).toEqual([endReason('server-shutdown')]);
    expect(owner.session.endReason?.code).toBe('server-shutdown');
    expect(owner.session.sendMedia('audio', 42, [Uint8Array.of(0xaf)])).toBe(0);
  });

  test('tells what waits when the server does not read, and when it has gone', async () => {
    const peer = new Peer();
    const owner = new Owner({ mode: 'publish', url: await servePeer(peer) });
    await owner.started();
    peer.socket!.pause();
    const payload = [new Uint8Array(1_000_000)];
    await eventually(() => expect(owner.session.sendMedia('video', 0, payload)).toBeGreaterThan(4_000_000));
    // The kernel's buffers may have let the first ones through.
    const drainsBefore = owner.drains;
    peer.socket!.resume();
    await eventually(() => expect(owner.drains).toBe(drainsBefore + 1));
    expect(owner.session.queuedBytes).toBe(0);
  });

  test('ends when more waits than allowed', async () => {
    const peer = new Peer();
    const url = await servePeer(peer);
    const owner = new Owner({ mode: 'publish', url, maxQueueBytes: 1_000_000 });
    await owner.started();
    peer.socket!.pause();
    const payload = [new Uint8Array(1_000_000)];
    await eventually(() => {
      owner.session.sendMedia('video', 0, payload);
      expect(owner.ends.map((reason) => reason.code)).toEqual(['consumer-overflow']);
    });
  });

  test('ends when waiting bytes do not move, and not while there is nothing to send', async () => {
    const clock = new FakeClock();
    const peer = new Peer();
    const owner = new Owner({ mode: 'publish', url: await servePeer(peer), clock, idleTimeoutMs: 5000 });
    await owner.started();
    clock.advance(60_000);
    expect(owner.ends).toEqual([]);
    peer.socket!.pause();
    const payload = [new Uint8Array(1_000_000)];
    await eventually(() => expect(owner.session.sendMedia('video', 0, payload)).toBeGreaterThan(4_000_000));
    clock.advance(7000);
    expect(owner.ends.map((reason) => reason.code)).toEqual(['idle-timeout']);
  });
});

describe('pull', () => {
  const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp: 40 };

  test('receives media until the server says that the stream is over', async () => {
    const peer = new Peer();
    const owner = new Owner({ mode: 'play', url: `${await servePeer(peer)}?a=b` });
    await owner.started();
    expect(peer.events[1]).toMatchObject({ type: 'play', rawName: 'test110?a=b' });
    peer.socket!.write(serializeChunkedMessage(header, [new Uint8Array(50_000)], 4096));
    await eventually(() => expect(owner.media.length).toBe(1));
    expect(owner.media[0]).toEqual({ type: 'video', timestampMs: 40, payload: new Uint8Array(50_000) });
    peer.connection.endPlay();
    peer.flush();
    expect(await owner.ended()).toMatchObject({
      code: 'peer-stopped',
      detail: 'NetStream.Play.UnpublishNotify',
    });
  });

  test('stays for the next publisher where that is wanted', async () => {
    const peer = new Peer();
    const owner = new Owner({ mode: 'play', url: await servePeer(peer), outlastsPublishers: true });
    await owner.started();
    peer.connection.endPlay();
    peer.flush();
    peer.socket!.write(serializeChunkedMessage(header, [new Uint8Array(10)], 4096));
    await eventually(() => expect(owner.media.length).toBe(1));
    expect(owner.session.endReason).toBeUndefined();
  });

  test('reads nothing while paused', async () => {
    const peer = new Peer();
    const clock = new FakeClock();
    const owner = new Owner({ mode: 'play', url: await servePeer(peer), clock });
    await owner.started();
    owner.session.pause();
    peer.socket!.write(serializeChunkedMessage(header, [Uint8Array.of(1)], 4096));
    clock.advance(60_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(owner.media).toEqual([]);
    owner.session.resume();
    await eventually(() => expect(owner.media.length).toBe(1));
  });

  test('ends when nothing comes for too long', async () => {
    const clock = new FakeClock();
    const peer = new Peer();
    const owner = new Owner({ mode: 'play', url: await servePeer(peer), clock, idleTimeoutMs: 3000 });
    await owner.started();
    clock.advance(2000);
    peer.socket!.write(serializeChunkedMessage(header, [Uint8Array.of(1)], 4096));
    await eventually(() => expect(owner.media.length).toBe(1));
    clock.advance(2000);
    expect(owner.ends).toEqual([]);
    clock.advance(2000);
    expect((await owner.ended()).code).toBe('idle-timeout');
  });
});

describe('ends with a coded reason', () => {
  test('at once when the server refuses', async () => {
    const peer = new Peer((self, event) => {
      if (event.type === 'publish') self.connection.reject('NetStream.Publish.BadName', 'in use');
      return event.type === 'publish';
    });
    const owner = new Owner({ mode: 'publish', url: await servePeer(peer) });
    expect(await owner.ended()).toEqual({
      code: 'refused-by-peer',
      detail: 'NetStream.Publish.BadName',
      message: 'in use',
    });
    expect(owner.hasStarted).toBe(false);
  });

  test('when nobody listens', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    const owner = new Owner({ mode: 'publish', url: `rtmp://127.0.0.1:${port}/live/a` });
    expect(await owner.ended()).toMatchObject({ code: 'connect-failed', detail: 'ECONNREFUSED' });
  });

  test('when TLS never comes about', async () => {
    const clock = new FakeClock();
    const port = await listen(createServer());
    const owner = new Owner({ mode: 'publish', url: `rtmps://127.0.0.1:${port}/live/a`, clock });
    clock.advance(10_000);
    expect(await owner.ended()).toMatchObject({ code: 'connect-failed', detail: 'ETIMEDOUT' });
  });

  test('when the server says nothing', async () => {
    const clock = new FakeClock();
    const server = createServer();
    const port = await listen(server);
    const options = { mode: 'play', url: `rtmp://127.0.0.1:${port}/live/a`, clock } as const;
    const owner = new Owner({ ...options, startTimeoutMs: 500 });
    await once(server, 'connection');
    await eventually(() => expect(owner.session.bytesWritten).toBe(1537));
    clock.advance(500);
    expect((await owner.ended()).code).toBe('handshake-timeout');
    clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('when the server talks nonsense', async () => {
    const port = await listen(createServer((socket) => socket.write(Buffer.alloc(5000, 0xff))));
    const owner = new Owner({ mode: 'play', url: `rtmp://127.0.0.1:${port}/live/a` });
    expect(await owner.ended()).toMatchObject({ code: 'protocol-error', detail: 'ERR_RTMP_CHUNK_FORMAT' });
  });

  test('when the owner itself fails', async () => {
    const peer = new Peer();
    const ends: EndReason[] = [];
    const session = new RtmpClientSession(
      { mode: 'publish', url: await servePeer(peer) },
      {
        started: () => {
          throw new Error('the owner is broken');
        },
        ended: (reason) => ends.push(reason),
      },
    );
    await eventually(() => expect(ends.length).toBe(1));
    expect(session.endReason).toMatchObject({ code: 'internal-error', message: 'the owner is broken' });
  });

  test('wherever the server closes', async () => {
    const recorded = await recordedPlay();
    for (let length = 0; length < recorded.length; length += length < 3073 ? 512 : 19) {
      const port = await listen(
        createServer((socket) => {
          socket.on('data', () => undefined);
          socket.end(recorded.subarray(0, length));
        }),
      );
      const owner = new Owner({ mode: 'play', url: `rtmp://127.0.0.1:${port}/live/a` });
      expect(['peer-closed', 'peer-reset', 'peer-stopped']).toContain((await owner.ended()).code);
      expect(owner.ends.length).toBe(1);
    }
  });
});

/** Everything a server sends to a player: handshake, answers, a little media, the end. */
async function recordedPlay(): Promise<Uint8Array> {
  const peer = new Peer();
  const sent: Uint8Array[] = [];
  const port = await listen(
    createServer((socket) => {
      const write = socket.write.bind(socket);
      socket.write = (bytes: Uint8Array) => {
        sent.push(Uint8Array.from(bytes));
        return write(bytes);
      };
      peer.serve(socket);
    }),
  );
  const owner = new Owner({ mode: 'play', url: `rtmp://127.0.0.1:${port}/live/a` });
  await owner.started();
  const header = { chunkStreamId: 7, typeId: 9, streamId: 1, timestamp: 40 };
  peer.socket!.write(serializeChunkedMessage(header, [new Uint8Array(100)], 4096));
  peer.connection.endPlay();
  peer.flush();
  await owner.ended();
  return new Uint8Array(Buffer.concat(sent));
}

describe('RTMPS', () => {
  async function serveTls(): Promise<string> {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (socket) => new Peer().serve(socket));
    server.on('tlsClientError', () => undefined);
    return `rtmps://127.0.0.1:${await listen(server)}/live/test110`;
  }

  test('refuses a certificate that nobody vouches for', async () => {
    const owner = new Owner({ mode: 'publish', url: await serveTls() });
    expect(await owner.ended()).toMatchObject({
      code: 'connect-failed',
      detail: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });

  test('accepts it when told not to look, or to trust it', async () => {
    for (const tls of [{ verifyCertificate: false }, { certificateAuthorities: CERTIFICATE }]) {
      const owner = new Owner({ mode: 'publish', url: await serveTls(), tls });
      await owner.started();
      owner.session.end(endReason('kicked'));
    }
  });
});

describe('Adobe authentication', () => {
  /** Refuses each connect with the next description, accepts when there are none left. */
  async function serveGuarded(descriptions: string[], apps: string[]): Promise<string> {
    const port = await listen(
      createServer((socket) => {
        const channel = new RtmpMessageChannel(new ServerHandshake());
        socket.on('data', (chunk) => {
          channel.receive(chunk);
          for (let message = channel.nextMessage(); message; message = channel.nextMessage()) {
            const { name, transactionId, commandObject } = parseCommand(message);
            const description = name === 'connect' ? descriptions.shift() : undefined;
            if (name === 'connect') apps.push((commandObject as AmfObject).string('app')!);
            const isPublish = name === 'publish';
            channel.sendCommand(3, isPublish ? 1 : 0, {
              name: isPublish ? 'onStatus' : description === undefined ? '_result' : '_error',
              transactionId: isPublish ? 0 : transactionId,
              commandObject: null,
              args:
                name === 'createStream'
                  ? [1]
                  : [
                      new AmfObject({
                        level: description === undefined ? 'status' : 'error',
                        code: isPublish ? 'NetStream.Publish.Start' : 'NetConnection.Connect.Rejected',
                        description: description ?? '',
                      }),
                    ],
            });
          }
          for (const bytes of channel.takeOutput()) socket.write(bytes);
        });
      }),
    );
    return `rtmp://me:secret@127.0.0.1:${port}/live/test110`;
  }

  const ASKS = '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';
  const CHALLENGES = '[ authmod=adobe ] : ?reason=needauth&user=me&salt=S&challenge=C&opaque=O';

  test('answers on new connections until the server is content', async () => {
    const apps: string[] = [];
    const owner = new Owner({ mode: 'publish', url: await serveGuarded([ASKS, CHALLENGES], apps) });
    await owner.started();
    expect(apps.slice(0, 2)).toEqual(['live', 'live?authmod=adobe&user=me']);
    expect(apps[2]).toMatch(/^live\?authmod=adobe&user=me&challenge=[0-9a-f]{8}&response=\S{24}&opaque=O$/);
  });

  test('gives up when the answer is wrong, and when the server goes in circles', async () => {
    const failed = '[ authmod=adobe ] : ?reason=authfailed&opaque=O';
    const owner = new Owner({ mode: 'publish', url: await serveGuarded([ASKS, CHALLENGES, failed], []) });
    expect(await owner.ended()).toMatchObject({ code: 'refused-by-peer', message: failed });
    const circles = Array.from({ length: 9 }, () => CHALLENGES);
    const other = new Owner({ mode: 'publish', url: await serveGuarded(circles, []) });
    expect((await other.ended()).code).toBe('refused-by-peer');
    expect(circles.length).toBe(6);
  });

  test('is not attempted without a user', async () => {
    const url = (await serveGuarded([ASKS], [])).replace('me:secret@', '');
    expect((await new Owner({ mode: 'publish', url }).ended()).code).toBe('refused-by-peer');
  });
});
