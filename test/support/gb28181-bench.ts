/** A server in the test's own process that receives GB28181, and what a test does with it again and again. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import type { MediaServerOptions } from '../../src/server/media-server.ts';
import { ApiClient } from './api-client.ts';
import type { ApiAnswer } from './api-client.ts';
import type { TimedPacket } from './gb28181-device.ts';
import type { DeviceWay, StartedReceiver } from './gb28181-sources.ts';
import { LocalServer } from './local-server.ts';
import type { LogRecord } from './local-server.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';

const host = '127.0.0.1';

export class Gb28181Bench {
  readonly local: LocalServer;
  readonly api: ApiClient;

  private constructor(local: LocalServer) {
    this.local = local;
    this.api = new ApiClient(local.port('http-api'));
  }

  static async start(
    scope: Scope,
    overrides: ConfigOverrides = {},
    options: Partial<MediaServerOptions> = {},
  ): Promise<Gb28181Bench> {
    const config = {
      http_api: { enable: true, addr: `${host}:0` },
      gb28181: { listen_host: host },
      ...overrides,
    };
    return new Gb28181Bench(await LocalServer.start(scope, config, options));
  }

  /** A call of `start_rtp_pub`, whatever becomes of it. */
  call(body: object): Promise<ApiAnswer<StartedReceiver>> {
    return this.api.post('/api/ctrl/start_rtp_pub', body);
  }

  stop(streamName: string): Promise<ApiAnswer<{ readonly session_id: string }>> {
    return this.api.get('/api/ctrl/stop_rtp_pub', { stream_name: streamName });
  }

  /** Resolves when a receiver has taken all these packets. */
  async untilReceived(streamName: string, packets: readonly TimedPacket[]): Promise<void> {
    const bytes = packets.reduce((sum, packet) => sum + packet.bytes.length, 0);
    const received = (): number => this.local.server.statistics.group(streamName)?.pub.read_bytes_sum ?? 0;
    await this.local.until(() => received() >= bytes, `${bytes} bytes for ${streamName}`);
  }

  /** Resolves when so many pictures are on the air. */
  async untilPictures(streamName: string, count: number): Promise<void> {
    const pictures = (): number => this.local.stream(streamName)?.publication?.frames.video ?? 0;
    await this.local.until(() => pictures() >= count, `${count} pictures of ${streamName}`);
  }

  /** Resolves with what the log says of the end of a session. */
  async stopped(sessionId: string): Promise<LogRecord> {
    const line = (): LogRecord | undefined =>
      this.local.log.find(({ msg, session }) => msg === 'publish stop' && session === sessionId);
    await this.local.until(() => line() !== undefined, `the end of ${sessionId}`);
    return line()!;
  }
}

/** Fails unless somebody else may have the port now. */
export async function expectFree(way: DeviceWay, port: number): Promise<void> {
  if (way === 'udp') {
    const socket = createSocket('udp4').bind({ port, address: host, exclusive: true });
    await once(socket, 'listening');
    socket.close();
  } else if (way === 'tcp') {
    const server = createServer().listen({ port, host, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } else {
    expect(port).toBe(0);
  }
}
