/** Who may publish and play by simple_auth: every protocol, both directions, right and wrong credentials. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptances, accessWays, fetchHls } from '../support/access-ways.ts';
import type { Action } from '../support/access-ways.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { allCarriers } from '../support/rtsp-carriers.ts';
import { Scope } from '../support/scope.ts';
import type { ConfigOverrides } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const key = 'a key of ours';
const master = 'Open-Sesame';
const signKey = 'another key';
const switches = [...new Set(accessWays.map((way) => way.switch))];

/** @param hashKey not empty: HLS viewers are tracked */
function everythingChecked(hashKey = ''): ConfigOverrides {
  return {
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
      sub_session_hash_key: hashKey,
    },
    simple_auth: {
      key,
      dangerous_lal_secret: master,
      sign_key: signKey,
      ...Object.fromEntries(switches.map((name) => [name, true])),
    },
  };
}

// As docs/auth.md has it, sharing nothing with src/.
const secretOf = (name: string): string =>
  createHash('md5')
    .update(key + name)
    .digest('hex');

function signed(action: Action, name: string, { inSec = 60, ip = '' } = {}): string {
  const expire = Math.floor(Date.now() / 1000) + inSec;
  const sign = createHmac('sha256', signKey).update(`${action}\n${name}\n${expire}\n${ip}`).digest('hex');
  return `lal_expire=${expire}${ip === '' ? '' : `&lal_ip=${ip}`}&lal_sign=${sign}`;
}

interface Credentials {
  readonly name: string;
  readonly query: (action: Action, streamName: string) => string;
  /** What the log says of the refusal; absent for those that let in. */
  readonly detail?: string;
}

const other: Record<Action, Action> = { publish: 'play', play: 'publish' };

const credentials: Credentials[] = [
  { name: 'the secret of the stream', query: (_action, name) => `?lal_secret=${secretOf(name)}` },
  {
    name: 'the same in capitals, among other parameters',
    query: (_action, name) => `?a=b&lal_secret=${secretOf(name).toUpperCase()}&c=d`,
  },
  { name: 'the master secret', query: () => `?lal_secret=${master}` },
  { name: 'a signature', query: (action, name) => `?${signed(action, name)}` },
  {
    name: 'a signature for the address',
    query: (action, name) => `?${signed(action, name, { ip: '127.0.0.1' })}`,
  },
  {
    name: 'a signature beside a wrong secret',
    query: (action, name) => `?lal_secret=wrong&${signed(action, name)}`,
  },
  { name: 'nothing', query: () => '', detail: 'ERR_AUTH_MISSING' },
  { name: 'an empty secret', query: () => '?lal_secret=', detail: 'ERR_AUTH_MISSING' },
  { name: 'a wrong secret', query: () => '?lal_secret=wrong', detail: 'ERR_AUTH_SECRET' },
  {
    name: 'the secret of another stream',
    query: (_action, name) => `?lal_secret=${secretOf(`${name}x`)}`,
    detail: 'ERR_AUTH_SECRET',
  },
  {
    name: 'an expired signature',
    query: (action, name) => `?${signed(action, name, { inSec: -1 })}`,
    detail: 'ERR_AUTH_EXPIRED',
  },
  {
    name: 'a signature for another address',
    query: (action, name) => `?${signed(action, name, { ip: '192.0.2.1' })}`,
    detail: 'ERR_AUTH_ADDRESS',
  },
  {
    name: 'a signature for the other direction',
    query: (action, name) => `?${signed(other[action], name)}`,
    detail: 'ERR_AUTH_SIGNATURE',
  },
  {
    name: 'a broken query',
    query: (_action, name) => `?lal_secret=${secretOf(name)}&a=%zz`,
    detail: 'ERR_AUTH_QUERY',
  },
];

/** The lines of a playlist that are no tags. */
function urisOf(playlist: Buffer): string[] {
  return playlist.toString().match(/^[^#\s].*$/gm) ?? [];
}

/** Six seconds at once: a picture for players, and HLS lists with fragments. */
async function publishSome(local: LocalServer, streamName: string): Promise<void> {
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), `${streamName}?lal_secret=${master}`);
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  const path = `/hls/${streamName}/record.m3u8?lal_secret=${master}`;
  const fragments = async (): Promise<number> =>
    urisOf((await fetchHls(local, 'http', path)).body).filter((uri) => uri.includes('.ts')).length;
  await expect.poll(fragments, { timeout: 10_000 }).toBeGreaterThan(2);
}

function startLines(local: LocalServer): number {
  return local.log.filter(({ msg }) => msg === 'publish start' || msg === 'play start').length;
}

test.each(accessWays)('$name is for those with credentials alone', async (way) => {
  const local = await LocalServer.start(scope, everythingChecked());
  await publishSome(local, 'shown');
  for (const [index, { name, query, detail }] of credentials.entries()) {
    const streamName = way.action === 'publish' ? `own-${index}` : 'shown';
    const started = startLines(local);
    const verdict = await way.attempt(scope, local, `${streamName}${query(way.action, streamName)}`);
    if (detail === undefined) {
      expect(acceptances, `${name}: ${verdict}`).toContain(verdict);
      continue;
    }
    expect(verdict, name).toBe(way.refusal);
    await local.until(
      () => local.log.some((line) => line.code === 'refused' && line.detail === detail),
      `${detail} in the log`,
    );
    // Nothing had begun that could be told of, and nothing is left.
    expect(startLines(local)).toBe(started);
    expect(local.server.statistics.group(`own-${index}`)).toBeUndefined();
    local.log.length = 0;
  }
  expect(local.errors).toEqual([]);
});

/** Takes callbacks. @returns its URL, and what came: name and stream */
async function callbackReceiver(): Promise<{ url: string; events: string[] }> {
  const events: string[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { stream_name: streamName } = JSON.parse(await text(request)) as { stream_name: string };
    events.push(`${request.url!.slice(1)} ${streamName}`);
    response.end();
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, events };
}

test('nobody is told of those who are refused', async () => {
  const { url, events } = await callbackReceiver();
  const names = ['on_pub_start', 'on_pub_stop', 'on_sub_start', 'on_sub_stop'];
  const addresses = Object.fromEntries(names.map((name) => [name, `${url}/${name}`]));
  const config = { ...everythingChecked('tracked'), http_notify: { enable: true, ...addresses } };
  const local = await LocalServer.start(scope, config);
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), `shown?lal_secret=${master}`);
  for (const way of accessWays) {
    const target = `${way.action === 'publish' ? 'own' : 'shown'}?lal_secret=wrong`;
    expect(await way.attempt(scope, local, target)).toBe(way.refusal);
  }
  await publisher.close();
  await expect.poll(() => events, { timeout: 10_000 }).toEqual(['on_pub_start shown', 'on_pub_stop shown']);
});

function hlsViewers(local: LocalServer): number {
  const { subs } = local.server.statistics.group('shown')!;
  return (subs ?? []).filter(({ protocol }) => protocol === 'HLS').length;
}

test.each(['', 'tracked'])(
  'HLS with the hash key "%s": each list is asked for, fragments are free',
  async (hashKey) => {
    const local = await LocalServer.start(scope, everythingChecked(hashKey));
    await publishSome(local, 'shown');
    const viewersBefore = hlsViewers(local);
    for (const list of ['shown.m3u8', 'shown/playlist.m3u8', 'shown/record.m3u8']) {
      const right = await fetchHls(local, 'http', `/hls/${list}?${signed('play', 'shown')}`);
      expect(right.status).toBe(200);
      // Where viewers have ids, the redirect has kept what lets in, and the id alone does not.
      expect(right.path).toContain('lal_sign=');
      const id = /session_id=\w+/.exec(right.path)?.[0];
      expect(id !== undefined).toBe(hashKey !== '');
      expect((await fetchHls(local, 'http', right.path)).status).toBe(200);
      expect((await fetchHls(local, 'http', `/hls/${list}?${id ?? ''}`)).status).toBe(403);
      const uris = urisOf(right.body);
      expect(uris.length).toBeGreaterThan(1);
      for (const uri of uris) {
        expect(uri).not.toMatch(/lal_/);
        const fragment = await fetchHls(local, 'https', `/hls/shown/${uri}`);
        expect([fragment.status, fragment.body[0]]).toEqual([200, 0x47]);
      }
    }
    expect(hlsViewers(local) - viewersBefore).toBe(hashKey === '' ? 0 : 3);
  },
);

test('a signature that expires ends no session, but no list is had with it any more', async () => {
  const local = await LocalServer.start(scope, everythingChecked('tracked'));
  await publishSome(local, 'shown');
  const query = signed('play', 'shown', { inSec: 3 });
  const list = await fetchHls(local, 'http', `/hls/shown.m3u8?${query}`);
  expect(list.status).toBe(200);
  await RtmpPlayer.open(scope, local.port('rtmp'), `shown?${query}`);
  await expect
    .poll(async () => (await fetchHls(local, 'http', list.path)).status, { timeout: 5000, interval: 100 })
    .toBe(403);
  expect(local.viewers('shown')).toHaveLength(1);
});
