/** The blacklist, over the HTTP API, for every protocol. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptances, accessWays, fetchHls } from '../support/access-ways.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { allCarriers } from '../support/rtsp-carriers.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
let local: LocalServer;

beforeEach(async () => {
  scope = new Scope();
  local = await LocalServer.start(scope, {
    ...allCarriers,
    httpts: { enable: true, enable_https: true, url_pattern: '/' },
    hls: {
      enable: true,
      enable_https: true,
      url_pattern: '/hls/',
      out_path: join(scope.folder(), 'hls'),
      fragment_duration_ms: 1000,
      fragment_num: 6,
      cleanup_mode: 1,
      sub_session_hash_key: 'tracked',
    },
    http_api: { enable: true, addr: '127.0.0.1:0' },
  });
});
afterEach(() => scope.close());

/** Calls the API, and expects success. */
async function call(name: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${local.port('http-api')}/api/ctrl/${name}`, init);
  const answer = (await response.json()) as { error_code: number; data?: unknown };
  expect(answer.error_code).toBe(0);
  return answer.data;
}

async function publishSome(): Promise<RtmpPublisher> {
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'shown');
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  await expect
    .poll(async () => (await fetchHls(local, 'http', '/hls/shown.m3u8')).status, { timeout: 10_000 })
    .toBe(200);
  return publisher;
}

async function verdicts(round: string): Promise<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const [index, way] of accessWays.entries()) {
    const target = way.action === 'publish' ? `own-${round}-${index}` : 'shown';
    entries.push([way.name, await way.attempt(scope, local, target)]);
  }
  return Object.fromEntries(entries);
}

/** What a listed address is told: HLS is not there, as in lal. */
const refusals = Object.fromEntries(
  accessWays.map(({ name, refusal }) => [name, name.includes('HLS') ? '404' : refusal]),
);

test('an address that is listed gets in nowhere, fragments included; when its time is over it does again', async () => {
  await publishSome();
  const list = await fetchHls(local, 'http', '/hls/shown.m3u8');
  const fragment = `/hls/shown/${/^[^#?\s]+\.ts/m.exec(list.body.toString())![0]}`;
  expect((await fetchHls(local, 'http', fragment)).status).toBe(200);
  for (const verdict of Object.values(await verdicts('before'))) expect(acceptances).toContain(verdict);

  await call('add_ip_blacklist', { ip: '::ffff:127.0.0.1', duration_sec: 600 });
  expect(await verdicts('listed')).toEqual(refusals);
  expect((await fetchHls(local, 'http', fragment)).status).toBe(404);
  expect((await fetchHls(local, 'http', list.path)).status).toBe(404);
  const refused = local.log.filter(({ detail }) => detail === 'ERR_BLACKLISTED');
  expect(refused.length).toBeGreaterThanOrEqual(accessWays.length);

  await call('add_ip_blacklist', { ip: '127.0.0.1', duration_sec: 2 });
  const entry = { ip: '127.0.0.1', remaining_sec: expect.toBeOneOf([1, 2]) as number };
  expect(await call('list_ip_blacklist')).toEqual({ entries: [entry] });
  await expect
    .poll(() => call('list_ip_blacklist'), { timeout: 5000, interval: 100 })
    .toEqual({ entries: [] });
  for (const verdict of Object.values(await verdicts('after'))) expect(acceptances).toContain(verdict);
  expect((await fetchHls(local, 'http', fragment)).status).toBe(200);
  expect(local.errors).toEqual([]);
});

/** Viewers as the API shows them. */
function viewers(): string[] {
  return (local.server.statistics.group('shown')?.subs ?? []).map(({ protocol }) => protocol);
}

test('sessions that are there stay, but for viewers of HLS, until the call says otherwise', async () => {
  const publisher = await publishSome();
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), 'shown');
  const reader = FlvReader.open(scope, local.flvUrl('http', 'shown'));
  await local.untilViewers('shown', 2);
  expect(new Set(viewers())).toEqual(new Set(['RTMP', 'FLV', 'HLS']));

  await call('add_ip_blacklist', { ip: '127.0.0.1', duration_sec: 600 });
  expect(viewers()).toEqual(['RTMP', 'FLV']);
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  await publisher.send(tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + 10_000 })));
  await reader.untilUnits(100);
  await player.until(() => player.units.length >= 100, '100 units');

  await call('add_ip_blacklist', { ip: '127.0.0.1', duration_sec: 600, close_sessions: true });
  await Promise.all([publisher.closed(), reader.ended()]);
  await local.untilEnds(3);
  expect(local.ends).toEqual(Array.from({ length: 3 }, () => 'kicked ERR_BLACKLISTED'));

  await call('remove_ip_blacklist', { ip: '127.0.0.1' });
  await publishSome();
});
