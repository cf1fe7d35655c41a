/** Programs that others wrote, as viewers. Each writes what it received into an FLV file. */
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFlvFile } from './flv-file.ts';
import type { AccessUnit, Recording } from './flv-file.ts';
import { startProgram } from './program.ts';
import type { ExitStatus, Program } from './program.ts';
import type { Scope } from './scope.ts';

/** How long a player may take to write its file and leave after the stream has ended. */
const leaveWithinMs = 15_000;

export interface PlayerHabits {
  /** Loses what it has received but not yet written when the stream ends. */
  readonly forgetsAtEnd?: boolean;
}

export class Player {
  readonly program: Program;
  readonly file: string;
  readonly #habits: PlayerHabits;

  constructor(program: Program, file: string, habits: PlayerHabits = {}) {
    this.program = program;
    this.file = file;
    this.#habits = habits;
  }

  /**
   * To be awaited before the server is stopped: for a player that would forget the end, until the unit that ends the
   * stream is in its file. Others deliver what they have received, whenever the stream ends.
   */
  async caughtUp(last: AccessUnit, timeoutMs = 10_000): Promise<void> {
    if (this.#habits.forgetsAtEnd !== true) return;
    const giveUpMs = performance.now() + timeoutMs;
    while (this.program.isRunning && !this.#hasWritten(last)) {
      if (performance.now() > giveUpMs)
        throw new Error(`never wrote the last unit: ${this.program.describe()}`);
      await sleep(20);
    }
  }

  #hasWritten(unit: AccessUnit): boolean {
    if (!existsSync(this.file)) return false;
    return this.recording().units.some(({ hash, dtsMs }) => hash === unit.hash && dtsMs === unit.dtsMs);
  }

  /** Waits until the player has left by itself, because the stream has ended. */
  async ended(): Promise<ExitStatus> {
    return this.program.ended(leaveWithinMs);
  }

  /** What the player has received; to be asked for after it has ended. */
  recording(): Recording {
    try {
      return readFlvFile(this.file);
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${this.program.describe()}`, { cause: error });
    }
  }
}

let players = 0;

function dumpFile(scope: Scope, name: string): string {
  players += 1;
  return join(scope.folder(), `${name}-${players}.flv`);
}

/**
 * ffmpeg, over RTMP, RTMPS or HTTP. Certificates are not checked.
 * @param command another ffmpeg than the machine's own
 */
export function playWithFfmpeg(scope: Scope, url: string, command = 'ffmpeg'): Player {
  const file = dumpFile(scope, 'ffmpeg');
  const tls = url.startsWith('rtmps:') || url.startsWith('https:') ? ['-tls_verify', '0'] : [];
  const input = ['-copyts', ...tls, '-i', url];
  const args = ['-hide_banner', '-loglevel', 'info', '-nostats', '-nostdin', '-y', ...input];
  return new Player(startProgram(scope, command, [...args, '-c', 'copy', '-f', 'flv', file]), file);
}

/** rtmpdump, which writes the FLV tags of the RTMP messages as they come. */
export function playWithRtmpdump(scope: Scope, url: string): Player {
  const file = dumpFile(scope, 'rtmpdump');
  return new Player(startProgram(scope, 'rtmpdump', ['--live', '--verbose', '-r', url, '-o', file]), file);
}

/** GStreamer's rtmp2src. It drops the message that it holds when the connection ends (1.22, gstrtmp2src.c, `create`). */
export function playWithGstreamer(scope: Scope, url: string): Player {
  const file = dumpFile(scope, 'gstreamer');
  const pipeline = [
    'rtmp2src',
    `location=${url}`,
    '!',
    'filesink',
    'buffer-mode=unbuffered',
    `location=${file}`,
  ];
  return new Player(startProgram(scope, 'gst-launch-1.0', ['-q', ...pipeline]), file, { forgetsAtEnd: true });
}

/** VLC refuses to run as root: then it runs as this user and group ("nobody" on Debian). */
const nobody = 65_534;

/** VLC over RTMP or HTTP. Its `demuxdump` writes the bytes as its access module delivers them to the FLV demuxer. */
export function playWithVlc(scope: Scope, url: string): Player {
  const file = dumpFile(scope, 'vlc');
  const home = `${file}.home`;
  mkdirSync(home);
  const target = join(home, 'dump.flv');
  const vlc = [
    'cvlc',
    '-v',
    '--no-color',
    '--demux=demuxdump',
    `--demuxdump-file=${target}`,
    url,
    'vlc://quit',
  ];
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, DBUS_SESSION_BUS_ADDRESS: '' };
  if (process.getuid?.() !== 0)
    return new Player(startProgram(scope, vlc[0]!, vlc.slice(1), { env }), target);
  for (const folder of [scope.folder(), home]) chownSync(folder, nobody, nobody);
  const asNobody = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...vlc];
  return new Player(startProgram(scope, 'setpriv', asNobody, { env }), target);
}
