import { parseRtmpUrl, type RtmpUrl } from '../../../protocol/rtmp/rtmp-url.ts';
import { parseRtspUrl } from '../../../protocol/rtsp/rtsp-url.ts';
import type { SessionProtocol } from '../../sessions/session-record.ts';
import { parseRtspStreamAddress, type StreamAddress } from '../../stream-address.ts';
import {
  checkUrlLength,
  relayUrlError,
  remoteAddressOf,
  splitQuery,
  type RelayUrl,
  type StreamUrl,
} from '../relay-url.ts';
import { secretsOf } from '../url-redaction.ts';
import { schemesText, type UrlPurpose, type UrlTemplate } from '../url-template.ts';

/** What streams are pulled by. */
export type PullProtocol = Extract<SessionProtocol, 'RTMP' | 'RTSP' | 'FLV' | 'HLS'>;

/** Where a stream is pulled from. It is shown without user and password. */
export interface PullUrl extends RelayUrl {
  readonly protocol: PullProtocol;
  /** Names in the URL; the stream's is what a stream is called that has been given no other name. */
  readonly address: StreamAddress;
}

/** A pull URL with places for the names of the stream that is asked for. */
export type PullTemplate = UrlTemplate<PullUrl>;

export const PULL_URLS: UrlPurpose<PullUrl> = {
  schemes: ['rtmp', 'rtmps', 'rtsp', 'rtsps', 'http', 'https'],
  urlOf: (url) => pullUrlOf(url),
};

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
/** Lists of these names are in a folder with the stream's name. */
const NAMELESS_LIST = /^(?:playlist|record|index|master|chunklist)$/i;

/**
 * `rtmp`, `rtmps`, `rtsp` and `rtsps`; over `http` and `https` HLS where the path ends in `.m3u8` or `.m3u`, else FLV.
 * @throws {ProtocolError} `ERR_RELAY_URL`, `ERR_RTMP_URL` or `ERR_RTSP_URL`; its text never holds the URL
 */
export function parsePullUrl(text: string): PullUrl {
  checkUrlLength(text);
  return pullUrlOf({ text, rtmp: /^rtmps?:/i.test(text) ? parseRtmpUrl(text) : undefined });
}

function pullUrlOf(url: StreamUrl): PullUrl {
  if (url.rtmp !== undefined) return rtmpUrlOf(url, url.rtmp);
  const scheme = /^([a-z]+):\/\//i.exec(url.text)?.[1]?.toLowerCase();
  if (scheme === 'rtsp' || scheme === 'rtsps') return rtspUrlOf(url);
  if (scheme === 'http' || scheme === 'https') return httpUrlOf(url);
  throw relayUrlError(schemesText(PULL_URLS.schemes));
}

function rtmpUrlOf(url: StreamUrl, rtmp: RtmpUrl): PullUrl {
  const { tcUrl, app, streamName: nameAndQuery, credentials } = rtmp;
  const { name: streamName, query } = splitQuery(nameAndQuery);
  return {
    ...url,
    protocol: 'RTMP',
    shown: nameAndQuery === '' ? tcUrl : `${tcUrl}/${nameAndQuery}`,
    remoteAddress: remoteAddressOf(rtmp),
    secrets: secretsOf({ password: credentials?.password ?? '', query: `${app}&${query}` }),
    address: { appName: app, streamName, urlParam: query },
  };
}

function rtspUrlOf(url: StreamUrl): PullUrl {
  const rtsp = parseRtspUrl(url.text);
  const { requestUrl, credentials } = rtsp;
  return {
    ...url,
    protocol: 'RTSP',
    shown: requestUrl,
    remoteAddress: remoteAddressOf(rtsp),
    secrets: secretsOf({ password: credentials?.password ?? '', query: splitQuery(requestUrl).query }),
    address: addressOf(requestUrl),
  };
}

function httpUrlOf(streamUrl: StreamUrl): PullUrl {
  const url = URL.parse(streamUrl.text);
  if (url === null) throw relayUrlError('the host, port or path of the URL is not valid');
  const isHls = /\.m3u8?$/i.test(url.pathname);
  const port = url.port === '' ? DEFAULT_PORT[url.protocol]! : url.port;
  const remoteAddress = `${url.hostname}:${port}`;
  const secrets = secretsOf({ password: decoded(url.password), query: url.search.slice(1) });
  url.username = '';
  url.password = '';
  url.hash = '';
  const shown = url.href;
  const address = isHls ? hlsAddressOf(addressOf(shown)) : withoutSuffix(addressOf(shown), /\.flv$/);
  return { ...streamUrl, protocol: isHls ? 'HLS' : 'FLV', shown, remoteAddress, secrets, address };
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
