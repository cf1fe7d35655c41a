/** The server at the other end of relays, the same for both: ours, in this process. */
import pino from 'pino';
import { parseConfig } from '../../src/server/config/load-config.ts';
import { createServer } from '../../src/server/media-server.ts';
import type { MediaServer } from '../../src/server/media-server.ts';
import type { Scope } from '../support/scope.ts';
import type { Ports } from './settings.ts';

/** Name of the stream that is always there, below `live/`. */
export const peerStream = 'origin';

export class Peer {
  readonly rtmpUrl: string;
  readonly rtspUrl: string;
  readonly #server: MediaServer;

  private constructor(server: MediaServer, { peerRtmp, peerRtsp }: Ports) {
    this.#server = server;
    this.rtmpUrl = `rtmp://127.0.0.1:${peerRtmp}/live`;
    this.rtspUrl = `rtsp://127.0.0.1:${peerRtsp}/live`;
  }

  static async start(scope: Scope, ports: Ports, media: string): Promise<Peer> {
    const text = JSON.stringify({
      server_id: 'peer',
      rtmp: { enable: true, addr: `127.0.0.1:${ports.peerRtmp}`, gop_num: 1 },
      rtsp: { enable: true, addr: `127.0.0.1:${ports.peerRtsp}` },
    });
    const server = createServer(parseConfig(text, 'peer').config, { logger: pino({ level: 'silent' }) });
    await server.start();
    scope.defer(() => server.close());
    const file = { path: media, appName: 'live', loop: true };
    await server.publishFile({ ...file, streamName: peerStream });
    return new Peer(server, ports);
  }

  /** Whether somebody publishes the stream here. */
  has(streamName: string): boolean {
    return this.#server.hub.get(streamName)?.publication !== undefined;
  }
}
