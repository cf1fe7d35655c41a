/** Publishers whose UDP packets are lost, doubled and delayed on the way. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { FlvReader } from '../support/flv-reader.ts';
import type { AccessUnit } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { RawClient } from '../support/raw-client.ts';
import { rtpSourceOf, type RtpSource, type SourcePacket } from '../support/rtp-source.ts';
import { announce, bare, conversation, setup } from '../support/rtsp-wire.ts';
import { Scope } from '../support/scope.ts';
import { impair } from '../support/udp-impairment.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Packets that are sent at once: fewer than the smallest receive buffer holds. */
const burst = 16;
/** Longer than the server waits for a packet that is missing. */
const patienceMs = 400;

/** A publisher over UDP: its RTSP connection, and sockets for RTP and RTCP of each track. */
class UdpPublisher {
  readonly #client: RawClient;
  readonly #sockets: readonly Socket[];
  readonly #serverPorts: readonly number[];

  private constructor(client: RawClient, sockets: readonly Socket[], serverPorts: readonly number[]) {
    this.#client = client;
    this.#sockets = sockets;
    this.#serverPorts = serverPorts;
  }

  static async open(local: LocalServer, streamName: string, sdp: string): Promise<UdpPublisher> {
    const sockets = await Promise.all(Array.from({ length: 4 }, openSocket));
    const ports = sockets.map((socket) => socket.address().port);
    const setups = [0, 1].map((track) => {
      const clientPort = `${ports[2 * track]}-${ports[2 * track + 1]}`;
      return setup(streamName, track, `RTP/AVP;unicast;client_port=${clientPort};mode=record`);
    });
    const client = await RawClient.open(scope, local.port('rtsp'));
    await client.send(conversation(announce(streamName, sdp), ...setups, bare('RECORD', streamName)));
    await client.answered('CSeq: 4');
    const serverPorts = [...client.text.matchAll(/server_port=(\d+)-(\d+)/g)].flatMap((match) => [
      Number(match[1]),
      Number(match[2]),
    ]);
    return new UdpPublisher(client, sockets, serverPorts);
  }

  async send(packets: readonly SourcePacket[]): Promise<void> {
    for (let from = 0; from < packets.length; from += burst) {
      for (const packet of packets.slice(from, from + burst)) this.#sendOne(packet);
      await sleep(1);
    }
  }

  close(): void {
    this.#client.socket.end();
  }

  #sendOne({ track, isNumbered, bytes }: SourcePacket): void {
    const way = 2 * track + (isNumbered ? 0 : 1);
    this.#sockets[way]!.send(bytes, this.#serverPorts[way], '127.0.0.1');
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  scope.defer(() => void socket.close());
  return socket;
}

/** What viewers can get: sound without what was lost; of each group of pictures all before the first that is not whole. */
function whole({ units }: RtpSource, lost: ReadonlySet<SourcePacket>): AccessUnit[] {
  const torn = new Set([...lost].map(({ unitIndex }) => unitIndex));
  let isGroupTorn = false;
  return units.filter(({ kind, isKey }, index) => {
    if (kind === 'audio') return !torn.has(index);
    if (isKey) isGroupTorn = false;
    isGroupTorn ||= torn.has(index);
    return !isGroupTorn;
  });
}

function ofKind(units: readonly AccessUnit[], kind: AccessUnit['kind']): AccessUnit[] {
  return units.filter((unit) => unit.kind === kind);
}

function contentOf({ hash, isKey }: AccessUnit): string {
  return `${hash}${isKey ? ' key' : ''}`;
}

/** The same units, track by track, whose times differ by one constant and the rounding to milliseconds. */
function expectUnits(received: readonly AccessUnit[], expected: readonly AccessUnit[]): void {
  const offsetsMs: number[] = [];
  for (const kind of ['video', 'audio'] as const) {
    const [got, sent] = [ofKind(received, kind), ofKind(expected, kind)];
    expect(got.map(contentOf)).toEqual(sent.map(contentOf));
    offsetsMs.push(...got.map(({ ptsMs }, index) => ptsMs - sent[index]!.ptsMs));
  }
  expect(Math.max(...offsetsMs) - Math.min(...offsetsMs)).toBeLessThanOrEqual(1);
}

/** The counters of both tracks in the log line at the publisher's end. */
function tracksOf(local: LocalServer): Record<string, number>[] {
  const line = local.log.find(({ msg }) => msg === 'publish stop');
  return (line as unknown as { tracks: Record<string, number>[] }).tracks;
}

test.each([
  [0, 1],
  [0.001, 1],
  [0.01, 3],
  [0.05, 4],
])('at a rate of %d all that can be used arrives, and the rest is counted', async (rate, seed) => {
  const local = await LocalServer.start(scope, { rtsp: { enable: true, addr: '127.0.0.1:0' } });
  const source = rtpSourceOf(fixturePath('h264-bframes-aac'), 8);
  const { delivered, lost, faults } = impair(source.packets, rate, seed);
  const viewer = FlvReader.open(scope, local.flvUrl('http', 'lossy'));
  await viewer.joined();
  const publisher = await UdpPublisher.open(local, 'lossy', source.sdp);
  await publisher.send(delivered);
  await sleep(patienceMs);
  publisher.close();
  await local.untilEnds(1);
  for (const [track, { lost: losses, duplicated, delayed: reordered }] of faults.entries()) {
    const injected = { lost: losses, duplicated, reordered };
    expect(Object.values(injected).every((count) => count > 0)).toBe(rate > 0);
    const received = delivered.filter((packet) => packet.track === track && packet.isNumbered).length;
    const others = { late: 0, stray: 0, resyncs: 0, malformed: 0 };
    expect(tracksOf(local)[track]).toMatchObject({ received, ...injected, ...others });
  }
  const expected = whole(source, lost);
  await viewer.untilUnits(expected.length);
  expectUnits(viewer.units, expected);
  expect(local.errors).toEqual([]);
});
