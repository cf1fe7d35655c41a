import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiBench, type ApiAnswer } from '../../../testing/api-bench.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = new ApiBench();
  await bench.listen();
});
afterEach(() => bench.close());

function kick(body: unknown, path = '/api/ctrl/kick_session'): Promise<ApiAnswer> {
  return bench.post(path, body);
}

test.each<[string, Partial<SessionRecord>]>([
  ['RTMPPUBSUB1', { baseType: 'PUB' }],
  ['RTMPPUBSUB2', {}],
  ['RTSPPUB1', { baseType: 'PUB', protocol: 'RTSP' }],
  ['RTSPSUB1', { protocol: 'RTSP' }],
  ['FLVPUBSUB1', { protocol: 'FLV' }],
  ['TSPUBSUB1', { protocol: 'TS' }],
  ['HLSSUB1', { protocol: 'HLS' }],
  ['PSPUB1', { baseType: 'PUB', protocol: 'PS', remoteAddress: '' }],
  ['CUSTOMIZEPUB1', { baseType: 'PUB', protocol: 'CUSTOMIZE', remoteAddress: '' }],
  ['RTMPPULL1', { baseType: 'PULL' }],
  ['RTSPPULL1', { baseType: 'PULL', protocol: 'RTSP' }],
  ['RTMPPUSH1', { baseType: 'PUSH' }],
  ['RTSPPUSH1', { baseType: 'PUSH', protocol: 'RTSP' }],
])('%s is ended, and nobody else', async (session_id, options) => {
  bench.addSession('RTMPPUBSUB99');
  bench.addSession(session_id, options);
  const { text } = await kick({ stream_name: 'test110', session_id });
  expect(text).toBe('{"error_code":0,"desp":"succ"}');
  expect(bench.ends).toEqual([`${session_id} kicked`]);
});

test.each(['FLVSUB12', 'TSSUB12'])('%s, as lal’s documents spell it, is found', async (session_id) => {
  bench.addSession(session_id.replace('SUB', 'PUBSUB'));
  expect((await kick({ stream_name: 'test110', session_id })).body.error_code).toBe(0);
  expect(bench.ends).toHaveLength(1);
});

test('the name that the call had in lal 0.2.8 does the same', async () => {
  bench.addSession('RTMPPUBSUB1');
  const { text } = await kick(
    { stream_name: 'test110', session_id: 'RTMPPUBSUB1' },
    '/api/ctrl/kick_out_session',
  );
  expect(text).toBe('{"error_code":0,"desp":"succ"}');
  expect(bench.ends).toEqual(['RTMPPUBSUB1 kicked']);
});

test.each([
  [
    'no such session',
    { stream_name: 'test110', session_id: 'RTMPPUBSUB2' },
    '1003,"desp":"session not found"',
  ],
  [
    'the beginning of an id',
    { stream_name: 'test110', session_id: 'RTMPPUBSUB' },
    '1003,"desp":"session not found"',
  ],
  ['an empty id', { stream_name: 'test110', session_id: '' }, '1003,"desp":"session not found"'],
  ['another group', { stream_name: 'other', session_id: 'RTMPPUBSUB1' }, '1001,"desp":"group not found"'],
])('%s ends nobody', async (_what, body, refusal) => {
  bench.addSession('RTMPPUBSUB1');
  expect((await kick(body)).text).toBe(`{"error_code":${refusal}}`);
  expect(bench.ends).toEqual([]);
});

test.each([{}, { stream_name: 'test110' }, { session_id: 'A1' }, { stream_name: 1, session_id: 'A1' }])(
  '%j is not enough',
  async (body) => {
    expect((await kick(body)).text).toMatch(
      /^\{"error_code":1002,"desp":"param missing","detail":"[^"]+"\}$/,
    );
  },
);
