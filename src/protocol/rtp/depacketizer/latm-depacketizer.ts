/** AAC in LATM (RFC 6416, 6): AudioMuxElements, one or several a packet, or one over several packets. */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import { equalBytes } from '../../../bytes/equal-bytes.ts';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import { parseStreamMuxConfig, type StreamMuxConfig } from '../../../codec/aac/stream-mux-config.ts';
import type { AacConfig } from '../../../codec/codec-config.ts';
import { aacUnitTicks } from './aac-depacketizer.ts';
import { AudioDepacketizer } from './audio-depacketizer.ts';
import { readAudioMuxElement, type AudioMuxElement } from './audio-mux-element.ts';
import { PieceList } from './piece-list.ts';

/** What the SDP says about the stream. */
export interface LatmDepacketizerOptions {
  /** `cpresent`: each element says whether a StreamMuxConfig stands in it. */
  readonly muxConfigPresent: boolean;
  /** The StreamMuxConfig of the SDP; `undefined` without one. */
  readonly muxConfig: StreamMuxConfig | undefined;
  /** Ticks of the RTP clock in a second. */
  readonly clockRate: number;
}

/** One element: 64 access units of several channels stay below; so many bytes in packets of 64. */
const MAX_ELEMENT_BYTES = 262_144;
const MAX_ELEMENT_PACKETS = 4096;

/** See the head of this file. Units are views of their packets where they lie at whole bytes of one. */
export class LatmDepacketizer extends AudioDepacketizer {
  readonly #options: LatmDepacketizerOptions;
  #muxConfig: StreamMuxConfig | undefined;
  #config: AacConfig | undefined;
  #unitTicks: number;
  readonly #pieces: PieceList = new PieceList();
  #isOpen = false;
  #timestamp = 0;
  #isDamaged = false;
  /** The sender was seen to cut elements: what follows a loss may be the end of one. */
  #cutsElements = false;
  #isStartUncertain = false;

  constructor(options: LatmDepacketizerOptions, config: AacConfig | undefined) {
    super();
    this.#options = options;
    this.#config = config;
    this.#unitTicks = aacUnitTicks(config, options.clockRate);
    const isPlain = !options.muxConfigPresent && options.muxConfig === undefined && config !== undefined;
    this.#muxConfig = isPlain ? plainMuxConfig(config.description) : options.muxConfig;
  }

  override get config(): AacConfig | undefined {
    return this.#config;
  }

  protected override lose(): void {
    if (this.#isOpen) this.#isDamaged = true;
    this.#isStartUncertain = this.#cutsElements;
  }

  protected override read(payload: Uint8Array, timestamp: number, marker: boolean): void {
    if (this.#isOpen && timestamp !== this.#timestamp) this.#finish();
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#timestamp = timestamp;
      this.#isDamaged = this.#isStartUncertain;
    }
    this.#isStartUncertain = false;
    this.#pieces.add(payload);
    const isTooLarge =
      this.#pieces.byteLength > MAX_ELEMENT_BYTES || this.#pieces.count > MAX_ELEMENT_PACKETS;
    if (isTooLarge) this.#isDamaged = true;
    if (this.#isDamaged) this.#pieces.clear();
    if (marker) this.#finish();
    else this.#cutsElements = true;
  }

  protected override end(): void {
    if (this.#isOpen) this.#finish();
  }

  #finish(): void {
    const bytes = this.#pieces.count === 1 ? this.#pieces.first! : this.#pieces.join();
    const isDamaged = this.#isDamaged;
    this.#isOpen = false;
    this.#pieces.clear();
    if (isDamaged) this.damaged();
    else this.#readElements(bytes);
  }

  #readElements(bytes: Uint8Array): void {
    const { muxConfigPresent } = this.#options;
    let at = 0;
    let unitCount = 0;
    while (at < bytes.length) {
      const element = elementAt(bytes.subarray(at), muxConfigPresent, this.#muxConfig);
      if (element === 'without config') {
        this.counters.ignoredPackets += 1;
        return;
      }
      if (element === 'damage') {
        if (at === 0) this.damaged(); // behind a sound element it is padding
        return;
      }
      this.#use(element.muxConfig);
      for (const unit of element.units) {
        this.complete(this.#timestamp + Math.round(unitCount * this.#unitTicks), unit);
        unitCount += 1;
      }
      at += element.end;
    }
  }

  #use(muxConfig: StreamMuxConfig): void {
    if (muxConfig === this.#muxConfig && this.#config !== undefined) return;
    this.#muxConfig = muxConfig;
    const { audioSpecificConfig } = muxConfig.streams[0]!;
    if (this.#config !== undefined && equalBytes(this.#config.description, audioSpecificConfig)) return;
    this.#config = aacConfigFromAudioSpecificConfig(audioSpecificConfig);
    this.#unitTicks = aacUnitTicks(this.#config, this.#options.clockRate);
  }
}

function elementAt(
  bytes: Uint8Array,
  muxConfigPresent: boolean,
  muxConfig: StreamMuxConfig | undefined,
): AudioMuxElement | 'damage' | 'without config' {
  try {
    return readAudioMuxElement(bytes, muxConfigPresent, muxConfig) ?? 'without config';
  } catch (error) {
    if (error instanceof ProtocolError) return 'damage';
    throw error;
  }
}

/** Where an AudioSpecificConfig stands in the place of a StreamMuxConfig: one stream, one access unit an element. */
function plainMuxConfig(audioSpecificConfig: Uint8Array): StreamMuxConfig {
  return {
    allStreamsSameTimeFraming: true,
    subFrameCount: 1,
    streams: [{ program: 0, layer: 0, audioSpecificConfig, frameLengthType: 0, frameLengthBits: undefined }],
    otherDataLengthBits: 0,
    lengthBits: 0,
  };
}

/** Reads `cpresent` and `config` out of `a=fmtp`; a `config` that is no StreamMuxConfig is left out. */
export function latmOptionsOf(
  parameters: ReadonlyMap<string, string>,
  clockRate: number,
): LatmDepacketizerOptions {
  const text = parameters.get('config');
  // RFC 6416, 7.1: 1 unless said; but a config in the SDP is there for streams without any in-band.
  const cpresent = parameters.get('cpresent') ?? (text === undefined ? '1' : '0');
  return {
    muxConfigPresent: cpresent !== '0',
    muxConfig: text === undefined ? undefined : muxConfigOf(text),
    clockRate,
  };
}

function muxConfigOf(hexDigits: string): StreamMuxConfig | undefined {
  const bytes = Uint8Array.from(Buffer.from(hexDigits.replace(/^0x/i, ''), 'hex'));
  return undefinedIfMalformed(() => parseStreamMuxConfig(bytes));
}
