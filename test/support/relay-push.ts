/** Servers that push to each other. */
import { certificateFile, certificateKeyFile } from './project.ts';
import { FlvReader } from './flv-reader.ts';
import { LocalServer } from './local-server.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';

/** A server that takes RTMP, RTMPS, RTSP and RTSPS. */
export async function startTarget(scope: Scope, overrides: ConfigOverrides = {}): Promise<LocalServer> {
  return await LocalServer.start(scope, { ...overrides, rtsp: rtspOn });
}

export const rtspOn = {
  enable: true,
  addr: '127.0.0.1:0',
  rtsps_enable: true,
  rtsps_addr: '127.0.0.1:0',
  rtsps_cert_file: certificateFile,
  rtsps_key_file: certificateKeyFile,
} as const;

/** The template of a URL on `target`. */
export function templateOn(
  target: LocalServer,
  kind: 'rtmp' | 'rtmps' | 'rtsp' | 'rtsps',
  path = '{app}/{stream}',
): { url: string; verify_certificate: boolean } {
  return { url: `${kind}://127.0.0.1:${target.port(kind)}/${path}`, verify_certificate: false };
}

/** Watches a stream from before its publisher comes. */
export async function watch(scope: Scope, server: LocalServer, streamName: string): Promise<FlvReader> {
  const reader = FlvReader.open(scope, server.flvUrl('http', streamName));
  await reader.joined();
  return reader;
}
