import pino from 'pino';
import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LocalStreamDirectory } from '../../hub/stream-directory.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import { endReason } from '../../media/end-reason.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { Objection } from '../admission/admission-check.ts';
import { StreamGate } from '../admission/stream-gate.ts';
import { parseConfig } from '../config/load-config.ts';
import { SessionIds } from '../sessions/session-ids.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import { HlsViewers, type HlsViewerRequest } from './hls-viewers.ts';

const text = JSON.stringify({ hls: { sub_session_hash_key: 'k', sub_session_timeout_ms: 1000 } });
const config = parseConfig(text, 'test').config;
const request: HlsViewerRequest = {
  address: { appName: 'live', streamName: 'a', urlParam: '' },
  remoteAddress: '192.0.2.1:1',
  url: 'http://127.0.0.1/hls/a.m3u8',
};

function bench(maxViewers: number) {
  const clock = new FakeClock();
  const answers: ((objection: Objection) => void)[] = [];
  const play = (): Promise<Objection> => new Promise((resolve) => void answers.push(resolve));
  const hub = new StreamHub(new FlushScheduler(clock, 0), {
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 },
  });
  const gate = new StreamGate(config, hub, new LocalStreamDirectory(), [{ play }]);
  const registry = new SessionRegistry();
  const context = {
    clock,
    config,
    gate,
    registry,
    ids: new SessionIds(),
    logger: pino({ level: 'silent' }),
  };
  return { clock, answers, registry, viewers: new HlsViewers(context, maxViewers) };
}

test('nobody is asked about a viewer who is one too many, those counted who are being decided about', async () => {
  const { clock, answers, registry, viewers } = bench(2);
  const full = endReason('limit-reached', 'HLS viewers');
  const [first, second] = [viewers.start(request), viewers.start(request)];
  expect(await viewers.start(request)).toEqual(full);
  expect(answers).toHaveLength(2);
  answers[0]!(undefined);
  expect(await first).toMatch(/^[0-9a-f]{32}$/);
  expect(await viewers.start(request)).toEqual(full);
  answers[1]!(endReason('refused'));
  expect(await second).toEqual(endReason('refused'));
  const third = viewers.start(request);
  answers[2]!(undefined);
  expect(await third).toMatch(/^[0-9a-f]{32}$/);
  expect(await viewers.start(request)).toEqual(full);
  expect(answers).toHaveLength(3);
  expect(registry.hasOutput('a')).toBe(true);
  clock.advance(1001);
  viewers.tick(clock.monotonicMs());
  expect(registry.hasOutput('a')).toBe(false);
  void viewers.start(request);
  expect(answers).toHaveLength(4);
});
