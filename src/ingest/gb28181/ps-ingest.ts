import { newDemuxerCounters } from '../../container/mpegts/demuxer-events.ts';
import type { PsDemuxerCounters, PsEvent } from '../../container/ps/demuxer-events.ts';
import { ProgramStreamDemuxer } from '../../container/ps/program-stream-demuxer.ts';
import type { PsMapEntry } from '../../container/ps/program-stream-map.ts';
import { isVideoStreamId } from '../../container/ps/stream-id.ts';
import { PsStreamType } from '../../container/ps/stream-type.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import { ProgramClock, type PacketArrival, type ProgramTrackClock } from './program-clock.ts';
import { PsAudioStream, type PsAudioCounters } from './ps-audio-stream.ts';
import type { PsStream } from './ps-stream.ts';
import { PsVideoStream, newPsVideoCounters, type PsVideoCounters } from './ps-video-stream.ts';
import { PS_H264, PS_H265, type PsVideoCodec } from './video-codec.ts';

/** What was read and what was left out. */
export interface PsIngestCounters extends PsDemuxerCounters {
  /** Over all video streams. */
  readonly video: Readonly<PsVideoCounters>;
  /** Over all audio streams. */
  readonly audio: Readonly<PsAudioCounters>;
  /** Packets of streams that are not read, because of their codec or because there are too many. */
  readonly unsupportedPackets: number;
  /** Streams whose times did not fit the others'. */
  readonly ownClocks: number;
}

interface RunningStream {
  /** `undefined` where no map tells. */
  readonly streamType: number | undefined;
  readonly clock: ProgramTrackClock;
  readonly stream: PsStream;
}

/** Streams that are read: devices send one of each kind, and each may fill its buffer. */
const MAX_STREAMS = 8;
const VIDEO_TRACK_ID = 1;
const AUDIO_TRACK_ID = 2;

const VIDEO_TYPES: ReadonlySet<number> = new Set([PsStreamType.h264, PsStreamType.h265]);
const AUDIO_TYPES: ReadonlySet<number> = new Set([
  PsStreamType.mpeg1Audio,
  PsStreamType.mpeg2Audio,
  PsStreamType.aacAdts,
  PsStreamType.aacLatm,
  PsStreamType.g711a,
  PsStreamType.g711u,
]);

/**
 * A program stream becomes the frames of a publication. Track ids: first video 1, first audio 2, others their stream id.
 * Streams are what the map says; where none does, what they look like. docs/gb28181.md has what is read.
 */
export class PsIngest {
  readonly #publication: PublicationInput;
  readonly #demuxer = new ProgramStreamDemuxer();
  readonly #clock = new ProgramClock();
  /** By stream id, from the first packet on; `undefined` for what is not read. */
  readonly #streams = new Map<number, RunningStream | undefined>();
  /** By stream id. */
  readonly #trackIds = new Map<number, number>();
  readonly #video = newPsVideoCounters();
  readonly #audio = newDemuxerCounters();
  /** What the map says, by stream id. */
  #types: ReadonlyMap<number, number> | undefined;
  #arrival: PacketArrival = { rtpTicks: undefined, arrivedMs: 0 };
  #unsupportedPackets = 0;

  constructor(publication: PublicationInput) {
    this.#publication = publication;
  }

  get counters(): PsIngestCounters {
    const { damagedPes, damagedFrames, framesWithoutConfig } = this.#audio;
    return {
      ...this.#demuxer.counters,
      unsupportedPackets: this.#unsupportedPackets,
      ownClocks: this.#clock.ownClocks,
      video: { ...this.#video },
      audio: { damagedPes, damagedFrames, framesWithoutConfig },
    };
  }

  /** Whether everything so far is complete, as it is at the end of an access unit. */
  get isBetweenUnits(): boolean {
    return this.#demuxer.isBetweenUnits;
  }

  /** An access unit was once said to end where it did not. */
  get hasTorn(): boolean {
    return this.#running.some(({ stream }) => stream.hasTorn);
  }

  /** Takes the next bytes, in pieces of any size. @param bytes copied where they are kept */
  receive(bytes: Uint8Array, arrival: PacketArrival): void {
    this.#arrival = arrival;
    this.#demuxer.receive(bytes);
    this.#handleEvents();
  }

  /** Bytes are missing before those that come next. */
  lose(): void {
    this.#demuxer.lose();
    this.#demuxer.takeEvents();
    for (const { stream } of this.#running) stream.lose();
  }

  /** The sender says that an access unit ends here. To be called only when `isBetweenUnits`. */
  endUnit(): void {
    this.#demuxer.endUnit();
    this.#handleEvents();
    for (const { stream } of this.#running) stream.endUnit();
  }

  /** What comes next is of another source; what is complete of the one before is handed on. */
  restart(): void {
    if (this.isBetweenUnits) this.endUnit();
    this.lose();
    this.#clock.restart();
  }

  /** No more comes: hands on what is complete; the publication is not ended. */
  end(): void {
    this.#demuxer.end();
    this.#handleEvents();
    for (const { stream } of this.#running) stream.end();
  }

  get #running(): RunningStream[] {
    return [...this.#streams.values()].filter((running) => running !== undefined);
  }

  #handleEvents(): void {
    for (const event of this.#demuxer.takeEvents()) {
      if (event.type === 'map') this.#useMap(event.streams);
      else this.#handle(event);
    }
  }

  #handle(event: Exclude<PsEvent, { type: 'map' }>): void {
    const { streamId } = event;
    if (!this.#streams.has(streamId)) this.#streams.set(streamId, this.#start(streamId));
    const running = this.#streams.get(streamId);
    if (running === undefined) {
      if (event.type === 'begin') this.#unsupportedPackets += 1;
      return;
    }
    const { clock, stream } = running;
    if (event.type === 'begin') stream.beginPacket(clock.timeOf(event, this.#arrival));
    else if (event.type === 'data') stream.receive(event.bytes);
    else if (event.type === 'end') stream.endPacket();
    else stream.lose();
  }

  /** A stream that has become another one starts anew with its next packet, under the same track id. */
  #useMap(entries: readonly PsMapEntry[]): void {
    this.#types = new Map(entries.map(({ streamId, streamType }) => [streamId, streamType]));
    for (const [streamId, running] of this.#streams) {
      const streamType = this.#types.get(streamId);
      const isSame = running === undefined ? streamType === undefined : running.streamType === streamType;
      if (isSame) continue;
      running?.stream.end();
      this.#streams.delete(streamId);
    }
    for (const streamId of this.#trackIds.keys()) {
      if (!this.#types.has(streamId)) this.#trackIds.delete(streamId);
    }
    const types = [...this.#types.values()];
    const audio = types.some((type) => AUDIO_TYPES.has(type));
    const video = types.some((type) => VIDEO_TYPES.has(type));
    if (audio || video) this.#publication.announce({ audio, video });
  }

  /** @returns `undefined` for a stream that is not read */
  #start(streamId: number): RunningStream | undefined {
    const streamType = this.#types?.get(streamId);
    const isVideo = isVideoStreamId(streamId);
    const isKnown = streamType === undefined || (isVideo ? VIDEO_TYPES : AUDIO_TYPES).has(streamType);
    if (!isKnown || this.#running.length >= MAX_STREAMS) return undefined;
    const trackId = this.#trackIdOf(streamId, isVideo);
    const stream = isVideo
      ? new PsVideoStream(this.#publication, trackId, this.#video, codecOf(streamType))
      : new PsAudioStream(this.#publication, trackId, this.#audio, streamType, this.#types !== undefined);
    return { streamType, clock: this.#clock.addTrack(), stream };
  }

  #trackIdOf(streamId: number, isVideo: boolean): number {
    const first = isVideo ? VIDEO_TRACK_ID : AUDIO_TRACK_ID;
    const isTaken = [...this.#trackIds.values()].includes(first);
    const id = this.#trackIds.get(streamId) ?? (isTaken ? streamId : first);
    this.#trackIds.set(streamId, id);
    return id;
  }
}

/** Without a map a stream is taken for H.264 until it shows that it is not. */
function codecOf(streamType: number | undefined): PsVideoCodec {
  return streamType === PsStreamType.h265 ? PS_H265 : PS_H264;
}
