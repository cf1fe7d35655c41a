import type { Publication } from '../../hub/publication.ts';
import type { RtpReception } from '../sessions/rtp-reception.ts';

/** How a publisher is doing. */
export interface StatHealth {
  /** Since the newest audio or video; -1 before the first. */
  last_frame_age_ms: number;
  /** Video, in the mean of 5 s. */
  frames_per_sec: number;
  /** Frames without what carries them, in 1024 bit/s, in the mean of 5 s. */
  media_kbits: number;
  /** Of the last group of pictures that is complete; 0 before that. */
  gop_frames: number;
  gop_ms: number;
  /** The longest. */
  gop_max_ms: number;
  /** Since the newest key picture; -1 before the first. */
  key_frame_age_ms: number;
  /** By how much sound arrives later than the picture of the same time; `null` without either. */
  av_offset_ms: number | null;
  /** Pauses of more than a second without audio and video, and the longest. */
  gaps: number;
  longest_gap_ms: number;
  /** Of inputs over RTP. */
  rtp: {
    received: number;
    lost: number;
    late: number;
    duplicated: number;
    reordered: number;
    refused: number;
    damaged_units: number;
  } | null;
}

/** What is measured outside the publication. */
export interface InputRates {
  readonly framesPerSec: number;
  readonly bytesPerSec: number;
}

export function statHealth(
  { meter }: Publication,
  { framesPerSec, bytesPerSec }: InputRates,
  reception: RtpReception | undefined,
  nowMs: number,
): StatHealth {
  const { lastArrivedMs, keyArrivedMs, lastGop, audioOffsetMs } = meter;
  return {
    last_frame_age_ms: ageMs(lastArrivedMs, nowMs),
    frames_per_sec: Math.round(framesPerSec * 10) / 10,
    media_kbits: Math.floor((bytesPerSec * 8) / 1024),
    gop_frames: lastGop?.frames ?? 0,
    gop_ms: Math.round(lastGop?.durationMs ?? 0),
    gop_max_ms: Math.round(meter.longestGopMs),
    key_frame_age_ms: ageMs(keyArrivedMs, nowMs),
    av_offset_ms: audioOffsetMs === undefined ? null : Math.round(audioOffsetMs),
    gaps: meter.gaps,
    longest_gap_ms: Math.round(meter.longestGapMs),
    rtp: reception === undefined ? null : statRtp(reception),
  };
}

function ageMs(thenMs: number | undefined, nowMs: number): number {
  return thenMs === undefined ? -1 : Math.max(0, Math.round(nowMs - thenMs));
}

function statRtp({ damagedUnits, ...packets }: RtpReception): StatHealth['rtp'] {
  const { received, lost, late, duplicated, reordered, refused } = packets;
  return { received, lost, late, duplicated, reordered, refused, damaged_units: damagedUnits };
}
