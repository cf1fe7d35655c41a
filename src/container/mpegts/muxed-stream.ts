import { adtsParametersOf } from '../../codec/aac/adts.ts';
import { parseAudioSpecificConfig } from '../../codec/aac/audio-specific-config.ts';
import type { Track } from '../../media/track.ts';
import { AccessUnitPayload } from './access-unit-payload.ts';
import { opusDescriptors } from './opus-descriptor.ts';
import { PesStreamId } from './pes-header.ts';
import { AdtsBatch, MAX_BATCH_TICKS, PacketPayload } from './pes-payload.ts';
import { TsStreamType } from './stream-type.ts';
import { TICKS_PER_MS } from './timestamp.ts';

/** How the frames of one track go into a transport stream. */
export interface StreamFormat {
  readonly streamType: TsStreamType;
  readonly streamId: number;
  readonly descriptors: Uint8Array;
  readonly payload: AccessUnitPayload | AdtsBatch | PacketPayload;
}

const NO_DESCRIPTORS: Uint8Array = new Uint8Array(0);
/** Below this rate MPEG audio is that of MPEG-2 (ISO/IEC 13818-3), which has a stream type of its own. */
const MIN_MPEG1_SAMPLE_RATE = 32_000;

/**
 * Whether a transport stream can carry the track: H.264, H.265, AAC that ADTS can say, MP3, Opus in a usual channel
 * layout. Not G.711, AV1, VP9, AC-3, FLAC, data.
 */
export function mpegTsCanCarry(track: Track): boolean {
  return streamFormatOf(track) !== undefined;
}

/** The format of a track; `undefined` when a transport stream can't carry it. */
export function streamFormatOf(track: Track): StreamFormat | undefined {
  const { config } = track;
  switch (config.codec) {
    case 'h264':
      return videoFormat(TsStreamType.h264, new AccessUnitPayload(config));
    case 'h265':
      return videoFormat(TsStreamType.h265, new AccessUnitPayload(config));
    case 'aac': {
      const parameters = adtsParametersOf(config);
      if (parameters === undefined) return undefined;
      const { samplesPerFrame } = parseAudioSpecificConfig(config.description);
      return audioFormat(TsStreamType.aacAdts, new AdtsBatch(parameters, samplesPerFrame));
    }
    case 'mp3': {
      const isMpeg2 = config.sampleRate > 0 && config.sampleRate < MIN_MPEG1_SAMPLE_RATE;
      const streamType = isMpeg2 ? TsStreamType.mpeg2Audio : TsStreamType.mpeg1Audio;
      return audioFormat(streamType, new PacketPayload(false));
    }
    case 'opus': {
      const descriptors = opusDescriptors(config);
      if (descriptors === undefined) return undefined;
      const payload = new PacketPayload(true);
      return { streamType: TsStreamType.privateData, streamId: PesStreamId.private1, descriptors, payload };
    }
    default:
      return undefined;
  }
}

function videoFormat(streamType: TsStreamType, payload: AccessUnitPayload): StreamFormat {
  return { streamType, streamId: PesStreamId.video, descriptors: NO_DESCRIPTORS, payload };
}

function audioFormat(streamType: TsStreamType, payload: AdtsBatch | PacketPayload): StreamFormat {
  return { streamType, streamId: PesStreamId.audio, descriptors: NO_DESCRIPTORS, payload };
}

/** Steps longer than this are pauses and say nothing about when the next frame comes. */
const MAX_STEP_TICKS = 1000 * TICKS_PER_MS;

/** One elementary stream on its way out: its PID, format and position. Times are ticks on the wire's clock, unwrapped. */
export class MuxedStream {
  readonly pid: number;
  track: Track;
  format: StreamFormat;
  /** Decoding time of the newest frame that came, written or not; meaningless before the first. */
  newestTicks = 0;
  /** `newestTicks` when the last PCR was written. */
  ticksAtClock = 0;
  /** `newestTicks` when the tables were last written. */
  ticksAtTables = 0;
  /** To be said in the next packet with a payload. */
  isDiscontinuous = false;
  #hasFrames = false;
  #stepTicks = 0;

  constructor(pid: number, track: Track, format: StreamFormat) {
    this.pid = pid;
    this.track = track;
    this.format = format;
  }

  /** A frame came. */
  advance(dtsTicks: number): void {
    if (!this.#hasFrames) {
      this.#hasFrames = true;
      this.ticksAtClock = dtsTicks;
      this.ticksAtTables = dtsTicks;
    } else {
      const step = dtsTicks - this.newestTicks;
      if (step > 0 && step <= MAX_STEP_TICKS) this.#stepTicks = step;
    }
    this.newestTicks = dtsTicks;
  }

  /** Time from one frame to the next, as last seen. */
  get stepTicks(): number {
    return this.#stepTicks;
  }

  /** Time after which this stream's next PES packet will have been written. */
  get reachTicks(): number {
    return this.format.payload.kind === 'batch' ? MAX_BATCH_TICKS + this.#stepTicks : this.#stepTicks;
  }
}
