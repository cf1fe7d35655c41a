import { freePort } from './free-ports.ts';
import { portsOpen, startServer } from './server.ts';
import type { ConfigOverrides, TestServer } from './server.ts';
import { certificateFile, certificateKeyFile } from './project.ts';
import type { Scope } from './scope.ts';

/** A running lalserver that speaks RTSP, RTSPS and RTSP over WebSocket too. */
export interface RtspTestServer {
  readonly server: TestServer;
  readonly ports: { readonly rtsp: number; readonly rtsps: number; readonly ws: number };
  rtspUrl(streamName: string, scheme?: string): string;
  rtspsUrl(streamName: string): string;
  wsUrl(streamName: string): string;
}

/** Enough for everything that a test publishes: who joins late gets it from the first picture on. */
const cachedGops = 100;

/** @param rtsp what to change in the section of RTSP */
export async function startRtspServer(
  scope: Scope,
  overrides: ConfigOverrides = {},
  rtsp: Record<string, unknown> = {},
): Promise<RtspTestServer> {
  const ports = { rtsp: await freePort(), rtsps: await freePort(), ws: await freePort() };
  const server = await startServer(scope, {
    ...overrides,
    rtsp: {
      enable: true,
      addr: `127.0.0.1:${ports.rtsp}`,
      rtsps_enable: true,
      rtsps_addr: `127.0.0.1:${ports.rtsps}`,
      rtsps_cert_file: certificateFile,
      rtsps_key_file: certificateKeyFile,
      ws_rtsp_enable: true,
      ws_rtsp_addr: `127.0.0.1:${ports.ws}`,
      out_wait_key_frame_flag: true,
      gop_num: cachedGops,
      ...rtsp,
    },
  });
  await portsOpen(server.program, Object.values(ports));
  return {
    server,
    ports,
    rtspUrl: (streamName, scheme = 'rtsp') => `${scheme}://127.0.0.1:${ports.rtsp}/live/${streamName}`,
    rtspsUrl: (streamName) => `rtsps://127.0.0.1:${ports.rtsps}/live/${streamName}`,
    wsUrl: (streamName) => `ws://127.0.0.1:${ports.ws}/live/${streamName}`,
  };
}

/** Resolves when each of the first `players` has been let begin; their cached pictures are there while the publisher is. */
export async function untilPlaying({ program }: TestServer, players: number): Promise<void> {
  const ids = Array.from({ length: players }, (_, index) => index + 1);
  await Promise.all(ids.map((id) => program.printed(new RegExp(`play start session=RTSPSUB${id} `))));
}
