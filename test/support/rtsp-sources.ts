/** Fixtures as publishers send them to the matrix of RTSP. */
import { fixturePath, makeFixture } from './fixtures.ts';
import type { FixtureName } from './fixtures.ts';
import { readFlvFile } from './flv-file.ts';
import type { AccessUnit, Recording } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { probeUnits } from './probe-units.ts';
import type { Program } from './program.ts';
import { publishWithFfmpeg } from './publishers.ts';
import { exactTimes, msTimes } from './rtsp-compare.ts';
import type { RtspCodecs } from './rtsp-cells.ts';
import type { RtspMatrixSource } from './rtsp-matrix.ts';
import {
  publishRtspOverWebSocket,
  publishRtspWithFfmpeg,
  publishRtspWithGstreamer,
  publishRtspWithLal,
} from './rtsp-publishers.ts';
import type { RtspTransport } from './rtsp-publishers.ts';
import type { Scope } from './scope.ts';

/** ffmpeg's packetizer for AAC and MPEG audio collects frames, and forgets what it has at the end of the file. */
const framesKept = 32;
/** What reaches beyond the edit list of an MP4 file, GStreamer's demuxer leaves out. */
const framesCutByQtdemux = 1;
const longestPublicationMs = 60_000;
const leaveWithinMs = 3_000;

function codecsOf(name: FixtureName): RtspCodecs {
  const [first = '', second] = name.split('-');
  if (name === 'audio-only-aac') return { audio: 'aac' };
  if (name === 'video-only-h264') return { video: 'h264' };
  if (name === 'twelve-seconds' || name === 'two-minutes') return { video: 'h264', audio: 'aac' };
  if (name === 'twelve-seconds-hevc') return { video: 'h265', audio: 'aac' };
  const audio = name.split('-').at(-1)!;
  const video = first === 'hevc' ? 'h265' : first;
  return second === undefined ? { video } : { video, audio };
}

function referenceOf(name: FixtureName): (scope: Scope) => Promise<Recording> {
  return async (scope) => {
    const file = await makeFixture(name);
    return file.endsWith('.flv') ? readFlvFile(file) : probeUnits(scope, file);
  };
}

async function untilDone(program: Program): Promise<void> {
  const { code } = await program.exited;
  if (code !== 0) throw new Error(`the publisher failed: ${program.describe()}`);
}

/** Resolves when the last picture and the last sound, or the one before it, have come. */
async function untilSeen(witness: FlvReader, units: readonly AccessUnit[]): Promise<void> {
  const lastHashes = (kind: AccessUnit['kind'], count: number, of: readonly AccessUnit[]): string[] =>
    of
      .filter((unit) => unit.kind === kind)
      .slice(-count)
      .map(({ hash }) => hash);
  const pictures = lastHashes('video', 1, units);
  const sounds = lastHashes('audio', 1 + framesCutByQtdemux, units);
  const hasAll = (): boolean => {
    const hasLast = (kind: AccessUnit['kind'], hashes: readonly string[]): boolean =>
      lastHashes(kind, 1, witness.units).some((hash) => hashes.includes(hash));
    return hasLast('video', pictures) && hasLast('audio', sounds);
  };
  await witness.until(hasAll, 'the last picture and sound', longestPublicationMs);
}

type More = Pick<RtspMatrixSource, 'lacksAudio' | 'codecs'>;

function sourceOf(name: FixtureName, more: Partial<More>): Omit<RtspMatrixSource, 'publish'> {
  const times = fixturePath(name).endsWith('.mp4') ? exactTimes : msTimes;
  return { codecs: codecsOf(name), times, reference: referenceOf(name), ...more };
}

export function fromFfmpeg(
  name: FixtureName,
  transport: RtspTransport | 'tls',
  more: Partial<More> = {},
): RtspMatrixSource {
  return {
    ...sourceOf(name, more),
    keepsAudio: framesKept,
    publish: (scope, server, streamName) =>
      untilDone(
        transport === 'tls'
          ? publishRtspWithFfmpeg(scope, fixturePath(name), server.rtspsUrl(streamName), 'tcp')
          : publishRtspWithFfmpeg(scope, fixturePath(name), server.rtspUrl(streamName), transport),
      ),
  };
}

export function fromGstreamer(
  name: FixtureName,
  transport: RtspTransport,
  more: Partial<More> = {},
): RtspMatrixSource {
  const source = sourceOf(name, more);
  const { video = '', audio = '' } = source.codecs;
  return {
    ...source,
    // Its first reports come after some seconds.
    times: { ...source.times, alignsLate: true },
    keepsAudio: fixturePath(name).endsWith('.mp4') ? framesCutByQtdemux : 0,
    async publish(scope, server, streamName) {
      const { units } = await source.reference(scope);
      const witness = FlvReader.open(scope, server.server.flvUrl('http', streamName));
      await witness.joined();
      const url = server.rtspUrl(streamName);
      const program = publishRtspWithGstreamer(scope, fixturePath(name), url, transport, [video, audio]);
      // Over UDP, on a busy machine, it sends its last frame and then does not always notice that it was the last.
      await Promise.race([untilDone(program), untilSeen(witness, units)]);
      witness.close();
      await program.ended(leaveWithinMs).catch(() => program.stop());
    },
  };
}

export function fromLal(
  name: FixtureName,
  transport: RtspTransport,
  more: Partial<More> = {},
): RtspMatrixSource {
  return {
    ...sourceOf(name, more),
    publish: (scope, server, streamName) =>
      publishRtspWithLal(scope, fixturePath(name), server.rtspUrl(streamName), transport),
  };
}

/** A plain WebSocket. */
export function fromWebSocket(name: FixtureName, more: Partial<More> = {}): RtspMatrixSource {
  return {
    ...sourceOf(name, more),
    publish: (scope, server, streamName) => {
      const [url, wsUrl] = [server.rtspUrl(streamName), server.wsUrl(streamName)];
      return publishRtspOverWebSocket(scope, fixturePath(name), url, wsUrl);
    },
  };
}

/** ffmpeg, over RTMP. */
export function fromRtmp(name: FixtureName, more: Partial<More> = {}): RtspMatrixSource {
  return {
    ...sourceOf(name, more),
    publish: (scope, { server }, streamName) =>
      untilDone(publishWithFfmpeg(scope, fixturePath(name), server.rtmpUrl(streamName))),
  };
}
