/** A server process with everything switched on, for tests that come and go thousands of times. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from './api-client.ts';
import type { ApiAnswer } from './api-client.ts';
import type { CallbackServer } from './callback-server.ts';
import { freePort } from './free-ports.ts';
import type { HoldingsSource } from './process-holdings.ts';
import { startRtspServer } from './rtsp-server.ts';
import type { RtspTestServer } from './rtsp-server.ts';
import type { Scope } from './scope.ts';

const fragmentMs = 1_000;
const listedFragments = 2;
const keptFragments = 1;
/** HLS of a stream that is over is cleaned up after so long, no sooner. */
export const hlsKeptMs: number = (listedFragments + keptFragments) * fragmentMs;
/** By then it has been, and its viewers are gone. */
export const hlsGoneMs: number = hlsKeptMs + 1_000;

export class ChurnServer {
  readonly rtsp: RtspTestServer;
  readonly api: ApiClient;
  readonly source: HoldingsSource;
  readonly folder: string;
  readonly #configFile: string;
  #reloads = 0;

  private constructor(rtsp: RtspTestServer, folder: string, apiPort: number, pprofPort: number) {
    const { program, ports } = rtsp.server;
    this.rtsp = rtsp;
    this.api = new ApiClient(apiPort);
    this.source = { pid: program.pid!, pprofPort, apiPort };
    this.folder = folder;
    this.#configFile = join(rtsp.server.folder, `lalserver-${ports.rtmp}.conf.json`);
  }

  /** @param receiver is told of everything @param hlsTimeoutMs how long a viewer of HLS may be silent */
  static async start(
    scope: Scope,
    receiver: CallbackServer,
    hlsTimeoutMs: number = hlsGoneMs,
  ): Promise<ChurnServer> {
    const [apiPort, pprofPort] = [await freePort(), await freePort()];
    const folder = scope.folder();
    const rtsp = await startRtspServer(
      scope,
      {
        rtmp: { gop_num: 1 },
        httpflv: { gop_num: 1 },
        httpts: { enable: true, url_pattern: '/', gop_num: 1 },
        hls: {
          enable: true,
          url_pattern: '/hls/',
          out_path: join(folder, 'hls'),
          fragment_duration_ms: fragmentMs,
          fragment_num: listedFragments,
          delete_threshold: keptFragments,
          cleanup_mode: 1,
          sub_session_timeout_ms: hlsTimeoutMs,
          sub_session_hash_key: 'k',
          auto_start: false,
        },
        record: { flv_out_path: join(folder, 'flv'), mpegts_out_path: join(folder, 'ts') },
        http_api: { enable: true, addr: `127.0.0.1:${apiPort}` },
        pprof: { enable: true, addr: `127.0.0.1:${pprofPort}` },
        gb28181: { listen_host: '127.0.0.1' },
        // So few connections that all of them are soon used at a time: from then on the pool has its size.
        http_notify: receiver.section({ update_interval_sec: 1, connections: 8 }),
        log: { level: 3, filename: '', is_to_stdout: true },
      },
      { gop_num: 1 },
    );
    return new ChurnServer(rtsp, folder, apiPort, pprofPort);
  }

  get ports(): { readonly rtmp: number; readonly http: number; readonly rtsp: number } {
    const { rtmp, http } = this.rtsp.server.ports;
    return { rtmp, http, rtsp: this.rtsp.ports.rtsp };
  }

  /** Errors in the log so far. */
  get errors(): string[] {
    return this.rtsp.server.program.output
      .split('\n')
      .filter((line) => /\b(?:ERROR|FATAL|PANIC)\b/.test(line));
  }

  /** Makes a call that changes something; fails unless it succeeds. */
  async call<Data>(name: string, parameters: Record<string, unknown>): Promise<Data> {
    const answer = await this.try<Data>(name, parameters);
    if (answer.error_code !== 0) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  /** Makes a call that may be refused. */
  try<Data>(name: string, parameters: Record<string, unknown>): Promise<ApiAnswer<Data>> {
    const isGet = name === 'stop_relay_pull' || name === 'stop_rtp_pub' || name === 'reload_config';
    return isGet
      ? this.api.get<Data>(`/api/ctrl/${name}`, parameters as Record<string, string>)
      : this.api.post<Data>(`/api/ctrl/${name}`, parameters);
  }

  /** Changes something in the config file and has it read again. */
  async reload(): Promise<void> {
    this.#reloads += 1;
    const config = JSON.parse(readFileSync(this.#configFile, 'utf8')) as Record<string, object>;
    config['rtmp'] = { ...config['rtmp'], gop_num: 1 + (this.#reloads % 2) };
    config['http_notify'] = { ...config['http_notify'], update_interval_sec: 1 + (this.#reloads % 3) };
    // In one step: the server may be reading it for somebody else.
    writeFileSync(`${this.#configFile}.new`, JSON.stringify(config));
    renameSync(`${this.#configFile}.new`, this.#configFile);
    await this.call('reload_config', {});
  }
}
