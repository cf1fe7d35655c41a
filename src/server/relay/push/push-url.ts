import type { RtmpUrl } from '../../../protocol/rtmp/rtmp-url.ts';
import { parseRtspUrl } from '../../../protocol/rtsp/rtsp-url.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { remoteAddressOf, splitQuery, type RelayUrl, type StreamUrl } from '../relay-url.ts';
import { encodePath, type UrlPurpose, type UrlTemplate } from '../url-template.ts';
import { shownPushUrl } from '../url-redaction.ts';

/** Where one stream is pushed to. It is shown without what would let its readers publish. */
export interface PushUrl extends RelayUrl {
  readonly protocol: 'RTMP' | 'RTSP';
}

/** A push URL with places for the names of the stream. */
export type PushTemplate = UrlTemplate<PushUrl>;

export const PUSH_URLS: UrlPurpose<PushUrl> = {
  schemes: ['rtmp', 'rtmps', 'rtsp', 'rtsps'],
  urlOf: (url, address) =>
    url.rtmp === undefined ? rtspUrlOf(url, address) : rtmpUrlOf(url, url.rtmp, address),
};

function rtmpUrlOf(url: StreamUrl, rtmp: RtmpUrl, address: StreamAddress): PushUrl {
  const { app, streamName, tcUrl, credentials } = rtmp;
  const { name, query } = splitQuery(streamName);
  const parts = {
    origin: tcUrl.slice(0, tcUrl.length - app.length - 1),
    path: streamName === '' ? app : `${app}/${name}`,
    query,
    password: credentials?.password ?? '',
  };
  return { ...url, protocol: 'RTMP', remoteAddress: remoteAddressOf(rtmp), ...shownPushUrl(parts, address) };
}

function rtspUrlOf(url: StreamUrl, { appName, streamName, urlParam }: StreamAddress): PushUrl {
  const rtsp = parseRtspUrl(url.text);
  const { name, query } = splitQuery(rtsp.requestUrl);
  const pathAt = name.indexOf('/', name.indexOf('//') + 2);
  const parts = {
    origin: name.slice(0, pathAt),
    path: name.slice(pathAt + 1),
    query,
    password: rtsp.credentials?.password ?? '',
  };
  const encoded = { appName: encodePath(appName), streamName: encodePath(streamName), urlParam };
  return { ...url, protocol: 'RTSP', remoteAddress: remoteAddressOf(rtsp), ...shownPushUrl(parts, encoded) };
}
