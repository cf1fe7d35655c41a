import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decisionOf } from './blocking-answer.ts';

const allowing = [
  '',
  ' \r\n',
  '0',
  '{"allow":true}',
  '{"code":0}',
  '{"allow":true,"code":5}',
  '{"code":0,"msg":"ok"}',
];
const refusing = ['1', '-1', '{"allow":false}', '{"code":1}', '{"allow":false,"code":0}'];
const saysNothing = [
  'ok',
  '{}',
  '[]',
  'null',
  'true',
  '"0"',
  '{"allow":1}',
  '{"allow":"true"}',
  '{"code":"0"}',
  '{"allow":',
  '<html>',
];

test.each(allowing)('200 with %j allows', (text) => {
  expect(decisionOf({ status: 200, text })).toEqual({ is: 'allowed' });
});

test.each(refusing)('200 with %j refuses', (text) => {
  expect(decisionOf({ status: 200, text })).toEqual({ is: 'refused', reason: undefined });
});

test.each(saysNothing)('200 with %j is no decision', (text) => {
  expect(decisionOf({ status: 200, text })).toMatchObject({ is: 'undecided', code: 'ERR_NOTIFY_ANSWER' });
});

test.each([201, 204, 299])('status %i is as good as 200', (status) => {
  expect(decisionOf({ status, text: '' })).toEqual({ is: 'allowed' });
});

test.each([400, 401, 403, 404, 451])('status %i refuses, with the reason that the body gives', (status) => {
  expect(decisionOf({ status, text: 'nothing here' })).toEqual({ is: 'refused', reason: undefined });
  expect(decisionOf({ status, text: '{"allow":true,"reason":"no credit"}' })).toEqual({
    is: 'refused',
    reason: 'no credit',
  });
});

test.each([101, 304, 302, 408, 429, 500, 503])('status %i is no decision', (status) => {
  const decision = decisionOf({ status, text: '{"allow":true}' });
  expect(decision).toEqual({ is: 'undecided', code: 'ERR_NOTIFY_STATUS', message: `status ${status}` });
});

test('an answer that was too long or cut off is no decision', () => {
  expect(decisionOf({ status: 200, text: undefined })).toMatchObject({ code: 'ERR_NOTIFY_ANSWER' });
});

test('no answer is no decision', () => {
  const failure = { code: 'ERR_NOTIFY_TIMEOUT', message: 'late' } as const;
  expect(decisionOf(failure)).toEqual({ is: 'undecided', ...failure });
});

test('a reason becomes one line of at most 200 characters', () => {
  const reason = `no\r\nSet-Cookie: a\u2028b${'x'.repeat(300)}`;
  const decision = decisionOf({ status: 200, text: JSON.stringify({ allow: false, reason }) });
  expect(decision).toEqual({ is: 'refused', reason: `no Set-Cookie: a b${'x'.repeat(182)}` });
  for (const odd of [7, '', ' \n ', {}]) {
    expect(decisionOf({ status: 403, text: JSON.stringify({ reason: odd }) })).toEqual({
      is: 'refused',
      reason: undefined,
    });
  }
});

test('whatever the answer, there is a decision or none, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.nat({ max: 599 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
      expect(['allowed', 'refused', 'undecided']).toContain(decisionOf({ status, text }).is);
    }),
  );
});
