/** Recordings as an operator finds them, looked at with ffprobe and ffmpeg. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readFlvFile } from './flv-file.ts';
import type { Recording } from './flv-file.ts';
import { runProgram } from './program.ts';
import type { Scope } from './scope.ts';
import type { ConfigOverrides } from './server.ts';

/** One packet as ffprobe sees it, times in milliseconds. */
interface ProbedPacket {
  readonly kind: 'video' | 'audio' | 'data';
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly isKey: boolean;
}

export interface ProbedFile {
  readonly packets: readonly ProbedPacket[];
  /** What the container says; ffprobe estimates where it says nothing. */
  readonly durationMs: number;
}

/** Both kinds of recordings on, in folders below the server's own. */
export function recordConfig(more: Record<string, unknown> = {}): ConfigOverrides {
  return {
    record: {
      enable_flv: true,
      flv_out_path: './record/flv/',
      enable_mpegts: true,
      mpegts_out_path: './record/ts',
      ...more,
    },
  };
}

/** The recordings below a server's folder, oldest name first; nothing when there is no such folder. */
export function recordedFiles(folder: string, kind: 'flv' | 'ts'): string[] {
  const root = join(folder, 'record', kind);
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(`.${kind}`))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((name) => join(root, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

interface ProbeOutput {
  readonly packets?: readonly {
    readonly codec_type: ProbedPacket['kind'];
    readonly dts_time?: string;
    readonly pts_time?: string;
    readonly flags: string;
  }[];
  readonly format?: { readonly duration?: string };
}

/** All packets of a file. Fails when ffprobe cannot open it, or has anything to complain about unless that is allowed. */
export async function probeFile(
  path: string,
  { mayComplain = false }: { readonly mayComplain?: boolean } = {},
): Promise<ProbedFile> {
  const show = ['-show_entries', 'packet=codec_type,dts_time,pts_time,flags:format=duration'];
  const loglevel = ['-loglevel', mayComplain ? 'quiet' : 'warning'];
  const output = await runProgram('ffprobe', [...loglevel, ...show, '-of', 'json', path]);
  if (!output.startsWith('{')) throw new Error(`ffprobe complains about ${path}: ${output.slice(0, 1000)}`);
  const { packets = [], format } = JSON.parse(output) as ProbeOutput;
  return {
    packets: packets.map(({ codec_type: kind, dts_time: dts, pts_time: pts, flags }) => ({
      kind,
      dtsMs: Number(dts ?? pts) * 1000,
      ptsMs: Number(pts ?? dts) * 1000,
      isKey: flags.startsWith('K'),
    })),
    durationMs: Number(format?.duration) * 1000,
  };
}

/** What ffmpeg reads from a transport stream, as FLV. Times start at 0. */
export async function readTsFile(scope: Scope, path: string): Promise<Recording> {
  const flv = join(scope.folder(), `from-ts-${performance.now()}.flv`);
  await runProgram('ffmpeg', ['-loglevel', 'error', '-nostdin', '-i', path, '-c', 'copy', '-y', flv]);
  return readFlvFile(flv);
}

/** Decodes everything; fails when the decoder has anything to complain about. */
export async function decodeFile(path: string, ...before: string[]): Promise<void> {
  const args = ['-loglevel', 'warning', '-nostdin', ...before, '-i', path, '-f', 'null', '-'];
  const output = await runProgram('ffmpeg', args);
  if (output.trim() !== '') throw new Error(`ffmpeg complains about ${path}: ${output.slice(0, 1000)}`);
}
