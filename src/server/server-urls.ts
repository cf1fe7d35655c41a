import { parseListenAddress } from './config/listen-address.ts';
import type { HttpOutputConfig, ServerConfig } from './config/server-config.ts';

/** Where one stream can be published to, and played from, on this machine. */
export interface ServerUrls {
  readonly publish: readonly string[];
  readonly play: readonly string[];
}

/** The app of the examples; any other does as well. */
const APP = 'live';

/**
 * The URLs of a stream on a server with this config, plain ones before those with TLS.
 * @param streamName used as it is
 */
export function serverUrls(config: ServerConfig, streamName: string): ServerUrls {
  const { rtmp, httpflv } = config;
  const rtmpUrls = [
    ...(rtmp.enable ? [`rtmp://${hostAndPort(rtmp.addr)}/${APP}/${streamName}`] : []),
    ...(rtmp.rtmps_enable ? [`rtmps://${hostAndPort(rtmp.rtmps_addr)}/${APP}/${streamName}`] : []),
  ];
  return { publish: rtmpUrls, play: [...rtmpUrls, ...httpUrls(httpflv, `${streamName}.flv`)] };
}

function httpUrls(section: HttpOutputConfig, fileName: string): string[] {
  // Below the root any folder is served; as everywhere else, the examples use the app.
  const path = `${section.url_pattern === '/' ? `/${APP}/` : section.url_pattern}${fileName}`;
  const urls: string[] = [];
  if (section.enable && section.http_listen_addr !== '') {
    const host = hostAndPort(section.http_listen_addr);
    urls.push(`http://${host}${path}`, `ws://${host}${path}`);
  }
  if (section.enable_https && section.https_listen_addr !== '') {
    const host = hostAndPort(section.https_listen_addr);
    urls.push(`https://${host}${path}`, `wss://${host}${path}`);
  }
  return urls;
}

/** As seen from this machine. With the port even where the scheme has it as its own: it shows where to look. */
function hostAndPort(address: string): string {
  const { host = 'localhost', port } = parseListenAddress(address) ?? { port: 0 };
  const isAnyHost = host === '0.0.0.0' || host === '::';
  const written = host.includes(':') ? `[${host}]` : host;
  return `${isAnyHost ? 'localhost' : written}:${port}`;
}
