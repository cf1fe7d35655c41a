import type { PsMapEntry } from './program-stream-map.ts';

/**
 * What a program stream turns out to be.
 * - `map`: the map says, for the first time or anew, what the streams are
 * - `begin`: a packet begins; times are ticks of 90 kHz as on the wire, 33 bits, where it has any
 * - `data`: the next bytes of a stream; a view of what was received. Without a `begin` in front they belong to the packet before,
 *   whose length was told too small
 * - `end`: the packet is complete
 * - `damage`: bytes of this stream are missing, or were no packet; the packet that is open has no `end`
 */
export type PsEvent =
  | { readonly type: 'map'; readonly streams: readonly PsMapEntry[] }
  | {
      readonly type: 'begin';
      readonly streamId: number;
      readonly ptsTicks: number | undefined;
      readonly dtsTicks: number | undefined;
    }
  | { readonly type: 'data'; readonly streamId: number; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly streamId: number }
  | { readonly type: 'damage'; readonly streamId: number };

/** What was read and what was passed over; none of it ends the stream. */
export interface PsDemuxerCounters {
  packs: number;
  /** Packets of audio and video. */
  packets: number;
  /** Private data, padding and whatever else is not read. */
  skippedPackets: number;
  /** Bytes that belonged to nothing. */
  skippedBytes: number;
  /** Packets that were longer or shorter than they said. */
  wrongLengths: number;
  /** Packets without a sound header, or cut off. */
  damagedPackets: number;
  /** Pack headers and maps that make no sense. */
  damagedHeaders: number;
}

/** All counters at 0. */
export function newPsDemuxerCounters(): PsDemuxerCounters {
  return {
    packs: 0,
    packets: 0,
    skippedPackets: 0,
    skippedBytes: 0,
    wrongLengths: 0,
    damagedPackets: 0,
    damagedHeaders: 0,
  };
}
