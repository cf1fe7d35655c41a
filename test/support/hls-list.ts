/** Playlists as viewers fetch them; every one is held to the rules of RFC 8216. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPlaylist } from '../../src/testing/hls-rules.ts';
import type { CheckedPlaylist } from '../../src/testing/hls-rules.ts';
import type { TestServer } from './server.ts';

const pauseMs = 50;

/** @param path as of `TestServer.hlsUrl`; undefined while there is no such list */
export async function hlsList(server: TestServer, path: string): Promise<CheckedPlaylist | undefined> {
  return await listAt(server.hlsUrl('http', path));
}

/** The first list for which `condition` holds. */
export async function untilHlsList(
  server: TestServer,
  path: string,
  condition: (list: CheckedPlaylist) => boolean,
  timeoutMs = 30_000,
): Promise<CheckedPlaylist> {
  return await untilListAt(server.hlsUrl('http', path), condition, timeoutMs);
}

/** The first list at `url` for which `condition` holds. */
export async function untilListAt(
  url: string,
  condition: (list: CheckedPlaylist) => boolean,
  timeoutMs = 30_000,
): Promise<CheckedPlaylist> {
  const giveUpMs = performance.now() + timeoutMs;
  for (;;) {
    const list = await listAt(url);
    if (list !== undefined && condition(list)) return list;
    if (performance.now() > giveUpMs) throw new Error(`${url} is still ${JSON.stringify(list)}`);
    await sleep(pauseMs);
  }
}

async function listAt(url: string): Promise<CheckedPlaylist | undefined> {
  const response = await fetch(url);
  const text = await response.text();
  return response.status === 200 ? checkPlaylist(text) : undefined;
}
