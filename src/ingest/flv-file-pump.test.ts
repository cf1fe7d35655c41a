import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FlvTagType, type FlvTag } from '../container/flv/flv-types.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FlvFilePump } from './flv-file-pump.ts';

const path = fileURLToPath(new URL('../../assets/demo.flv', import.meta.url));
const ROUND_MS = 24_000;

interface Sent extends FlvTag {
  readonly atMs: number;
}

/** Pumps until `untilMs` of media time; the clock moves whenever the pump sleeps. */
async function pump(untilMs: number, options: { loop: boolean; lateAtMs?: number }): Promise<Sent[]> {
  const clock = new FakeClock();
  const eager = {
    monotonicMs: () => clock.monotonicMs(),
    after: (ms: number, task: () => void) => {
      const cancel = clock.after(ms, task);
      queueMicrotask(() => clock.advance(ms));
      return cancel;
    },
  };
  const stop = new AbortController();
  const sent: Sent[] = [];
  let isLate = false;
  await new FlvFilePump({ path, loop: options.loop, clock: eager, signal: stop.signal }).run((tag) => {
    sent.push({ ...tag, atMs: clock.monotonicMs() });
    if (tag.timestampMs >= untilMs) stop.abort();
    if (!isLate && options.lateAtMs !== undefined && tag.timestampMs >= options.lateAtMs) {
      isLate = true;
      clock.advance(3_600_000);
    }
  });
  return sent;
}

const isFrame = (tag: FlvTag): boolean => tag.type !== FlvTagType.script && tag.body[1] === 1;

test('a file is sent once, each tag when its time has come', async () => {
  const sent = await pump(Infinity, { loop: false });
  expect(sent.slice(0, 3).map(({ type }) => type)).toEqual([18, 9, 8]);
  const frames = sent.filter(isFrame);
  const first = frames[0]!;
  for (const { timestampMs, atMs } of frames) {
    expect(atMs - first.atMs).toBeGreaterThanOrEqual(timestampMs - first.timestampMs);
  }
  expect(frames.filter(({ type }) => type === FlvTagType.video)).toHaveLength(ROUND_MS / 40);
});

test('a loop has no seam: frame distances are the same across rounds, and metadata is sent once', async () => {
  const sent = await pump(3.5 * ROUND_MS, { loop: true });
  expect(sent.filter(({ type }) => type === FlvTagType.script)).toHaveLength(1);
  for (const [type, distances] of [
    [FlvTagType.video, [40]],
    [FlvTagType.audio, [21, 22]],
  ] as const) {
    const times = sent
      .filter((tag) => tag.type === type && isFrame(tag))
      .map(({ timestampMs }) => timestampMs);
    const found = new Set(times.slice(1).map((time, index) => time - times[index]!));
    expect([...found].sort((a, b) => a - b)).toEqual(distances);
  }
});

test('after a long sleep of the machine the pump goes on from now, not in a burst', async () => {
  const sent = await pump(10_000, { loop: true, lateAtMs: 2000 });
  const after = sent.filter(({ timestampMs }) => timestampMs > 3000);
  expect(after.at(-1)!.atMs - after[0]!.atMs).toBeGreaterThan(6500);
});

test('a file that is no FLV is an error, not a loop', async () => {
  const notFlv = fileURLToPath(new URL('../../package.json', import.meta.url));
  const run = new FlvFilePump({ path: notFlv, loop: true, clock: new FakeClock() }).run(() => {});
  await expect(run).rejects.toMatchObject({ code: 'ERR_FLV_HEADER' });
});
