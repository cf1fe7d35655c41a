import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-ports.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import { certificateFile, certificateKeyFile, projectRoot } from './project.ts';
import type { Scope } from './scope.ts';

type Section = Record<string, unknown>;

/** What a test changes in the config: sections are merged key by key, anything else replaces. */
export type ConfigOverrides = Record<string, Section | string | number | boolean>;

export interface ServerPorts {
  readonly rtmp: number;
  readonly rtmps: number;
  readonly http: number;
  readonly https: number;
}

/** What HTTP-FLV and HTTP-TS are served over. */
export type HttpScheme = 'http' | 'https' | 'ws' | 'wss';

/** The longest a stop may take; the README promises it. */
const stopWithinMs = 5_000;

/** A running lalserver process and its addresses. */
export class TestServer {
  readonly ports: ServerPorts;
  readonly program: Program;
  readonly folder: string;

  constructor(program: Program, ports: ServerPorts, folder: string) {
    this.program = program;
    this.ports = ports;
    this.folder = folder;
  }

  rtmpUrl(streamName: string): string {
    return `rtmp://127.0.0.1:${this.ports.rtmp}/live/${streamName}`;
  }

  rtmpsUrl(streamName: string): string {
    return `rtmps://127.0.0.1:${this.ports.rtmps}/live/${streamName}`;
  }

  flvUrl(scheme: HttpScheme, streamName: string): string {
    return `${this.#origin(scheme)}/live/${streamName}.flv`;
  }

  tsUrl(scheme: HttpScheme, streamName: string): string {
    return `${this.#origin(scheme)}/live/${streamName}.ts`;
  }

  /** @param path below `/hls/`, such as `NAME.m3u8` */
  hlsUrl(scheme: 'http' | 'https', path: string): string {
    return `${this.#origin(scheme)}/hls/${path}`;
  }

  /** Asks the server to stop and fails unless it exits with code 0 in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.program.isRunning) throw new Error(`the server ended by itself: ${this.program.describe()}`);
    this.program.signal(signal);
    const { code } = await this.program.ended(stopWithinMs);
    if (code !== 0) throw new Error(`${signal} did not end in exit code 0: ${this.program.describe()}`);
  }

  #origin(scheme: HttpScheme): string {
    const port = scheme === 'http' || scheme === 'ws' ? this.ports.http : this.ports.https;
    return `${scheme}://127.0.0.1:${port}`;
  }
}

/** A complete config with its own ports; `overrides` are merged into it. */
export function testConfig(ports: ServerPorts, overrides: ConfigOverrides = {}): ConfigOverrides {
  const config: ConfigOverrides = {
    conf_version: 'v0.4.1',
    server_id: 'e2e',
    rtmp: {
      enable: true,
      addr: `127.0.0.1:${ports.rtmp}`,
      rtmps_enable: true,
      rtmps_addr: `127.0.0.1:${ports.rtmps}`,
      rtmps_cert_file: certificateFile,
      rtmps_key_file: certificateKeyFile,
      gop_num: 0,
      single_gop_max_frame_num: 0,
      merge_write_size: 0,
    },
    in_session: { add_dummy_audio_enable: false, add_dummy_audio_wait_audio_ms: 150 },
    default_http: {
      http_listen_addr: `127.0.0.1:${ports.http}`,
      https_listen_addr: `127.0.0.1:${ports.https}`,
      https_cert_file: certificateFile,
      https_key_file: certificateKeyFile,
    },
    httpflv: {
      enable: true,
      enable_https: true,
      url_pattern: '/',
      gop_num: 0,
      single_gop_max_frame_num: 0,
    },
    log: {
      level: 1,
      filename: './logs/lalserver.log',
      is_to_stdout: true,
      is_rotate_daily: true,
      short_file_flag: false,
      timestamp_flag: true,
      timestamp_with_ms_flag: true,
      level_flag: true,
      assert_behavior: 1,
    },
  };
  for (const [key, value] of Object.entries(overrides)) {
    const section = config[key];
    config[key] = typeof section === 'object' && typeof value === 'object' ? { ...section, ...value } : value;
  }
  return config;
}

/** Four free ports for one server. */
export async function serverPorts(): Promise<ServerPorts> {
  return {
    rtmp: await freePort(),
    rtmps: await freePort(),
    http: await freePort(),
    https: await freePort(),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Resolves when something accepts connections on each port; fails at once when `program` ends. */
export async function portsOpen(
  program: Program,
  ports: readonly number[],
  timeoutMs = 20_000,
): Promise<void> {
  const giveUpMs = performance.now() + timeoutMs;
  for (const port of ports) {
    while (!(await accepts(port))) {
      if (!program.isRunning) throw new Error(`ended before port ${port} was open: ${program.describe()}`);
      if (performance.now() > giveUpMs) throw new Error(`port ${port} never opened: ${program.describe()}`);
      await sleep(20);
    }
  }
}

/**
 * The command line of our server, to be started by the caller. LAL_E2E_SERVER names another program with the same
 * flags, to see how lal itself does.
 */
export function serverCommand(...args: string[]): [string, string[]] {
  const other = process.env['LAL_E2E_SERVER'];
  if (other !== undefined) return [other, args];
  return [process.execPath, [join(projectRoot, 'bin', 'lalserver.js'), ...args]];
}

/** Starts lalserver in a folder of its own and waits until it listens. It ends with the scope at the latest. */
export async function startServer(scope: Scope, overrides: ConfigOverrides = {}): Promise<TestServer> {
  const ports = await serverPorts();
  const folder = scope.folder();
  const configFile = join(folder, `lalserver-${ports.rtmp}.conf.json`);
  writeFileSync(configFile, JSON.stringify(testConfig(ports, overrides), null, 2));
  const [command, args] = serverCommand('-c', configFile);
  const program = startProgram(scope, command, args, { cwd: folder, timeoutMs: 600_000 });
  await portsOpen(program, Object.values(ports) as number[]);
  return new TestServer(program, ports, folder);
}
