import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';

/**
 * What a transport stream turns out to be.
 * - `announce`: the program's map says which media will come
 * - `track`: a new track, or an old one with changed codec parameters; always before the frames that need it
 * - `frame`: one access unit, audio frame or packet; its data belongs to the receiver
 */
export type MpegTsEvent =
  | { readonly type: 'announce'; readonly audio: boolean; readonly video: boolean }
  | { readonly type: 'track'; readonly track: Track }
  | { readonly type: 'frame'; readonly frame: SourceFrame };

/** Damage and other things that were passed over; none of it ends the stream. */
export interface MpegTsDemuxerCounters {
  packets: number;
  /** Bytes that belonged to no packet. */
  skippedBytes: number;
  /** Times the packet rhythm was lost after it had been found. */
  syncLosses: number;
  /** Packets missing or repeated more than once, as far as the 4-bit counters tell. */
  continuityErrors: number;
  /** Packets sent twice, as is allowed. */
  duplicatePackets: number;
  /** Packets that say that they are damaged, scrambled or impossible. */
  unusablePackets: number;
  /** Sections with a wrong checksum, or whose content makes no sense. */
  damagedTables: number;
  /** PES packets that are incomplete, too long or without a sound header. */
  damagedPes: number;
  /** Audio bytes without a header, Opus packets without theirs, access units that can't be split. */
  damagedFrames: number;
  /** Frames before the parameters or the time that they need. */
  framesWithoutConfig: number;
}

/** All counters at 0. */
export function newDemuxerCounters(): MpegTsDemuxerCounters {
  return {
    packets: 0,
    skippedBytes: 0,
    syncLosses: 0,
    continuityErrors: 0,
    duplicatePackets: 0,
    unusablePackets: 0,
    damagedTables: 0,
    damagedPes: 0,
    damagedFrames: 0,
    framesWithoutConfig: 0,
  };
}

/** One PES packet's content for the reader of its codec. Times are unwrapped ticks. */
export interface PesContent {
  readonly payload: Uint8Array;
  /** Absent when the packet names no time. */
  readonly ptsTicks: number | undefined;
  readonly dtsTicks: number | undefined;
  readonly isRandomAccess: boolean;
}

/** Turns the PES packets of one elementary stream into events. Counts damage, never throws for it. */
export interface ElementaryStreamReader {
  read(pes: PesContent): void;
  /** Something between this PES packet and the next was lost. */
  lost(): void;
}

/** What readers share: where events and counts go. */
export interface ReaderContext {
  readonly trackId: number;
  readonly counters: MpegTsDemuxerCounters;
  push(event: MpegTsEvent): void;
}
