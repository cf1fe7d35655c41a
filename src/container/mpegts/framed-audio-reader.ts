/** Audio whose frames have headers of their own and lie in PES packets as they please: ADTS and MPEG audio. */
import { ADTS_HEADER_LENGTH, audioSpecificConfigOfAdts, parseAdtsHeader } from '../../codec/aac/adts.ts';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import { joinBytes } from '../../bytes/join-bytes.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { AudioConfig } from '../../codec/codec-config.ts';
import { mp3ConfigFromFrame } from '../../codec/mp3/mp3-config.ts';
import { MPEG_AUDIO_HEADER_LENGTH, parseMpegAudioHeader } from '../../codec/mp3/mpeg-audio-header.ts';
import type { Track } from '../../media/track.ts';
import type { ElementaryStreamReader, PesContent, ReaderContext } from './demuxer-events.ts';

/** Samples of one AAC raw data block. */
const AAC_BLOCK_SAMPLES = 1024;

/** One frame as its header tells. */
interface AudioFrameHeader {
  /** Header and payload. */
  readonly frameLength: number;
  /** Bytes in front that a `MediaFrame` does not carry. */
  readonly headerLength: number;
  readonly durationUs: number;
  /** Equal for frames that share a config. */
  readonly configKey: string;
}

/** What differs between the two formats. */
interface AudioFraming {
  readonly minHeaderLength: number;
  /** Whether a header may begin with these two bytes: a cheap test for the search. */
  isCandidate(first: number, second: number): boolean;
  /** @throws {ProtocolError} when there is no header at the start of `bytes` (at least `minHeaderLength`) */
  parse(bytes: Uint8Array): AudioFrameHeader;
  configOf(frame: Uint8Array): AudioConfig;
}

const adts: AudioFraming = {
  minHeaderLength: ADTS_HEADER_LENGTH,
  isCandidate: (first, second) => first === 0xff && (second & 0xf6) === 0xf0,
  parse(bytes) {
    const header = parseAdtsHeader(bytes)!;
    const { frameLength, headerLength, samplingFrequency, rawDataBlocks } = header;
    const durationUs = (AAC_BLOCK_SAMPLES * rawDataBlocks * 1e6) / samplingFrequency;
    const configKey = `${header.objectType} ${samplingFrequency} ${header.channelConfiguration}`;
    return { frameLength, headerLength, durationUs, configKey };
  },
  configOf: (frame) => aacConfigFromAudioSpecificConfig(audioSpecificConfigOfAdts(parseAdtsHeader(frame)!)),
};

const mpegAudio: AudioFraming = {
  minHeaderLength: MPEG_AUDIO_HEADER_LENGTH,
  isCandidate: (first, second) => first === 0xff && (second & 0xe0) === 0xe0,
  parse(bytes) {
    const { frameLength, samplesPerFrame, sampleRate, channels } = parseMpegAudioHeader(bytes);
    const durationUs = (samplesPerFrame * 1e6) / sampleRate;
    return { frameLength, headerLength: 0, durationUs, configKey: `${sampleRate} ${channels}` };
  },
  configOf: mp3ConfigFromFrame,
};

/** The reader of AAC in ADTS. */
export function adtsReader(context: ReaderContext): ElementaryStreamReader {
  return new FramedAudioReader(context, adts);
}

/** The reader of MPEG audio, layers I to III. */
export function mpegAudioReader(context: ReaderContext): ElementaryStreamReader {
  return new FramedAudioReader(context, mpegAudio);
}

const NOTHING: Uint8Array = new Uint8Array(0);

class FramedAudioReader implements ElementaryStreamReader {
  readonly #context: ReaderContext;
  readonly #framing: AudioFraming;
  /** The beginning of a frame whose end comes with the next PES packet; shorter than the longest frame. */
  #rest: Uint8Array = NOTHING;
  #track: Track | undefined;
  #configKey = '';
  /** When the frame that comes next begins; `undefined` while no time is known. */
  #nextUs: number | undefined;

  constructor(context: ReaderContext, framing: AudioFraming) {
    this.#context = context;
    this.#framing = framing;
  }

  lost(): void {
    this.#rest = NOTHING;
    this.#nextUs = undefined;
  }

  read(pes: PesContent): void {
    const data = joinBytes(this.#rest, pes.payload);
    // The packet's time is that of the first frame that begins in it (ISO/IEC 13818-1, 2.4.3.7).
    // Not rounded yet, so that the frames behind it do not add up errors.
    let pesUs = pes.ptsTicks === undefined ? undefined : (pes.ptsTicks * 100) / 9;
    const ownStart = this.#rest.length;
    let at = 0;
    let isDamaged = false;
    while (at < data.length) {
      const header = this.#headerAt(data, at);
      if (header === 'damage') {
        isDamaged = true;
        at += 1;
        continue;
      }
      if (at >= ownStart && pesUs !== undefined) {
        this.#nextUs = pesUs;
        pesUs = undefined;
      }
      if (header === 'incomplete') break;
      // A free-format frame does not tell its length: it fills the packet.
      const end = header.frameLength === 0 ? data.length : at + header.frameLength;
      if (end > data.length) break;
      this.#frame(header, data.subarray(at, end));
      at = end;
    }
    if (isDamaged) this.#context.counters.damagedFrames += 1;
    this.#rest = data.subarray(at);
  }

  #headerAt(data: Uint8Array, at: number): AudioFrameHeader | 'damage' | 'incomplete' {
    const { minHeaderLength } = this.#framing;
    if (data.length - at < 2) return data[at] === 0xff ? 'incomplete' : 'damage';
    if (!this.#framing.isCandidate(data[at]!, data[at + 1]!)) return 'damage';
    if (data.length - at < minHeaderLength) return 'incomplete';
    try {
      return this.#framing.parse(data.subarray(at, at + minHeaderLength));
    } catch (error) {
      if (error instanceof ProtocolError) return 'damage';
      throw error;
    }
  }

  #frame(header: AudioFrameHeader, frame: Uint8Array): void {
    const us = this.#nextUs;
    if (us === undefined) {
      this.#context.counters.framesWithoutConfig += 1;
      return;
    }
    this.#nextUs = us + header.durationUs;
    const data = frame.subarray(header.headerLength);
    if (data.length === 0) return;
    if (this.#track === undefined || header.configKey !== this.#configKey) {
      this.#configKey = header.configKey;
      this.#track = { id: this.#context.trackId, kind: 'audio', config: this.#framing.configOf(frame) };
      this.#context.push({ type: 'track', track: this.#track });
    }
    const dtsUs = Math.round(us);
    this.#context.push({
      type: 'frame',
      frame: { track: this.#track, dtsUs, ptsUs: dtsUs, isKey: true, data },
    });
  }
}
