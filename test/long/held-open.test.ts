/** Ten thousand strangers who connect and then say nothing, or half of something. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { residentBytes } from '../support/process-holdings.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientGreeting } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const strangers = 10_000;
/** On average: about 12 KB for half an RTMP or HTTP handshake, and 60 KB for TLS, most of it OpenSSL's. */
const bytesPerStranger = 40_000;

interface Stranger {
  readonly socket: Socket;
  readonly closed: Promise<void>;
}

function open(port: number, bytes: Buffer | string): Promise<Stranger> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject).resume();
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.once('connect', () => socket.write(bytes, () => resolve({ socket, closed })));
  });
}

test('10 000 half-done handshakes at once: a stream goes on, memory stays bounded, all are cut off in time', async () => {
  const server = await startServer(scope, { limits: { handshake_timeout_ms: 20_000 } });
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const source = recordingOf(tags);
  const reader = FlvReader.open(scope, server.flvUrl('http', 'calm'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'calm');
  const before = residentBytes(server.program.pid!);
  const hello = [
    { port: server.ports.rtmp, bytes: clientGreeting().subarray(0, 1200) },
    { port: server.ports.rtmp, bytes: clientGreeting() },
    { port: server.ports.http, bytes: 'GET /live/calm.flv HTTP/1.1\r\nX-Slow: ' },
    { port: server.ports.rtmps, bytes: Buffer.from('16030100f8010000f40303', 'hex') },
    { port: server.ports.https, bytes: Buffer.from('16030100f8010000f40303', 'hex') },
  ];
  const all: Stranger[] = [];
  scope.defer(() => {
    for (const { socket } of all) socket.destroy();
  });
  for (let index = 0; index < strangers; index += 100) {
    const batch = Array.from({ length: 100 }, (_, offset) => {
      const { port, bytes } = hello[(index + offset) % hello.length]!;
      return open(port, bytes);
    });
    all.push(...(await Promise.all(batch)));
    const sent = Math.floor((index / strangers) * tags.length);
    await publisher.send(tags.slice(sent, Math.floor(((index + 100) / strangers) * tags.length)));
  }
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording, { sameOrder: true });
  expect(residentBytes(server.program.pid!) - before).toBeLessThan(strangers * bytesPerStranger);
  await Promise.all(all.map(({ closed }) => closed));
  await publisher.send(tags.slice(-1));
  await server.stop();
});
