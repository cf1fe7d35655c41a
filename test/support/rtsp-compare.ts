/** What is comparable of an RTSP stream: RTP has presentation times only, and each player has its way with them. */
import { expectSamePackets } from './compare.ts';
import type { CompareOptions } from './compare.ts';
import type { AccessUnit, Recording } from './flv-file.ts';

/** Of the 90 kHz clock of pictures, one on the way in and one on the way out. */
const twoTicksMs = 2 / 90 + 1e-6;
/** Of the slowest audio clock above 8 kHz that tests use, and what reports lose. */
const audioTicksMs = 0.06;

/** How exact times are. */
export interface RtspTimes {
  /** Of audio, in a source that has rounded them to milliseconds; a tick or two where it has not. */
  readonly audioWithinMs: number;
  /**
   * The publisher says late how audio and video lie to each other: before, they are aligned by their arrival, and then
   * audio is moved slowly, unless it is off by less than anybody notices.
   */
  readonly alignsLate?: boolean;
}

/** Where the source has times in whole milliseconds, AAC frames that share a packet follow by their length instead. */
export const msTimes: RtspTimes = { audioWithinMs: 1 + audioTicksMs };
export const exactTimes: RtspTimes = { audioWithinMs: audioTicksMs };
/** FLV rounds once more, audio apart from video. */
const flvRoundingMs = 1;
/** What audio and video may be apart before they are aligned. */
const unalignedMs = 200;
/** What stays as it is when reports say so: lips are off by less than anybody sees. */
const unnoticedMs = 20;
/** Key frames at the end, one a second, from which on they must be. */
const alignedKeys = 2;

/** Joined when the stream was there: audio that came before the first picture may be missing. */
const late: CompareOptions = { allowMissingHead: true };

/** For what has decoding times: FLV (`isInMs`) and MPEG-TS. */
export function expectSameStream(
  source: Recording,
  received: Recording,
  times: RtspTimes,
  isInMs: boolean,
): void {
  const audioWithinMs = times.audioWithinMs + (isInMs ? flvRoundingMs : 0);
  expectAligned(source, received, { ...times, audioWithinMs });
}

/** For players of RTSP: presentation times alone. */
export function expectSamePresentation(source: Recording, received: Recording, times: RtspTimes): void {
  const known = withSourceKeys(source, withFirstTime(source, received));
  expectAligned(presentationOf(source), presentationOf(known), times);
}

/** FFmpeg does not tell which pictures of VP9 and AV1 are key frames when they come by RTP. */
export function withSourceKeys(source: Recording, received: Recording): Recording {
  const keys = new Set(source.units.flatMap(({ hash, isKey }) => (isKey ? [hash] : [])));
  const units = received.units.map((unit) =>
    ['vp9', 'av1'].includes(unit.codec) ? { ...unit, isKey: keys.has(unit.hash) } : unit,
  );
  return { ...received, units };
}

/**
 * GStreamer aligns audio and video when it has reports of both, by a shift of one of them in mid-stream: before it every
 * unit has to be there, behind it every time has to be exact too.
 */
export function expectSettledPresentation(source: Recording, received: Recording, times: RtspTimes): void {
  expectAligned(presentationOf(source), presentationOf(received), times, unalignedMs);
}

/** @param videoWithinMs until a player has settled; undefined: it need not settle */
function expectAligned(
  source: Recording,
  received: Recording,
  { audioWithinMs, alignsLate = false }: RtspTimes,
  videoWithinMs?: number,
): void {
  const exact: CompareOptions = {
    ...late,
    constantOffsetWithinMs: twoTicksMs,
    audioWithinMs,
    guessedAudioTimes: guessedTimes(received),
  };
  if (!alignsLate && videoWithinMs === undefined) {
    expectSamePackets(source, received, exact);
  } else {
    const loose = { constantOffsetWithinMs: videoWithinMs ?? twoTicksMs, audioWithinMs: unalignedMs };
    expectSamePackets(source, received, { ...exact, ...loose });
    // The constant of audio comes from one of its own units, and is as exact as that.
    const apart = { ...exact, audioWithinMs: 2 * audioWithinMs };
    expectAlignedEnd(source, received, apart, audioWithinMs + (alignsLate ? unnoticedMs : 0));
  }
  expectWhole(source, received);
}

/** At the end each kind keeps to a constant of its own, and the two are not further apart than `apartMs`. */
function expectAlignedEnd(
  source: Recording,
  received: Recording,
  exact: CompareOptions,
  apartMs: number,
): void {
  const end = { ...received, units: fromLastKeys(received.units) };
  const offsets = (['video', 'audio'] as const).flatMap((kind) => {
    const [wanted, found] = [source, end].map(({ units, ...rest }) => ({
      ...rest,
      units: units.filter((unit) => unit.kind === kind),
    }));
    if (wanted!.units.length === 0) return [];
    expectSamePackets(wanted!, found!, exact);
    return [found!.units.at(-1)!.ptsMs - wanted!.units.at(-1)!.ptsMs];
  });
  const [video, audio = video] = offsets;
  if (Math.abs(video! - audio!) > apartMs) throw new Error(`offsets at the end: ${offsets.join(' and ')} ms`);
}

/** ffmpeg does not believe the time of a first MPEG audio frame, and tells another. */
function guessedTimes({ units }: Recording): number {
  const isMpegAudio = units.some(({ codec }) => codec === 'mp2' || codec === 'mp3');
  return isMpegAudio ? 1 : 0;
}

function fromLastKeys(units: readonly AccessUnit[]): AccessUnit[] {
  const keys = units.filter(({ kind, isKey }) => kind === 'video' && isKey);
  const start = keys.at(-alignedKeys);
  if (start === undefined) return units.slice(Math.floor(units.length / 2));
  const video = units.filter(({ kind }) => kind === 'video');
  return [
    ...video.slice(video.indexOf(start)),
    ...units.filter(({ kind, ptsMs }) => kind === 'audio' && ptsMs >= start.ptsMs),
  ];
}

/** Late by nothing but the audio before the first picture. */
const mayMissAudio = 16;

function expectWhole(source: Recording, received: Recording): void {
  const count = ({ units }: Recording, kind: string): number =>
    units.filter((unit) => unit.kind === kind).length;
  const pictures = count(source, 'video');
  if (count(received, 'video') !== pictures) {
    throw new Error(`${count(received, 'video')} of ${pictures} pictures`);
  }
  const missing = count(source, 'audio') - count(received, 'audio');
  if (pictures > 0 && missing > mayMissAudio) throw new Error(`${missing} audio frames are missing`);
}

function presentationOf(recording: Recording): Recording {
  return { ...recording, units: recording.units.map((unit) => ({ ...unit, dtsMs: unit.ptsMs })) };
}

/** ffmpeg does not show time 0 of a first picture with others to be shown after it. */
function withFirstTime(source: Recording, received: Recording): Recording {
  const pictures = ({ units }: Recording): AccessUnit[] => units.filter(({ kind }) => kind === 'video');
  const [first, second] = pictures(received);
  if (first === undefined || second === undefined || !Number.isNaN(first.ptsMs)) return received;
  const [sourceFirst, sourceSecond] = pictures(source);
  const ptsMs = second.ptsMs - sourceSecond!.ptsMs + sourceFirst!.ptsMs;
  return { ...received, units: received.units.map((unit) => (unit === first ? { ...unit, ptsMs } : unit)) };
}
