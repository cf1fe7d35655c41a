import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MpegTsDemuxerCounters, MpegTsEvent } from '../../container/mpegts/demuxer-events.ts';
import { newDemuxerCounters } from '../../container/mpegts/demuxer-events.ts';
import { MpegTsDemuxer } from '../../container/mpegts/mpeg-ts-demuxer.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { FragmentSequel } from '../../protocol/hls/playlist-follower.ts';

/** Between two presentations when a track's own frame distance is not known. */
const DEFAULT_STEP_US = 40_000;
/** Further apart are no neighbouring frames. */
const MAX_STEP_US = 1_000_000;

/** Some milliseconds' work: a fragment of several seconds must not hold up everybody else. */
const PIECE_BYTES = 512 << 10;

/** Where a track has come to, on the clock that we give out. */
interface TrackEnd {
  dtsUs: number;
  stepUs: number;
}

/**
 * Transport-stream fragments of HLS to tracks and frames, in the order of decoding over all tracks. The clock of a fragment
 * that begins anew is set so that it goes on where the one before ended.
 */
export class FragmentReader {
  #demuxer = new MpegTsDemuxer();
  #earlier = newDemuxerCounters();
  #ends = new Map<number, TrackEnd>();
  #shiftUs = 0;

  /** Damage in all fragments so far. */
  get counters(): MpegTsDemuxerCounters {
    return sumOf(this.#earlier, this.#demuxer.counters);
  }

  /**
   * Reads one whole fragment, a piece in each turn of the event loop. A picture of which the end is not certain comes with
   * the next one.
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC`: it is no transport stream
   */
  async read(bytes: Uint8Array, sequel: FragmentSequel): Promise<MpegTsEvent[]> {
    if (sequel === 'next') {
      this.#demuxer.nextFile();
      return this.#shifted(await this.#demux(bytes));
    }
    const ending = this.#ends.size === 0 ? [] : this.end();
    this.#startDemuxer();
    const events = await this.#demux(bytes);
    if (sequel === 'new' && this.#ends.size > 0) this.#joinClock(events);
    return [...ending, ...this.#shifted(events)];
  }

  /** What was held back, when nothing goes on with it. */
  end(): MpegTsEvent[] {
    this.#demuxer.end();
    return this.#shifted(this.#demuxer.takeEvents());
  }

  async #demux(bytes: Uint8Array): Promise<MpegTsEvent[]> {
    const events: MpegTsEvent[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (at > 0) await nextTurn();
      this.#demuxer.receive(bytes.subarray(at, at + PIECE_BYTES));
      for (const event of this.#demuxer.takeEvents()) events.push(event);
    }
    return events;
  }

  #startDemuxer(): void {
    this.#earlier = this.counters;
    this.#demuxer = new MpegTsDemuxer();
  }

  #joinClock(events: readonly MpegTsEvent[]): void {
    const times = events.flatMap((event) => (event.type === 'frame' ? [event.frame.dtsUs] : []));
    if (times.length === 0) return;
    const endUs = Math.max(...Array.from(this.#ends.values(), ({ dtsUs, stepUs }) => dtsUs + stepUs));
    const startUs = times.reduce((earliest, timeUs) => Math.min(earliest, timeUs));
    this.#shiftUs = endUs - startUs;
    // The new presentation's tracks have steps of their own.
    this.#ends = new Map();
  }

  #shifted(events: readonly MpegTsEvent[]): MpegTsEvent[] {
    const shifted = events.map((event): MpegTsEvent => {
      if (event.type !== 'frame') return event;
      const { frame } = event;
      const moved = { ...frame, dtsUs: frame.dtsUs + this.#shiftUs, ptsUs: frame.ptsUs + this.#shiftUs };
      this.#follow(moved);
      return { type: 'frame', frame: moved };
    });
    return inDecodingOrder(shifted);
  }

  #follow({ track, dtsUs }: SourceFrame): void {
    const end = this.#ends.get(track.id);
    if (end === undefined) {
      this.#ends.set(track.id, { dtsUs, stepUs: DEFAULT_STEP_US });
      return;
    }
    const stepUs = dtsUs - end.dtsUs;
    if (stepUs > 0 && stepUs <= MAX_STEP_US) end.stepUs = stepUs;
    end.dtsUs = dtsUs;
  }
}

/**
 * Some packagers write all pictures of a fragment before its sound. Each track keeps its order, and what is said about a track
 * stays in front of the frames that need it.
 */
function inDecodingOrder(events: readonly MpegTsEvent[]): MpegTsEvent[] {
  /** Newest time of each track. */
  const heads = new Map<number, number>();
  const timed: { event: MpegTsEvent; timeUs: number }[] = [];
  for (const event of events) {
    const trackId = trackIdOf(event);
    const head = trackId === undefined ? -Infinity : (heads.get(trackId) ?? -Infinity);
    const timeUs = event.type === 'frame' ? Math.max(head, event.frame.dtsUs) : head;
    if (trackId !== undefined) heads.set(trackId, timeUs);
    timed.push({ event, timeUs });
  }
  return timed.sort((a, b) => a.timeUs - b.timeUs || 0).map(({ event }) => event);
}

function trackIdOf(event: MpegTsEvent): number | undefined {
  if (event.type === 'announce') return undefined;
  return event.type === 'track' ? event.track.id : event.frame.track.id;
}

function sumOf(a: MpegTsDemuxerCounters, b: MpegTsDemuxerCounters): MpegTsDemuxerCounters {
  const sum = newDemuxerCounters();
  for (const name of Object.keys(sum) as (keyof MpegTsDemuxerCounters)[]) sum[name] = a[name] + b[name];
  return sum;
}
