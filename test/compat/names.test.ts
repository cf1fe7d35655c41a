import { expect, test } from 'vitest';
import { Names } from './names.ts';

test('a session is called after the client at the other end, wherever it is seen first', () => {
  const names = new Names();
  names.namePort(53_123, 'viewer');
  names.learn({ data: { subs: [{ session_id: 'FLVPUBSUB7', remote_addr: '127.0.0.1:53123' }] } });
  expect(names.session('FLVPUBSUB7')).toBe('FLVPUBSUB<viewer>');
  expect(names.idOf('viewer')).toBe('FLVPUBSUB7');
  expect(names.idOf('publisher')).toBeUndefined();
});

test('sessions that nobody knows are counted by kind, in the order in which they are asked for', () => {
  const names = new Names();
  const ids = ['RTMPPULL4', 'RTSPPULL9', 'RTMPPULL7', 'RTMPPULL4'];
  expect(ids.map((id) => names.session(id))).toEqual([
    'RTMPPULL<#1>',
    'RTSPPULL<#1>',
    'RTMPPULL<#2>',
    'RTMPPULL<#1>',
  ]);
});

test.each(['', '-', 'RTMPPUBSUB', 'RTMPPUBSUBx1', 'FLVSUB1', 'xRTMPPUBSUB1'])(
  '"%s" is no id of lal’s, and stays as it is',
  (id) => {
    expect(new Names().session(id)).toBe(id);
  },
);

test('ports of clients have names, those of servers stay', () => {
  const names = new Names();
  names.namePort(53_123, 'viewer');
  expect(names.address('127.0.0.1:53123')).toBe('127.0.0.1:<viewer>');
  expect(names.address('[::1]:53123')).toBe('[::1]:<viewer>');
  expect(names.address('127.0.0.1:1935')).toBe('127.0.0.1:1935');
  expect(names.address('')).toBe('');
  expect(names.port(53_123)).toBe('<viewer>');
  expect(names.port(1935)).toBe(1935);
});

test('a port that the system gives out again belongs to who has it now', () => {
  const names = new Names();
  names.namePort(53_123, 'first');
  const bodies = ['TSPUBSUB1', 'TSPUBSUB2'].map((id) => ({ session_id: id, remote_addr: '127.0.0.1:53123' }));
  names.learn(bodies[0]!);
  names.namePort(53_123, 'second');
  names.learn(bodies);
  expect([names.session('TSPUBSUB1'), names.session('TSPUBSUB2')]).toEqual([
    'TSPUBSUB<first>',
    'TSPUBSUB<second>',
  ]);
});
