/** Servers that pull from each other. */
import { join } from 'node:path';
import type { ListenerKind } from '../../src/server/listeners/listener.ts';
import { LocalServer } from './local-server.ts';
import { rtspOn } from './relay-push.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';

/** How a stream is pulled, by what is said of it in names. */
export const pullKinds = [
  'rtmp',
  'rtmps',
  'rtsp-tcp',
  'rtsp-udp',
  'rtsps',
  'flv',
  'https-flv',
  'hls',
] as const;
export type PullKind = (typeof pullKinds)[number];

/** A server that gives its streams away by every protocol that can be pulled. Who comes late gets the cached pictures. */
export function startOrigin(scope: Scope, overrides: ConfigOverrides = {}): Promise<LocalServer> {
  return LocalServer.start(scope, {
    httpflv: { gop_num: 1 },
    rtsp: { ...rtspOn, gop_num: 100 },
    hls: {
      enable: true,
      url_pattern: '/hls/',
      out_path: join(scope.folder(), 'origin-hls'),
      fragment_duration_ms: 1000,
      fragment_num: 6,
      cleanup_mode: 0,
    },
    ...overrides,
  });
}

/** By kind: the listener that is called, the scheme, and the path of a stream. */
const places: Readonly<Record<PullKind, readonly [ListenerKind, string, (streamName: string) => string]>> = {
  rtmp: ['rtmp', 'rtmp', (name) => `live/${name}`],
  rtmps: ['rtmps', 'rtmps', (name) => `live/${name}`],
  'rtsp-tcp': ['rtsp', 'rtsp', (name) => `live/${name}`],
  'rtsp-udp': ['rtsp', 'rtsp', (name) => `live/${name}`],
  rtsps: ['rtsps', 'rtsps', (name) => `live/${name}`],
  flv: ['http', 'http', (name) => `live/${name}.flv`],
  'https-flv': ['https', 'https', (name) => `live/${name}.flv`],
  hls: ['http', 'http', (name) => `hls/${name}.m3u8`],
};

/** The URL of a stream at an origin. */
export function pullUrl(origin: LocalServer, kind: PullKind, streamName: string): string {
  const [listener, scheme, pathOf] = places[kind];
  return `${scheme}://127.0.0.1:${origin.port(listener)}/${pathOf(streamName)}`;
}

/** Settings by which viewers of `by-<kind>` get the origin's stream that way. */
export function pullByKind(origin: LocalServer, streamName: string): ConfigOverrides {
  const urlList = pullKinds.map((kind) => ({
    url: pullUrl(origin, kind, streamName),
    streams: `by-${kind}`,
    rtsp_mode: kind === 'rtsp-udp' ? 1 : 0,
    verify_certificate: false,
  }));
  return { static_relay_pull: { enable: true, url_list: urlList } };
}

/** Resolves when so many viewers are listed at a server, those of RTSP from DESCRIBE on. */
export async function untilListed(server: LocalServer, streamName: string, count: number): Promise<void> {
  const listed = (): number => server.server.statistics.group(streamName)?.subs?.length ?? 0;
  await server.until(() => listed() === count, `${count} viewers of ${streamName}`);
}
