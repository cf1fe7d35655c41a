/**
 * Programs that others wrote, playing transport streams over HTTP or HLS: each decodes everything as it comes, and writes
 * what it has received, not encoded anew, into a file of its own.
 */
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Recording } from './flv-file.ts';
import { probeUnits } from './probe-units.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';

/** How long a player may take to play what it has buffered and leave, after the stream has ended. */
const leaveWithinMs = 40_000;
const longestLifeMs = 400_000;
/** Machines that run tests stand still at times. */
const vlcBufferMs = 10_000;
/** VLC refuses to run as root: then it runs as this user and group ("nobody" on Debian). */
const nobody = 65_534;

export interface TsPlayerHabits {
  /** Those of its lines that are about the stream. */
  complaintsAmong(lines: readonly string[]): string[];
  /** Rounding of the times in its file. */
  readonly withinMs: number;
  /** So many frames its own muxer may lose at either end. */
  readonly losesFrames: number;
}

export class TsPlayer {
  readonly program: Program;
  readonly #scope: Scope;
  readonly #file: string;
  /** How exact its file is. */
  readonly habits: TsPlayerHabits;

  constructor(scope: Scope, program: Program, file: string, habits: TsPlayerHabits) {
    this.#scope = scope;
    this.program = program;
    this.#file = file;
    this.habits = habits;
  }

  /** Waits until the player has left by itself, because the stream has ended. Fails if it had anything to complain about. */
  async ended(): Promise<void> {
    const { code } = await this.program.ended(leaveWithinMs);
    const complaints = this.complaints();
    if (code !== 0 || complaints !== '') {
      throw new Error(`complaints (code ${code}):\n${complaints.slice(0, 2000)}\n${this.program.describe()}`);
    }
  }

  complaints(): string {
    const lines = this.program.output.split('\n').filter((line) => line.trim() !== '');
    return this.habits.complaintsAmong(lines).join('\n');
  }

  /** What the player has received; to be asked for after it has ended. */
  recording(): Promise<Recording> {
    return probeUnits(this.#scope, this.#file);
  }
}

export type PlayTs = (scope: Scope, url: string) => TsPlayer;

let players = 0;

function dumpFile(folder: string): string {
  players += 1;
  return join(folder, `player-${players}`);
}

const isPlaylist = (url: string): boolean => url.endsWith('.m3u8');

/** What ffmpeg says when a live stream ends, because it has no length. */
const endWithoutLength =
  /Stream ends prematurely at \d+, should be 18446744073709551615|\.ts: Input\/output error|Last message repeated/;

/** ffmpeg, as fast as the stream comes. */
export const playTsWithFfmpeg: PlayTs = (scope, url) => {
  const file = `${dumpFile(scope.folder())}.ts`;
  const input = [...(isPlaylist(url) ? ['-live_start_index', '0'] : []), '-copyts', '-i', url];
  const copy = ['-c', 'copy', '-f', 'mpegts', '-mpegts_copyts', '1', '-y', file];
  const args = ['-v', 'warning', '-nostdin', ...input, ...copy, '-f', 'null', '-'];
  const program = startProgram(scope, 'ffmpeg', args, { timeoutMs: longestLifeMs });
  return new TsPlayer(scope, program, file, {
    complaintsAmong: (lines) => lines.filter((line) => !endWithoutLength.test(line)),
    withinMs: 1,
    losesFrames: 0,
  });
};

/** GStreamer, in real time, with the warnings of what reads and decodes. */
export const playTsWithGstreamer: PlayTs = (scope, url) => {
  const file = `${dumpFile(scope.folder())}.ts`;
  const pipeline = [
    `souphttpsrc location=${url} ! ${isPlaylist(url) ? 'hlsdemux !' : ''} tsdemux name=demux`,
    `mpegtsmux name=mux ! filesink location=${file}`,
    'demux. ! queue ! h264parse ! tee name=video ! queue ! mux.',
    'video. ! queue ! avdec_h264 ! fakesink sync=true',
    'demux. ! queue ! aacparse ! tee name=audio ! queue ! mux.',
    'audio. ! queue ! avdec_aac ! fakesink sync=true',
  ];
  const debug = ['libav', 'videodecoder', 'audiodecoder', 'baseparse', 'tsdemux', 'hlsdemux'];
  const env = {
    ...process.env,
    GST_DEBUG: debug.map((name) => `${name}:2`).join(','),
    GST_DEBUG_NO_COLOR: '1',
  };
  const args = ['-q', ...pipeline.join(' ').split(/ +/)];
  const program = startProgram(scope, 'gst-launch-1.0', args, { env, timeoutMs: longestLifeMs });
  return new TsPlayer(scope, program, file, {
    complaintsAmong: (lines) => [...lines],
    withinMs: 1,
    losesFrames: 2,
  });
};

/** VLC, in real time, without a screen and loudspeakers. */
export const playTsWithVlc: PlayTs = (scope, url) => {
  const home = `${dumpFile(scope.folder())}.home`;
  mkdirSync(home);
  const file = join(home, 'received.flv');
  const outputs = ['--vout=dummy', '--aout=dummy'];
  const copy = `--sout=#duplicate{dst=display,dst=std{access=file,mux=ffmpeg{mux=flv},dst=${file}}}`;
  // When data is late by more than its buffer, VLC skips. Of a list it keeps 15 s by itself.
  const buffer = isPlaylist(url) ? [] : [`--network-caching=${vlcBufferMs}`];
  const vlc = ['cvlc', '-v', '--no-color', ...outputs, ...buffer, copy, url, 'vlc://quit'];
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, DBUS_SESSION_BUS_ADDRESS: '' };
  const options = { env, timeoutMs: longestLifeMs };
  const habits = { complaintsAmong: decoderLines, withinMs: 2, losesFrames: 10 };
  if (process.getuid?.() !== 0) {
    return new TsPlayer(scope, startProgram(scope, vlc[0]!, vlc.slice(1), options), file, habits);
  }
  for (const folder of [scope.folder(), home]) chownSync(folder, nobody, nobody);
  const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...vlc];
  return new TsPlayer(scope, startProgram(scope, 'setpriv', asNobody, options), file, habits);
};

/**
 * What FFmpeg's decoders inside VLC, its demuxers and its access have to say. Late pictures are a matter of the machine.
 * When VLC leaves, it takes the pictures away from decoders that still work: what those say then is not about the stream.
 */
function decoderLines(lines: readonly string[]): string[] {
  const contextOf = (line: string): string | undefined => /^\[\w+ @ 0x(\w+)\]/.exec(line)?.[1];
  const robbed = new Set(lines.filter((line) => line.includes('get_buffer() failed')).map(contextOf));
  return lines.filter((line) => {
    const context = contextOf(line);
    if (context !== undefined) return !robbed.has(context);
    return (
      / (demux|access|stream|packetizer|decoder) (error|warning)/.test(line) &&
      !line.includes('decoded zero sample')
    );
  });
}
