/** Programs as publishers: those that others wrote, and our own. */
import { join } from 'node:path';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import { projectRoot } from './project.ts';
import type { Scope } from './scope.ts';

/** Options of ffmpeg that push `file` as it is, in real time. */
export interface FfmpegPublishOptions {
  /** Another ffmpeg than the machine's own. */
  readonly command?: string;
  /** Starts the times at this many milliseconds instead of 0. */
  readonly startMs?: number;
  /** Plays the file this many times more. */
  readonly loops?: number;
  /** Longest life; a minute. */
  readonly timeoutMs?: number;
}

/** Publishes a file with ffmpeg, without encoding anew; ends with the file. */
export function publishWithFfmpeg(
  scope: Scope,
  file: string,
  url: string,
  options: FfmpegPublishOptions = {},
): Program {
  const tls = url.startsWith('rtmps:') ? ['-tls_verify', '0'] : [];
  const loops = options.loops === undefined ? [] : ['-stream_loop', String(options.loops)];
  const offset = options.startMs === undefined ? [] : ['-output_ts_offset', String(options.startMs / 1000)];
  const before = ['-hide_banner', '-loglevel', 'warning', '-nostdin', '-re', ...loops, '-i', file];
  const after = ['-c', 'copy', ...offset, '-f', 'flv', '-flvflags', 'no_duration_filesize', ...tls, url];
  const { command = 'ffmpeg', timeoutMs = 200_000 } = options;
  return startProgram(scope, command, [...before, ...after], { timeoutMs });
}

/**
 * Publishes an H.264 + AAC file with GStreamer's flvmux and rtmp2sink, in real time.
 * @returns the program, and the file into which it writes the FLV tags that it sends: the reference for viewers
 */
export function publishWithGstreamer(
  scope: Scope,
  file: string,
  url: string,
): { program: Program; reference: string } {
  const reference = join(scope.folder(), 'gstreamer-sent.flv');
  const pipeline = [
    `flvmux name=mux streamable=true ! tee name=sent`,
    `sent. ! queue ! filesink location=${reference}`,
    `sent. ! queue ! rtmp2sink location=${url} sync=true`,
    `filesrc location=${file} ! flvdemux name=demux`,
    `demux.video ! queue ! h264parse ! video/x-h264,stream-format=avc,alignment=au ! mux.video`,
    `demux.audio ! queue ! aacparse ! mux.audio`,
  ].join(' ');
  const program = startProgram(scope, 'gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
  return { program, reference };
}

/** Publishes an FLV file with `lal push`, over and over again, until the scope ends. */
export function publishWithLal(scope: Scope, file: string, url: string): Program {
  const lal = join(projectRoot, 'bin', 'lal.js');
  return startProgram(scope, process.execPath, [lal, 'push', '--loop', '-i', file, '-o', url], {
    timeoutMs: 600_000,
  });
}
