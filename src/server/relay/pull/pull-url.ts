import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { parseRtmpUrl } from '../../../protocol/rtmp/rtmp-url.ts';
import { parseRtspUrl } from '../../../protocol/rtsp/rtsp-url.ts';
import type { SessionProtocol } from '../../sessions/session-record.ts';
import { parseRtspStreamAddress, type StreamAddress } from '../../stream-address.ts';

/** What streams are pulled by. */
export type PullProtocol = Extract<SessionProtocol, 'RTMP' | 'RTSP' | 'FLV' | 'HLS'>;

/** Where a stream is pulled from. */
export interface PullUrl {
  readonly protocol: PullProtocol;
  /** As given: it may hold a password. */
  readonly text: string;
  /** Without user and password. */
  readonly shown: string;
  /** `host:port`, as lal shows the other side of its client sessions. */
  readonly remoteAddress: string;
  /** Names in the URL; the stream's is what a stream is called that has been given no other name. */
  readonly address: StreamAddress;
}

/** Real ones, with tokens and signatures in the query, stay below 2 KiB. */
const MAX_LENGTH = 8192;
const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
/** Lists of these names are in a folder with the stream's name. */
const NAMELESS_LIST = /^(?:playlist|record|index|master|chunklist)$/i;

/**
 * `rtmp`, `rtmps`, `rtsp` and `rtsps`; over `http` and `https` HLS where the path ends in `.m3u8`, else FLV.
 * @throws {ProtocolError} `ERR_PULL_URL`, `ERR_RTMP_URL` or `ERR_RTSP_URL`; its text never holds the URL
 */
export function parsePullUrl(text: string): PullUrl {
  if (text.length > MAX_LENGTH) throw urlError(`the URL is longer than ${MAX_LENGTH} characters`);
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'rtmp' || scheme === 'rtmps') return parseRtmp(text);
  if (scheme === 'rtsp' || scheme === 'rtsps') return parseRtsp(text);
  if (scheme === 'http' || scheme === 'https') return parseHttp(text);
  throw urlError('the URL does not start with rtmp://, rtmps://, rtsp://, rtsps://, http:// or https://');
}

function parseRtmp(text: string): PullUrl {
  const { tcUrl, app, streamName: nameAndQuery, host, port } = parseRtmpUrl(text);
  const queryAt = nameAndQuery.indexOf('?');
  const streamName = queryAt < 0 ? nameAndQuery : nameAndQuery.slice(0, queryAt);
  return {
    protocol: 'RTMP',
    text,
    shown: nameAndQuery === '' ? tcUrl : `${tcUrl}/${nameAndQuery}`,
    remoteAddress: hostAndPort(host, port),
    address: { appName: app, streamName, urlParam: queryAt < 0 ? '' : nameAndQuery.slice(queryAt + 1) },
  };
}

function parseRtsp(text: string): PullUrl {
  const { requestUrl, host, port } = parseRtspUrl(text);
  return {
    protocol: 'RTSP',
    text,
    shown: requestUrl,
    remoteAddress: hostAndPort(host, port),
    address: addressOf(requestUrl),
  };
}

function parseHttp(text: string): PullUrl {
  const url = URL.parse(text);
  if (url === null) throw urlError('the host, port or path of the URL is not valid');
  const isHls = /\.m3u8?$/i.test(url.pathname);
  const port = url.port === '' ? DEFAULT_PORT[url.protocol]! : url.port;
  const remoteAddress = `${url.hostname}:${port}`;
  url.username = '';
  url.password = '';
  url.hash = '';
  const shown = url.href;
  const address = isHls ? hlsAddressOf(addressOf(shown)) : withoutSuffix(addressOf(shown), /\.flv$/);
  return { protocol: isHls ? 'HLS' : 'FLV', text, shown, remoteAddress, address };
}

function addressOf(url: string): StreamAddress {
  return parseRtspStreamAddress(url) ?? { appName: '', streamName: '', urlParam: '' };
}

function withoutSuffix(address: StreamAddress, suffix: RegExp): StreamAddress {
  return { ...address, streamName: address.streamName.replace(suffix, '') };
}

function hlsAddressOf(address: StreamAddress): StreamAddress {
  const named = withoutSuffix(address, /\.m3u8?$/i);
  if (!NAMELESS_LIST.test(named.streamName) || named.appName === '') return named;
  const slash = named.appName.lastIndexOf('/');
  const appName = named.appName.slice(0, Math.max(slash, 0));
  return { ...named, appName, streamName: named.appName.slice(slash + 1) };
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function urlError(message: string): ProtocolError {
  return new ProtocolError('ERR_PULL_URL', message);
}
