/** The access units of a file or stream as ffprobe reads them. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessUnit, Recording } from './flv-file.ts';
import { digest, essentialNalUnits, hasNalUnits, splitByLength, splitByStartCode } from './nal-units.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';

interface ProbedStream {
  readonly index: number;
  readonly codec_name: string;
  readonly codec_type: string;
  readonly time_base: string;
}

interface ProbedPacket {
  readonly stream_index: number;
  readonly pts: number;
  readonly dts: number;
  readonly flags: string;
  readonly data: string;
}

interface ProbeOutput {
  readonly packets: readonly ProbedPacket[];
  readonly streams: readonly ProbedStream[];
  readonly format: { readonly format_name: string };
}

/** ffprobe's names of codecs, where they are others than ours. */
const codecNames: Record<string, string> = { hevc: 'h265', pcm_alaw: 'g711a', pcm_mulaw: 'g711u' };

/** What FFmpeg says about the end of a live stream, which has no length. */
const endWithoutLength = /^\[http.*\] Stream ends prematurely at \d+, should be 18446744073709551615\n/gm;

/** What FFmpeg 5 says about VP9 in RTP. */
const experiment = /^\[rtsp .*\] RTP\/VP9 support is still experimental\n/gm;

let probes = 0;

/** An ffprobe that reads a stream to its end. */
export class UnitProbe {
  readonly program: Program;
  readonly #file: string;

  /**
   * @param input a file or an URL
   * @param options of the input
   */
  constructor(scope: Scope, input: string, options: readonly string[] = []) {
    probes += 1;
    this.#file = join(scope.folder(), `probed-${probes}.json`);
    const entries =
      'stream=index,codec_name,codec_type,time_base:packet=stream_index,pts,dts,flags,data:format=format_name';
    const show = ['-show_data', '-show_entries', entries, '-of', 'json', '-o', this.#file];
    this.program = startProgram(scope, 'ffprobe', ['-v', 'warning', ...options, ...show, input]);
  }

  /** Everything that was read, times in fractions of a millisecond. Fails when ffprobe had anything to complain about. */
  async recording(): Promise<Recording> {
    const { code } = await this.program.exited;
    const complaints = this.program.output.replaceAll(endWithoutLength, '').replaceAll(experiment, '');
    if (code !== 0 || complaints !== '') throw new Error(this.program.describe());
    const output = JSON.parse(readFileSync(this.#file, 'utf8')) as ProbeOutput;
    rmSync(this.#file);
    const streams = new Map(output.streams.map((stream) => [stream.index, stream]));
    const format = formatOf(output.format.format_name);
    const units = output.packets.flatMap((packet) =>
      unitOf(packet, streams.get(packet.stream_index)!, format),
    );
    return { units, headers: [], scripts: [] };
  }
}

/** What ffprobe reads from a file or an URL. */
export function probeUnits(scope: Scope, input: string, options?: readonly string[]): Promise<Recording> {
  return new UnitProbe(scope, input, options).recording();
}

/** How a container frames what ffprobe shows. */
interface ContainerFormat {
  /** A length before each NAL unit; else start codes between them. */
  readonly hasNalLengths: boolean;
  /** AAC has ADTS headers. */
  readonly hasAdts: boolean;
}

function formatOf(name: string): ContainerFormat {
  const hasNalLengths = name === 'flv' || name.includes('mp4') || name.includes('matroska');
  return { hasNalLengths, hasAdts: !hasNalLengths && name !== 'rtsp' };
}

function unitOf(packet: ProbedPacket, stream: ProbedStream, format: ContainerFormat): AccessUnit[] {
  const { codec_name: name, codec_type: kind, time_base: timeBase } = stream;
  if (kind !== 'video' && kind !== 'audio') return [];
  const [numerator = 0, denominator = 1] = timeBase.split('/').map(Number);
  const toMs = (time: number): number => (time * numerator * 1000) / denominator;
  const codec = codecNames[name] ?? name;
  const content = contentOf(codec, bytesOf(packet.data), format);
  const isKey = kind === 'audio' || packet.flags.startsWith('K');
  return [{ kind, codec, dtsMs: toMs(packet.dts), ptsMs: toMs(packet.pts), isKey, ...digest(content) }];
}

function contentOf(codec: string, data: Buffer, { hasNalLengths, hasAdts }: ContainerFormat): Buffer[] {
  if (hasNalUnits(codec)) {
    return essentialNalUnits(codec, hasNalLengths ? splitByLength(data, 4) : splitByStartCode(data));
  }
  return [codec === 'aac' && hasAdts ? withoutAdtsHeader(data) : data];
}

/** ISO/IEC 14496-3, 1.A.2.2: one frame, no check sum. */
function withoutAdtsHeader(data: Buffer): Buffer {
  const length = (data.readUInt32BE(3) >>> 13) & 0x1fff;
  if (data.readUInt16BE(0) >> 4 !== 0xfff || (data[1]! & 1) === 0 || length !== data.length) {
    throw new Error(`no ADTS frame of ${data.length} bytes: ${data.subarray(0, 16).toString('hex')}`);
  }
  return data.subarray(7);
}

/** A hex dump, 16 bytes a line: `00000000: 0000 0001 09f0 … ........`. */
function bytesOf(dump: string): Buffer {
  const hexColumn = 10;
  const hexWidth = 40;
  const lines = dump.trimStart().split('\n');
  return Buffer.from(
    lines
      .map((line) => line.slice(hexColumn, hexColumn + hexWidth))
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );
}
