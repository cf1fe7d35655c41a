/**
 * Frames to a transport stream (ISO/IEC 13818-1) with one program. docs/formats/mpegts.md says what is written when.
 */
import type { MediaFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { MuxTimeBase } from './mux-time-base.ts';
import { MuxedStream, streamFormatOf } from './muxed-stream.ts';
import { PesPacketizer, type TsPacketOutput } from './pes-packetizer.ts';
import type { AdtsBatch, PesPayload } from './pes-payload.ts';
import { ProgramClock } from './program-clock.ts';
import type { TsStreamType } from './stream-type.ts';
import { TableWriter } from './table-writer.ts';
import { TICKS_PER_MS } from './timestamp.ts';
import { TsPid } from './ts-packet.ts';

/** Where a muxer puts its packets; a `PackagerOutput` of the hub is one. */
export interface MpegTsOutput extends TsPacketOutput {
  /**
   * Bytes from here on belong to a unit that must not be torn apart, and whose first frame is `frame`. Units of video
   * key frames begin with the tables, and so does every unit before the first picture: a receiver can start there.
   */
  beginUnit(frame: MediaFrame): void;
}

/** What a muxer could not write. */
export interface MpegTsMuxerCounters {
  /** Frames that are too long for their format (AAC above 8184 bytes, 64 KiB of Opus) or damaged inside. */
  droppedFrames: number;
}

/** Tables come at least every 500 ms; this much earlier, because frames do not come like clockwork. */
const TABLE_INTERVAL_TICKS = 450 * TICKS_PER_MS;
/** Audio does not wait for its batch to fill when video is this far ahead, as in lal. */
const MAX_AUDIO_BEHIND_VIDEO_TICKS = 300 * TICKS_PER_MS;
/** The map table of as many streams fits into one packet. */
const MAX_STREAMS = 8;

/**
 * Writes one program. Times keep their distances, within and between tracks: all are moved by one constant, chosen at
 * the first frame. AAC waits for up to 150 ms to share a PES packet; `flush` and `end` write what waits.
 * Continuity counters and the table version run on for the life of the muxer. Times must not go back (`Timeline`).
 */
export class MpegTsMuxer {
  readonly counters: MpegTsMuxerCounters = { droppedFrames: 0 };
  /** By track id. */
  #streams = new Map<number, MuxedStream>();
  readonly #refused = new Map<number, Track>();
  /** By PID, of all that were ever used. */
  readonly #streamTypes = new Map<number, TsStreamType>();
  readonly #packets = new PesPacketizer();
  readonly #tables = new TableWriter();
  readonly #clock = new ProgramClock();
  readonly #timeBase = new MuxTimeBase();
  /** The PID that carries the clock: that of the video, if there is one. */
  #clockPid: number = TsPid.null;
  /** The source has sent video, not only announced it. */
  #hasPicture = false;

  /**
   * Announces all tracks of the stream, so that the tables are complete from the beginning. Known tracks that are not
   * among them end, or go on as new ones of the same type: ids are a source's own, and the next may have others. A frame of
   * an unannounced track makes new tables when it comes.
   */
  setTracks(tracks: readonly Track[], out: MpegTsOutput): void {
    const { kept, ended } = this.#assign(tracks);
    for (const stream of ended) this.#flushBatch(stream, out);
    this.#streams = kept;
    if (ended.length > 0) this.#describe();
    for (const track of tracks) this.#streamOf(track, out);
  }

  /**
   * Writes `frame`, or keeps it for a batch.
   * @param frame its data is kept as a view until it is written
   * @returns false when a transport stream can't carry the frame's track
   */
  write(frame: MediaFrame, out: MpegTsOutput): boolean {
    const stream = this.#streamOf(frame.track, out);
    if (stream === undefined) return false;
    if (frame.data.length === 0) return true;
    const { payload } = stream.format;
    const dtsTicks = this.#timeBase.dtsToTicks(frame.dtsUs);
    const ptsTicks = this.#timeBase.ptsToTicks(frame.ptsUs);
    if (payload.kind === 'batch' && (frame.discontinuity || !payload.accepts(frame.data.length, ptsTicks))) {
      // Before the clock moves on: this frame may come after a long pause.
      this.#flushBatch(stream, out);
    }
    stream.advance(dtsTicks);
    stream.isDiscontinuous ||= frame.discontinuity;
    if (payload.kind === 'batch') this.#batch(stream, payload, frame, ptsTicks, out);
    else if (!payload.load(frame)) this.counters.droppedFrames += 1;
    else if (payload.kind === 'packet') this.#writeAudio(stream, payload, frame, ptsTicks, out);
    else this.#writeVideo(stream, payload, frame, ptsTicks, dtsTicks, out);
    return true;
  }

  /** Writes the audio that waits for its batch to fill. */
  flush(out: MpegTsOutput): void {
    for (const stream of this.#streams.values()) this.#flushBatch(stream, out);
  }

  /** The source ended. Frames of another may follow: their times continue where these end, whatever they start at. */
  end(out: MpegTsOutput): void {
    this.flush(out);
    for (const stream of this.#streams.values()) stream.isDiscontinuous = true;
    this.#timeBase.end();
    this.#hasPicture = false;
  }

  /** Another source follows the one that ended, and its times go on from there: all there is between them is a pause. */
  goOn(): void {
    for (const stream of this.#streams.values()) stream.isDiscontinuous = false;
    this.#timeBase.goOn();
  }

  #writeVideo(
    stream: MuxedStream,
    payload: PesPayload,
    frame: MediaFrame,
    ptsTicks: number,
    dtsTicks: number,
    out: MpegTsOutput,
  ): void {
    this.#hasPicture = true;
    if (!frame.isKey) this.#flushLateAudio(dtsTicks, out);
    this.#beginUnit(stream, frame, frame.isKey, out);
    // Inside the unit, so that a segment that starts here has its audio first: iPhones want it so.
    if (frame.isKey) for (const other of this.#streams.values()) this.#flushIntoUnit(other, out);
    this.#writePes(stream, payload, ptsTicks, dtsTicks, frame.isKey, out);
  }

  #writeAudio(
    stream: MuxedStream,
    payload: PesPayload,
    first: MediaFrame,
    ptsTicks: number,
    out: MpegTsOutput,
  ): void {
    const hasTables = this.#beginUnit(stream, first, false, out);
    this.#writePes(stream, payload, ptsTicks, ptsTicks, hasTables && !this.#hasPicture, out);
  }

  #batch(
    stream: MuxedStream,
    batch: AdtsBatch,
    frame: MediaFrame,
    ptsTicks: number,
    out: MpegTsOutput,
  ): void {
    if (!batch.add(frame, ptsTicks)) this.counters.droppedFrames += 1;
    // A new clock PID must have been announced before it is used.
    if (this.#clock.hasStarted && !this.#tables.isNews) this.#keepClock(stream, out);
  }

  #flushBatch(stream: MuxedStream, out: MpegTsOutput): void {
    const batch = stream.format.payload;
    if (batch.kind !== 'batch' || batch.first === undefined) return;
    this.#writeAudio(stream, batch, batch.first, batch.firstTicks, out);
    batch.clear();
  }

  #flushIntoUnit(stream: MuxedStream, out: MpegTsOutput): void {
    const batch = stream.format.payload;
    if (batch.kind !== 'batch' || batch.first === undefined) return;
    this.#writePes(stream, batch, batch.firstTicks, batch.firstTicks, false, out);
    batch.clear();
  }

  #flushLateAudio(videoTicks: number, out: MpegTsOutput): void {
    for (const stream of this.#streams.values()) {
      const batch = stream.format.payload;
      if (batch.kind !== 'batch' || batch.first === undefined) continue;
      if (videoTicks - batch.firstTicks > MAX_AUDIO_BEHIND_VIDEO_TICKS) this.#flushBatch(stream, out);
    }
  }

  /** @returns whether the tables were written */
  #beginUnit(stream: MuxedStream, first: MediaFrame, isRandomAccess: boolean, out: MpegTsOutput): boolean {
    const sinceTables = stream.newestTicks - stream.ticksAtTables;
    const isDue = sinceTables + stream.reachTicks > TABLE_INTERVAL_TICKS;
    const withTables = isRandomAccess || this.#tables.isNews || isDue;
    // Without pictures every unit is a random access point: then the tables make the units, not each packet of audio.
    if (withTables || this.#hasPicture) out.beginUnit(first);
    if (withTables) {
      this.#tables.write(out);
      for (const other of this.#streams.values()) other.ticksAtTables = other.newestTicks;
    }
    return withTables;
  }

  #writePes(
    stream: MuxedStream,
    payload: PesPayload,
    ptsTicks: number,
    dtsTicks: number,
    isRandomAccess: boolean,
    out: MpegTsOutput,
  ): void {
    const { pid, isDiscontinuous } = stream;
    const { streamId } = stream.format;
    let pcrTicks: number | undefined;
    if (pid === this.#clockPid) {
      pcrTicks = this.#clock.ticksAt(stream, true);
      this.#fillClock(pcrTicks, out);
      this.#wroteClock(pcrTicks);
    } else {
      this.#keepClock(stream, out);
    }
    const fields = { pid, streamId, ptsTicks, dtsTicks, isRandomAccess, isDiscontinuous, pcrTicks };
    this.#packets.writePes(fields, payload, out);
    stream.isDiscontinuous = false;
  }

  /** Writes a clock reference of its own when none would come in time with the packets of the clock's stream. */
  #keepClock(stream: MuxedStream, out: MpegTsOutput): void {
    const ticks = this.#clock.ticksAt(stream, stream.pid === this.#clockPid);
    if (!this.#clock.isDue(ticks, stream)) return;
    this.#fillClock(ticks, out);
    this.#packets.writeClock(this.#clockPid, ticks, out);
    this.#wroteClock(ticks);
  }

  #fillClock(ticks: number, out: MpegTsOutput): void {
    for (let missing = this.#clock.missingBefore(ticks); missing > 0; missing -= 1) {
      const between = this.#clock.nextTowards(ticks, missing);
      this.#packets.writeClock(this.#clockPid, between, out);
      this.#wroteClock(between);
    }
  }

  #wroteClock(ticks: number): void {
    this.#clock.wrote(ticks);
    for (const stream of this.#streams.values()) stream.ticksAtClock = stream.newestTicks;
  }

  /** The stream of a track, made or changed as the track says; `undefined` when it can't be carried. */
  #streamOf(track: Track, out: MpegTsOutput): MuxedStream | undefined {
    const known = this.#streams.get(track.id);
    if (known?.track === track) return known;
    if (this.#refused.get(track.id) === track) return undefined;
    const format = streamFormatOf(track);
    if (format === undefined || (known === undefined && this.#streams.size === MAX_STREAMS)) {
      this.#refused.set(track.id, track);
      if (known !== undefined) this.#remove(track.id, known, out);
      return undefined;
    }
    this.#refused.delete(track.id);
    let stream = known;
    if (stream === undefined || stream.format.streamType !== format.streamType) {
      if (known !== undefined) this.#remove(track.id, known, out);
      stream = new MuxedStream(this.#pidFor(track, format.streamType), track, format);
      this.#streams.set(track.id, stream);
    } else {
      this.#flushBatch(stream, out);
      stream.track = track;
      stream.format = format;
    }
    this.#describe();
    return stream;
  }

  /** Which streams go on as which tracks: where the type is the same, those of the same id first. */
  #assign(tracks: readonly Track[]): { kept: Map<number, MuxedStream>; ended: readonly MuxedStream[] } {
    const kept = new Map<number, MuxedStream>();
    const others = new Map(this.#streams);
    const keep = (formerId: number, id: number): void => {
      kept.set(id, others.get(formerId)!);
      others.delete(formerId);
    };
    const types = tracks.map((track) => ({ id: track.id, type: streamFormatOf(track)?.streamType }));
    const isOf = (stream: MuxedStream | undefined, type: TsStreamType | undefined): boolean =>
      stream !== undefined && stream.format.streamType === type;
    for (const { id, type } of types) if (isOf(others.get(id), type)) keep(id, id);
    for (const { id, type } of types) {
      const former = [...others].find(([, stream]) => isOf(stream, type));
      if (!kept.has(id) && former !== undefined) keep(former[0], id);
    }
    return { kept, ended: [...others.values()] };
  }

  #remove(id: number, stream: MuxedStream, out: MpegTsOutput): void {
    this.#flushBatch(stream, out);
    this.#streams.delete(id);
    this.#describe();
  }

  #describe(): void {
    const streams = [...this.#streams.values()].sort((a, b) => a.pid - b.pid);
    const video = streams.find((stream) => stream.track.kind === 'video');
    this.#clockPid = (video ?? streams[0])?.pid ?? TsPid.null;
    // Where the pictures have ended, receivers start at the audio again.
    if (video === undefined) this.#hasPicture = false;
    const entries = streams.map(({ pid, format }) => ({
      pid,
      streamType: format.streamType,
      descriptors: format.descriptors,
    }));
    this.#tables.describe(entries, this.#clockPid);
  }

  /**
   * lal's PIDs for the first video and the first audio, the ones behind them for others. A PID keeps its stream type for
   * ever: ffmpeg, for one, goes on with the old decoder when it changes.
   */
  #pidFor(track: Track, streamType: TsStreamType): number {
    const inUse = new Set(Array.from(this.#streams.values(), (stream) => stream.pid));
    const isFree = (pid: number): boolean =>
      !inUse.has(pid) && (this.#streamTypes.get(pid) ?? streamType) === streamType;
    let pid: number = track.kind === 'video' ? TsPid.video : TsPid.audio;
    if (!isFree(pid)) pid = TsPid.audio + 1;
    while (!isFree(pid)) pid += 1;
    this.#streamTypes.set(pid, streamType);
    return pid;
  }
}
