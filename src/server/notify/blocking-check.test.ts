import { expect, test } from 'vitest';
import { sessionRecord } from '../../testing/callback-kit.ts';
import { NotifyBench } from '../../testing/notify-bench.ts';
import { settled } from '../../testing/settled.ts';
import { BlockingCheck } from './blocking-check.ts';

const BLOCKING = { on_pub_start_blocking: true, on_sub_start_blocking: true };

function checkOf(section: Record<string, unknown> = {}): { bench: NotifyBench; check: BlockingCheck } {
  const bench = new NotifyBench({ ...BLOCKING, ...section });
  return { bench, check: new BlockingCheck(bench.options, bench.registry) };
}

test('the question is the event as it will be, and says that it is one', async () => {
  const { bench, check } = checkOf();
  await check.publish(sessionRecord('R1', 'a'));
  await check.play(sessionRecord('F1', 'a', { protocol: 'FLV' }));
  bench.start('R1');
  bench.start('F1', 'a', { protocol: 'FLV', baseType: 'SUB' });
  await check.play(sessionRecord('F2', 'a'));
  await settled();
  const bodyOf = (path: string, id: string, blocking: boolean): Record<string, unknown> | undefined =>
    bench.client.heard.find(
      ({ path: other, body }) =>
        other === path && body['session_id'] === id && (body['blocking'] !== undefined) === blocking,
    )?.body;
  const question = bodyOf('on_pub_start', 'R1', true)!;
  expect(question).toEqual({ ...bodyOf('on_pub_start', 'R1', false), blocking: true });
  expect(Object.keys(question).at(-1)).toBe('blocking');
  expect(bodyOf('on_sub_start', 'F1', true)).toMatchObject({
    base_type: 'SUB',
    has_in_session: false,
    has_out_session: true,
  });
  expect(bodyOf('on_sub_start', 'F2', true)).toMatchObject({ has_in_session: true, has_out_session: true });
  expect(check.counters).toEqual({ allowed: 3, refused: 0, undecided: 0, pending: 0 });
});

test('a refusal gives the reason of the answer', async () => {
  const { bench, check } = checkOf();
  bench.client.result = { status: 200, text: '{"allow":false,"reason":"no credit"}' };
  expect(await check.publish(sessionRecord('R1', 'a'))).toEqual({
    code: 'refused',
    detail: 'on_pub_start',
    message: 'no credit',
  });
  bench.client.result = { status: 403, text: '' };
  expect(await check.play(sessionRecord('R1', 'a'))).toEqual({
    code: 'refused',
    detail: 'on_sub_start',
    message: 'policy refused the session',
  });
  expect(check.counters).toMatchObject({ refused: 2 });
});

test.each([
  { result: { code: 'ERR_NOTIFY_TIMEOUT', message: '' } as const, detail: 'ERR_NOTIFY_TIMEOUT' },
  { result: { code: 'ERR_NOTIFY_CONNECTION', message: '' } as const, detail: 'ERR_NOTIFY_CONNECTION' },
  { result: { status: 500, text: '' }, detail: 'ERR_NOTIFY_STATUS' },
  { result: { status: 200, text: 'garbage' }, detail: 'ERR_NOTIFY_ANSWER' },
])('$detail refuses, or lets in with blocking_fail_open, and is logged once', async ({ result, detail }) => {
  for (const isOpen of [false, true]) {
    const { bench, check } = checkOf({ blocking_fail_open: isOpen });
    bench.client.result = result;
    const refusal = isOpen ? undefined : { code: 'refused', detail };
    for (const id of ['R1', 'R2']) {
      const objection = await check.publish(sessionRecord(id, 'a'));
      if (refusal === undefined) expect(objection).toBeUndefined();
      else expect(objection).toMatchObject(refusal);
    }
    expect(check.counters).toMatchObject({ undecided: 2, allowed: 0 });
    expect(bench.log).toMatchObject([{ code: detail, letIn: isOpen }]);
  }
});

test('the question has its own time-out, and the signature', async () => {
  const { bench, check } = checkOf({ blocking_timeout_ms: 1234, hmac_key: 'k' });
  await check.publish(sessionRecord('R1', 'a'));
  expect(bench.client.heard[0]!.request).toMatchObject({ timeoutMs: 1234, hmacKey: 'k' });
});

test('nobody is asked where it is not switched on, or callbacks are off', () => {
  const { bench, check } = checkOf({ on_pub_start_blocking: false });
  expect(check.publish(sessionRecord('R1', 'a'))).toBeUndefined();
  const off = checkOf({ on_pub_start_blocking: false, on_sub_start_blocking: false, enable: false });
  expect(off.check.play(sessionRecord('R1', 'a'))).toBeUndefined();
  expect([...bench.client.heard, ...off.bench.client.heard]).toEqual([]);
});

test('no more than 4096 decisions are waited for', async () => {
  const { bench, check } = checkOf();
  bench.client.result = undefined;
  const pending = Array.from({ length: 4096 }, async (_, index) =>
    check.play(sessionRecord(`F${index}`, 'a')),
  );
  expect(check.counters.pending).toBe(4096);
  expect(await check.play(sessionRecord('F', 'a'))).toMatchObject({ detail: 'ERR_NOTIFY_QUEUE_FULL' });
  bench.client.answerAll({ status: 200, text: '' });
  expect((await Promise.all(pending)).every((objection) => objection === undefined)).toBe(true);
  expect(check.counters.pending).toBe(0);
});

test('when the server stops, nobody is let in for want of a decision', async () => {
  const { bench, check } = checkOf({ blocking_fail_open: true });
  bench.client.result = undefined;
  const asked = check.publish(sessionRecord('R1', 'a'));
  check.close();
  expect(await asked).toMatchObject({ code: 'server-shutdown' });
  expect(check.counters).toEqual({ allowed: 0, refused: 0, undecided: 0, pending: 0 });
  expect(bench.log).toEqual([]);
});
