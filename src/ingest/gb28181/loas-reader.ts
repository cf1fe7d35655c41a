/** AAC in LATM, behind the sync words of LOAS (AudioSyncStream of ISO/IEC 14496-3, 1.7.2), as stream type 11 has it. */
import { equalBytes } from '../../bytes/equal-bytes.ts';
import { joinBytes } from '../../bytes/join-bytes.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import type { StreamMuxConfig } from '../../codec/aac/stream-mux-config.ts';
import type {
  ElementaryStreamReader,
  PesContent,
  ReaderContext,
} from '../../container/mpegts/demuxer-events.ts';
import type { Track } from '../../media/track.ts';
import { aacUnitTicks } from '../../protocol/rtp/depacketizer/aac-depacketizer.ts';
import { readAudioMuxElement } from '../../protocol/rtp/depacketizer/audio-mux-element.ts';

const HEADER_LENGTH = 3;
const NOTHING: Uint8Array = new Uint8Array(0);
const US_PER_SECOND = 1_000_000;

/** Whether an element may begin here: syncword 11 bits, 2B7. */
export function isLoasSync(data: Uint8Array, at: number): boolean {
  return data[at] === 0x56 && (at + 1 >= data.length || (data[at + 1]! & 0xe0) === 0xe0);
}

/** Reads elements that lie in packets as they please. */
export class LoasReader implements ElementaryStreamReader {
  readonly #context: ReaderContext;
  /** The beginning of an element whose end comes with the next packet; shorter than the longest element, 8 KiB. */
  #rest: Uint8Array = NOTHING;
  #muxConfig: StreamMuxConfig | undefined;
  #track: Track | undefined;
  #unitUs = 0;
  #nextUs: number | undefined;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  lost(): void {
    this.#rest = NOTHING;
    this.#nextUs = undefined;
  }

  /** @param pes its payload is kept */
  read({ payload, ptsTicks }: PesContent): void {
    const ownStart = this.#rest.length;
    const data = joinBytes(this.#rest, payload);
    // The packet's time is that of the first element that begins in it.
    let pesUs = ptsTicks === undefined ? undefined : (ptsTicks * 100) / 9;
    let at = 0;
    let isDamaged = false;
    while (at < data.length) {
      if (!isLoasSync(data, at)) {
        isDamaged = true;
        at += 1;
        continue;
      }
      if (at >= ownStart && pesUs !== undefined) {
        this.#nextUs = pesUs;
        pesUs = undefined;
      }
      const end = at + HEADER_LENGTH + (((data[at + 1] ?? 0) & 0x1f) << 8) + (data[at + 2] ?? 0);
      if (data.length - at < HEADER_LENGTH || end > data.length) break;
      if (!this.#readElement(data.subarray(at + HEADER_LENGTH, end))) isDamaged = true;
      at = end;
    }
    if (isDamaged) this.#context.counters.damagedFrames += 1;
    this.#rest = data.subarray(at);
  }

  /** @returns false when it makes no sense */
  #readElement(bytes: Uint8Array): boolean {
    try {
      const element = readAudioMuxElement(bytes, true, this.#muxConfig);
      if (element === undefined) {
        this.#context.counters.framesWithoutConfig += 1;
        return true;
      }
      this.#use(element.muxConfig);
      for (const unit of element.units) this.#frame(unit);
      return true;
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  }

  #use(muxConfig: StreamMuxConfig): void {
    if (muxConfig === this.#muxConfig) return;
    this.#muxConfig = muxConfig;
    const { audioSpecificConfig } = muxConfig.streams[0]!;
    const known = this.#track?.config;
    if (known?.kind === 'audio' && equalBytes(known.description, audioSpecificConfig)) return;
    const config = aacConfigFromAudioSpecificConfig(audioSpecificConfig);
    this.#unitUs = aacUnitTicks(config, US_PER_SECOND);
    this.#track = { id: this.#context.trackId, kind: 'audio', config };
    this.#context.push({ type: 'track', track: this.#track });
  }

  #frame(data: Uint8Array): void {
    const us = this.#nextUs;
    if (us === undefined) {
      this.#context.counters.framesWithoutConfig += 1;
      return;
    }
    this.#nextUs = us + this.#unitUs;
    if (data.length === 0) return;
    const dtsUs = Math.round(us);
    this.#context.push({
      type: 'frame',
      frame: { track: this.#track!, dtsUs, ptsUs: dtsUs, isKey: true, data },
    });
  }
}
