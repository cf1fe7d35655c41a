import type { StreamKeyMode } from './config/server-config.ts';

/** What a client asked for, in the server's terms. */
export interface StreamAddress {
  readonly appName: string;
  readonly streamName: string;
  /** The query, without `?`. */
  readonly urlParam: string;
}

/**
 * The app and stream of an HTTP path such as `/live/test110.flv`: the last element without its suffix is the stream,
 * what precedes it the app. Percent-coding is undone before the split.
 * @param target path and query of the request line
 * @param suffix with its dot; case matters, as in lal
 * @returns `undefined` for another suffix, or a path that is not well coded
 */
export function parseHttpStreamAddress(target: string, suffix: string): StreamAddress | undefined {
  const queryAt = target.indexOf('?');
  const path = decodePath(queryAt < 0 ? target : target.slice(0, queryAt));
  if (path === undefined) return undefined;
  const lastSlash = path.lastIndexOf('/');
  const fileName = path.slice(lastSlash + 1);
  if (!fileName.endsWith(suffix)) return undefined;
  return {
    appName: withoutOuterSlashes(path.slice(0, Math.max(lastSlash, 0))),
    streamName: fileName.slice(0, -suffix.length),
    urlParam: queryAt < 0 ? '' : target.slice(queryAt + 1),
  };
}

/**
 * The app and stream of an RTSP URI, `rtsp://host/live/test110?a=b`: as for HTTP, without a suffix. A slash at the end, as
 * some clients write it, does not count.
 * @returns `undefined` for a path that is not well coded, and for `*`, which means the server itself (RFC 2326, 6.1)
 */
export function parseRtspStreamAddress(uri: string): StreamAddress | undefined {
  if (uri === '*') return undefined;
  const target = uri.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, '');
  const queryAt = target.indexOf('?');
  const path = decodePath(queryAt < 0 ? target : target.slice(0, queryAt));
  if (path === undefined) return undefined;
  const names = withoutOuterSlashes(path);
  const lastSlash = names.lastIndexOf('/');
  return {
    appName: names.slice(0, Math.max(lastSlash, 0)),
    streamName: names.slice(lastSlash + 1),
    urlParam: queryAt < 0 ? '' : target.slice(queryAt + 1),
  };
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * lal's streams are known by their name alone; the other mode keeps apps apart. RTMP clients may write a query and outer
 * slashes into the app, which the HTTP path of the same stream does not have.
 */
export function streamKeyOf({ appName, streamName }: StreamAddress, mode: StreamKeyMode): string {
  if (mode === 'stream') return streamName;
  const app = withoutOuterSlashes(appName.split('?', 1)[0]!);
  return app === '' ? streamName : `${app}/${streamName}`;
}

/** By hand: a regular expression would take time squared for the slashes that a request line can hold. */
function withoutOuterSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
}

/**
 * Why a name can't be used, or `undefined` when it can. Names become file names, URLs and log lines: no empty parts,
 * no parts that climb out of a folder, no control characters, nothing that UTF-8 cannot say.
 * @param maxBytes limit in UTF-8, for app and stream name each
 */
export function nameProblemOf(address: StreamAddress, maxBytes: number): string | undefined {
  const { appName, streamName } = address;
  if (streamName === '') return 'the stream name is empty';
  for (const [what, name] of [
    ['app', appName],
    ['stream', streamName],
  ] as const) {
    if (Buffer.byteLength(name) > maxBytes) return `the ${what} name is longer than ${maxBytes} bytes`;
    if (/[\p{Cc}\\]/u.test(name)) return `the ${what} name has a control character or a backslash`;
    // Half of a surrogate pair, which JSON can hold: written as UTF-8 all of them become the same character.
    if (!name.isWellFormed()) return `the ${what} name is no valid Unicode text`;
    if (name.split(/[/?]/).some((part) => part === '..' || part === '.')) {
      return `the ${what} name has a part "." or ".."`;
    }
  }
  if (streamName.startsWith('/') || streamName.endsWith('/') || streamName.includes('//')) {
    return 'the stream name has an empty part';
  }
  return undefined;
}
