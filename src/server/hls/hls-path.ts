import { hlsFolder } from '../../output/hls/hls-storage.ts';
import type { PlaylistKind } from '../../output/hls/playlist-document.ts';
import type { StreamKeyMode } from '../config/server-config.ts';
import { nameProblemOf, streamKeyOf, type StreamAddress } from '../stream-address.ts';

/** What a request asks for. */
export type HlsTarget = HlsPlaylistTarget | HlsFragmentTarget;

/** One of a stream's two lists. */
export interface HlsPlaylistTarget {
  readonly kind: 'playlist';
  readonly list: PlaylistKind;
  readonly address: StreamAddress;
  readonly streamKey: string;
  /** Below the root; without anything that leads out of it. */
  readonly folder: string;
}

/** One fragment. */
export interface HlsFragmentTarget {
  readonly kind: 'fragment';
  readonly address: StreamAddress;
  /** A name without folders. */
  readonly name: string;
  /** Where it may be, likeliest first: the URL does not always tell app and stream apart. */
  readonly places: readonly { readonly streamKey: string; readonly folder: string }[];
}

/** A path that can't be meant: the status to answer. */
export type HlsPathProblem = 400 | 404;

/** Settings of the server that decide what a path means. */
export interface HlsPathRules {
  readonly pattern: string;
  readonly keyMode: StreamKeyMode;
  readonly maxNameBytes: number;
}

/** lal's rule for the stream that a fragment belongs to: its name up to the second-last dash. */
const FRAGMENT_NAME = /^(.+)-[^-]*-[^-]*\.ts$/s;

/**
 * All of lal's URL forms: `<stream>.m3u8`, `<stream>/playlist.m3u8`, `<stream>/record.m3u8`, `<stream>/<fragment>.ts`,
 * `<fragment>.ts`, below the pattern and any further folders, which are the app. The file that results is put together
 * from parts that were looked at, never from the path itself.
 * @param target path and query of the request line; the path begins with the pattern
 */
export function parseHlsPath(target: string, rules: HlsPathRules): HlsTarget | HlsPathProblem {
  const queryAt = target.indexOf('?');
  const rawPath = queryAt < 0 ? target : target.slice(0, queryAt);
  let path: string;
  try {
    path = decodeURIComponent(rawPath.slice(rules.pattern.length));
  } catch {
    return 400;
  }
  const folders = path.split('/').filter((part) => part !== '');
  const file = folders.pop();
  if (file === undefined || path.endsWith('/')) return 404;
  const urlParam = queryAt < 0 ? '' : target.slice(queryAt + 1);
  if (file.endsWith('.m3u8')) return playlistTarget(file.slice(0, -'.m3u8'.length), folders, urlParam, rules);
  return fragmentTarget(file, folders, urlParam, rules);
}

function playlistTarget(
  name: string,
  folders: string[],
  urlParam: string,
  rules: HlsPathRules,
): HlsPlaylistTarget | 404 {
  const isNamedByFolder = name === 'playlist' || name === 'record';
  const streamName = isNamedByFolder ? (folders.pop() ?? '') : name;
  const address = { appName: folders.join('/'), streamName, urlParam };
  const place = placeOf(address, rules);
  if (place === undefined) return 404;
  return { kind: 'playlist', list: name === 'record' ? 'record' : 'live', address, ...place };
}

function fragmentTarget(
  name: string,
  folders: string[],
  urlParam: string,
  rules: HlsPathRules,
): HlsFragmentTarget | 404 {
  const streamName = FRAGMENT_NAME.exec(name)?.[1];
  const isFileName = nameProblemOf({ appName: '', streamName: name, urlParam: '' }, Infinity) === undefined;
  if (streamName === undefined || !isFileName) return 404;
  const apps = [folders.join('/')];
  if (folders.at(-1) === streamName) apps.unshift(folders.slice(0, -1).join('/'));
  const places = apps.map((appName) => placeOf({ appName, streamName, urlParam: '' }, rules));
  const known = places.filter((place) => place !== undefined);
  // A folder that may not be named is refused even where it would be ignored.
  if (known.length < places.length) return 404;
  return { kind: 'fragment', name, address: { appName: apps[0]!, streamName, urlParam }, places: known };
}

function placeOf(
  address: StreamAddress,
  rules: HlsPathRules,
): { streamKey: string; folder: string } | undefined {
  if (nameProblemOf(address, rules.maxNameBytes) !== undefined) return undefined;
  const streamKey = streamKeyOf(address, rules.keyMode);
  const folder = hlsFolder(streamKey);
  return folder === undefined ? undefined : { streamKey, folder };
}
