import { beforeEach, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import type { SessionRecord } from './session-record.ts';
import { SessionRegistry } from './session-registry.ts';

let registry: SessionRegistry;

beforeEach(() => {
  registry = new SessionRegistry();
});

function record(
  id: string,
  baseType: SessionRecord['baseType'] = 'SUB',
  protocol: SessionRecord['protocol'] = 'RTMP',
): SessionRecord {
  return {
    id,
    baseType,
    protocol,
    streamKey: 'test110',
    streamName: 'test110',
    appName: 'live',
    urlParam: '',
    remoteAddress: '',
    startedMs: 0,
    url: '',
    bytesRead: () => 0,
    bytesWritten: () => 0,
    close: () => {},
  };
}

test('sessions are found by stream and what they are; viewers in the order of their protocols', () => {
  registry.add(record('HLSSUB1', 'SUB', 'HLS'));
  registry.add(record('RTSPPUB1', 'PUB', 'RTSP'));
  registry.add(record('RTMPPUSH1', 'PUSH'));
  registry.add(record('RTMPPUBSUB1'));
  expect(registry.publisherOf('test110')?.id).toBe('RTSPPUB1');
  expect(registry.pullOf('test110')).toBeUndefined();
  expect(registry.viewersOf('test110').map(({ id }) => id)).toEqual(['RTMPPUBSUB1', 'HLSSUB1']);
  expect(registry.pushesOf('test110').map(({ id }) => id)).toEqual(['RTMPPUSH1']);
  expect(registry.get('test110', 'HLSSUB1')?.protocol).toBe('HLS');
  expect(registry.get('other', 'HLSSUB1')).toBeUndefined();
});

test.each([
  ['PUB', true, false],
  ['PULL', true, false],
  ['SUB', false, true],
  ['PUSH', false, true],
] as const)('a %s is an input: %s, an output: %s', (baseType, isInput, isOutput) => {
  const session = record('A1', baseType);
  registry.add(session);
  expect([registry.hasInput('test110'), registry.hasOutput('test110')]).toEqual([isInput, isOutput]);
  registry.remove(session, endReason('peer-closed'));
  expect([registry.hasInput('test110'), registry.hasOutput('test110')]).toEqual([false, false]);
});

test('an observer sees each start with the session listed, each end once and without it', () => {
  const seen: string[] = [];
  const stop = registry.observe({
    sessionStarted: ({ id, streamKey }) =>
      void seen.push(`start ${id} ${registry.get(streamKey, id) !== undefined}`),
    sessionEnded: ({ id, streamKey }, { code }) =>
      void seen.push(`end ${id} ${code} ${registry.get(streamKey, id) !== undefined}`),
  });
  const session = record('A1');
  registry.remove(session, endReason('peer-closed'));
  registry.add(session);
  registry.remove(record('A1'), endReason('kicked'));
  registry.remove(session, endReason('peer-closed'));
  registry.remove(session, endReason('peer-closed'));
  expect(seen).toEqual(['start A1 true', 'end A1 peer-closed false']);
  stop();
  registry.add(session);
  expect(seen).toHaveLength(2);
});
