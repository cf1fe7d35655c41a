import { parseListenAddress } from './config/listen-address.ts';
import type { HttpOutputConfig, ServerConfig } from './config/server-config.ts';

/** Where one stream can be published to, and played from, on this machine. */
export interface ServerUrls {
  readonly publish: readonly string[];
  readonly play: readonly string[];
}

/** The app of the examples; any other does as well. */
const APP = 'live';

/** Schemes of outputs that last as long as the stream. */
const LIVE_SCHEMES = ['http', 'ws'] as const;

/**
 * The URLs of a stream on a server with this config, plain ones before those with TLS.
 * @param streamName used as it is
 */
export function serverUrls(config: ServerConfig, streamName: string): ServerUrls {
  const { rtmp, rtsp, httpflv, httpts, hls } = config;
  const rtmpUrls = [
    ...(rtmp.enable ? [`rtmp://${hostAndPort(rtmp.addr)}/${APP}/${streamName}`] : []),
    ...(rtmp.rtmps_enable ? [`rtmps://${hostAndPort(rtmp.rtmps_addr)}/${APP}/${streamName}`] : []),
  ];
  const rtspUrls = [
    ...(rtsp.enable ? [`rtsp://${hostAndPort(rtsp.addr)}/${APP}/${streamName}`] : []),
    ...(rtsp.rtsps_enable ? [`rtsps://${hostAndPort(rtsp.rtsps_addr)}/${APP}/${streamName}`] : []),
  ];
  const hlsApp = config.stream_key === 'app_stream' ? `${APP}/` : '';
  const play = [
    ...rtmpUrls,
    ...rtspUrls,
    ...httpUrls(httpflv, livePath(httpflv, `${streamName}.flv`), LIVE_SCHEMES),
    ...httpUrls(httpts, livePath(httpts, `${streamName}.ts`), LIVE_SCHEMES),
    ...httpUrls(hls, `${hls.url_pattern}${hlsApp}${streamName}.m3u8`, ['http']),
  ];
  return { publish: [...rtmpUrls, ...rtspUrls], play };
}

/** The page of the HTTP API that shows streams; `undefined` while the API is off. */
export function streamsPageUrl({ http_api: api }: ServerConfig): string | undefined {
  return api.enable ? `http://${hostAndPort(api.addr)}/lal.html` : undefined;
}

/** Below the root any folder is served; as everywhere else, the examples use the app. */
function livePath({ url_pattern: pattern }: HttpOutputConfig, fileName: string): string {
  return `${pattern === '/' ? `/${APP}/` : pattern}${fileName}`;
}

/** @param schemes without the `s` of their forms with TLS */
function httpUrls(section: HttpOutputConfig, path: string, schemes: readonly string[]): string[] {
  const plain = section.enable ? section.http_listen_addr : '';
  const secure = section.enable_https ? section.https_listen_addr : '';
  return [
    ...(plain === '' ? [] : schemes.map((scheme) => `${scheme}://${hostAndPort(plain)}${path}`)),
    ...(secure === '' ? [] : schemes.map((scheme) => `${scheme}s://${hostAndPort(secure)}${path}`)),
  ];
}

/** As seen from this machine. With the port even where the scheme has it as its own: it shows where to look. */
function hostAndPort(address: string): string {
  const { host = 'localhost', port } = parseListenAddress(address) ?? { port: 0 };
  const isAnyHost = host === '0.0.0.0' || host === '::';
  const written = host.includes(':') ? `[${host}]` : host;
  return `${isAnyHost ? 'localhost' : written}:${port}`;
}
