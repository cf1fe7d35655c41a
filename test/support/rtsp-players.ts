/** Programs that others wrote, as players of RTSP. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessUnit, Recording } from './flv-file.ts';
import { readGdp } from './gdp-file.ts';
import type { GdpBuffer } from './gdp-file.ts';
import { digest, essentialNalUnits, hasNalUnits, splitByStartCode } from './nal-units.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';

const byteStream = 'stream-format=byte-stream,alignment=au';
/** What makes access units of a codec's packets. */
const depayloaders: Record<string, string> = {
  h264: `rtph264depay ! video/x-h264,${byteStream}`,
  h265: `rtph265depay ! video/x-h265,${byteStream}`,
  vp9: 'rtpvp9depay',
  aac: 'rtpmp4gdepay',
  opus: 'rtpopusdepay',
  g711a: 'rtppcmadepay',
  g711u: 'rtppcmudepay',
  mp3: 'rtpmpadepay',
};

let players = 0;

/** GStreamer's rtspsrc, which writes each access unit and its time into a file. */
export class GstreamerRtspPlayer {
  readonly #scope: Scope;
  readonly #args: readonly string[];
  readonly #tracks: { readonly kind: AccessUnit['kind']; readonly codec: string; readonly file: string }[];
  #program: Program;
  #isWatched = true;

  /**
   * @param codecs of the stream, by kind
   * @param begun resolves when there is something to play
   */
  constructor(
    scope: Scope,
    url: string,
    transport: 'tcp' | 'udp' | 'http',
    codecs: Partial<Record<AccessUnit['kind'], string>>,
    begun: Promise<void> = Promise.resolve(),
  ) {
    players += 1;
    this.#scope = scope;
    this.#tracks = Object.entries(codecs).map(([kind, codec]) => ({
      kind: kind as AccessUnit['kind'],
      codec,
      file: join(scope.folder(), `gstreamer-${players}-${kind}.gdp`),
    }));
    const protocols = transport === 'http' ? 'tcp+http' : transport;
    // Without a jitter buffer that smoothes times by the arrival of packets.
    const source = `rtspsrc name=source location=${url} protocols=${protocols} buffer-mode=none`;
    const branches = this.#tracks.map(
      ({ kind, codec, file }) =>
        `source. ! application/x-rtp,media=${kind} ! ${depayloaders[codec]} ! gdppay ! ` +
        `filesink buffer-mode=unbuffered location=${file}`,
    );
    this.#args = ['-q', ...[source, ...branches].join(' ').split(' ')];
    this.#program = this.#start();
    scope.defer(() => {
      this.#isWatched = false;
    });
    begun.then(() => this.#watchLinks()).catch(() => {});
  }

  get program(): Program {
    return this.#program;
  }

  #start(): Program {
    return startProgram(this.#scope, 'gst-launch-1.0', this.#args);
  }

  /**
   * When both tracks begin in the same moment, gst-launch may link one of them twice, and thereby not at all, so that
   * nothing flows ("Delayed linking failed", one time in a hundred on a busy machine). Then it is started again: the
   * server has all of the stream in its cache.
   */
  async #watchLinks(): Promise<void> {
    let startedMs = performance.now();
    while (this.#isWatched && this.#tracks.some(({ file }) => buffersIn(file).length === 0)) {
      if (performance.now() - startedMs > linkWithinMs) {
        await this.#program.stop();
        for (const { file } of this.#tracks) rmSync(file, { force: true });
        this.#program = this.#start();
        startedMs = performance.now();
      }
      await sleep(pollMs);
    }
  }

  /** Resolves when these are the last of their kinds that it has written: what it holds when the connection ends, it drops. */
  async caughtUp(last: readonly AccessUnit[], timeoutMs = 15_000): Promise<void> {
    const giveUpMs = performance.now() + timeoutMs;
    for (;;) {
      const { units } = this.recording();
      const written = (kind: AccessUnit['kind']): string | undefined =>
        units.findLast((unit) => unit.kind === kind)?.hash;
      if (last.every(({ kind, hash }) => written(kind) === hash)) return;
      if (!this.program.isRunning || performance.now() > giveUpMs) {
        throw new Error(`never wrote the last unit: ${this.program.describe()}`);
      }
      await sleep(pollMs);
    }
  }

  /** When the server closes, it leaves with an error. Out of tunnels, and over UDP on a busy machine, it does not always find. */
  async ended(): Promise<void> {
    this.#isWatched = false;
    await this.program.ended(leaveWithinMs).catch(() => this.program.stop());
  }

  recording(): Recording {
    const units = this.#tracks.flatMap(({ kind, codec, file }) => {
      return buffersIn(file).map(({ ptsMs, data }) => {
        const parts = hasNalUnits(codec) ? splitByStartCode(data) : [data];
        const content = hasNalUnits(codec) ? essentialNalUnits(codec, parts) : parts;
        const isKey = kind === 'audio' || parts.some((part) => isKeyNalUnit(codec, part));
        return { kind, codec, dtsMs: NaN, ptsMs, isKey, ...digest(content) };
      });
    });
    return { units, headers: [], scripts: [] };
  }
}

function buffersIn(file: string): GdpBuffer[] {
  return existsSync(file) ? readGdp(readFileSync(file)) : [];
}

const pollMs = 50;
/** How long it may take from the beginning of the stream until both tracks flow. */
const linkWithinMs = 2_000;
const leaveWithinMs = 3_000;

function isKeyNalUnit(codec: string, nalUnit: Buffer): boolean {
  if (codec === 'h264') return (nalUnit[0]! & 31) === 5;
  const type = (nalUnit[0]! >> 1) & 63;
  return type >= 16 && type <= 21;
}
