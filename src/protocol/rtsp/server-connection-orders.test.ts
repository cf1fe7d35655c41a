import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { RTSP_SDP as SDP, RTSP_URL as URL } from '../../testing/rtsp-server-kit.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { serializeInterleavedPacket } from './interleaved-packet.ts';
import { rtspRequest, serializeRtspRequest } from './rtsp-message.ts';
import { RtspServerConnection } from './server-connection.ts';
import type { RtspServerEvent } from './server-events.ts';

/** What each event is answered with when everything is allowed. */
function acceptAll(connection: RtspServerConnection, event: RtspServerEvent): void {
  if (event.type === 'describe')
    connection.acceptDescribe({ sdp: SDP, controls: ['streamid=0', 'streamid=1'] });
  else if (event.type === 'announce') connection.acceptAnnounce();
  else if (event.type === 'setup') connection.acceptSetup(event.offers[0]!);
  else if (event.type === 'play') connection.acceptPlay();
  else if (event.type === 'record') connection.acceptRecord();
}

/** All sequences of up to `length` of the steps, each step as often as it likes. */
function* sequences<T>(steps: readonly T[], length: number): Generator<readonly T[]> {
  yield [];
  if (length === 0) return;
  for (const step of steps) for (const rest of sequences(steps, length - 1)) yield [step, ...rest];
}

test('every order of up to five requests is answered one by one, with a status that RTSP has', () => {
  const steps: readonly [method: string, uri: string, headers: Record<string, string>, body?: Uint8Array][] =
    [
      ['DESCRIBE', URL, {}],
      ['ANNOUNCE', URL, {}, SDP],
      ['SETUP', `${URL}/streamid=0`, { Transport: 'RTP/AVP/TCP;interleaved=0-1' }],
      ['SETUP', `${URL}/streamid=1`, { Transport: 'RTP/AVP/TCP;interleaved=0-1' }],
      ['PLAY', URL, {}],
      ['PAUSE', URL, {}],
      ['RECORD', URL, {}],
      ['TEARDOWN', URL, {}],
    ];
  const requests = steps.map(([method, uri, headers, body]) =>
    serializeRtspRequest(rtspRequest(method, uri, Object.entries(headers), body)),
  );
  const seen = new Set<string>();
  const bad: string[] = [];
  for (const order of sequences([...requests.keys()], 5)) {
    const connection = new RtspServerConnection({ sessionId: 'x' });
    for (const index of order) {
      const wasEnded = connection.state === 'ended';
      connection.receive(requests[index]!);
      for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
        acceptAll(connection, event);
      }
      const statuses = connection.takeOutput().map((reply) => Buffer.from(reply.subarray(9, 12)).toString());
      const isRight = wasEnded ? statuses.length === 0 : /^(?:200|455)$/.test(statuses.join());
      if (!isRight) bad.push(`${order.join()}: ${statuses.join()}`);
    }
    seen.add(connection.state);
  }
  expect(bad).toEqual([]);
  expect([...seen].sort()).toEqual([
    'announced',
    'described',
    'ended',
    'init',
    'paused',
    'playing',
    'ready to play',
    'ready to record',
    'recording',
  ]);
});

test('a whole conversation is the same however it is cut', () => {
  const requests = [
    rtspRequest('ANNOUNCE', URL, [['CSeq', '1']], SDP),
    rtspRequest('SETUP', `${URL}/streamid=0`, [
      ['CSeq', '2'],
      ['Transport', 'RTP/AVP/TCP;interleaved=0-1'],
    ]),
    rtspRequest('RECORD', URL, [['CSeq', '3']]),
  ].map(serializeRtspRequest);
  const bytes = Uint8Array.from(
    Buffer.concat([
      ...requests,
      serializeInterleavedPacket(0, Uint8Array.of(1, 2)),
      serializeRtspRequest(rtspRequest('TEARDOWN', URL)),
    ]),
  );
  for (const pieces of splitEveryWay(bytes)) {
    const connection = new RtspServerConnection();
    const types: string[] = [];
    for (const piece of pieces) {
      connection.receive(piece);
      for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
        types.push(event.type);
        acceptAll(connection, event);
      }
    }
    expect(types).toEqual(['announce', 'setup', 'record', 'interleaved', 'teardown']);
    expect(connection.takeOutput()).toHaveLength(4);
  }
});

test('random and damaged bytes lead to events, replies or a coded error', () => {
  const vectors = [
    serializeRtspRequest(rtspRequest('ANNOUNCE', URL, [['CSeq', '1']], SDP)),
    serializeRtspRequest(
      rtspRequest('DESCRIBE', URL, [
        ['Accept', 'application/sdp'],
        ['Require', 'x'],
      ]),
    ),
    serializeRtspRequest(
      rtspRequest('SETUP', `${URL}/streamid=0`, [['Transport', 'RTP/AVP/TCP;interleaved=0-1']]),
    ),
    serializeRtspRequest(
      rtspRequest('PLAY', URL, [
        ['Range', 'npt=0-'],
        ['Session', 'x'],
      ]),
    ),
    serializeInterleavedPacket(0, Uint8Array.of(1, 2, 3)),
  ];
  fc.assert(
    fc.property(fc.array(damagedBytes(vectors), { maxLength: 4 }), (pieces) => {
      const connection = new RtspServerConnection({ sessionId: 'x' });
      try {
        for (const piece of pieces) {
          connection.receive(piece);
          for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
            acceptAll(connection, event);
          }
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        expect(error.code).toMatch(/^ERR_RTSP_/);
        expect(connection.state).toBe('ended');
      }
    }),
    { numRuns: 500 },
  );
});
