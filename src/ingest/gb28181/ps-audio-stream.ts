import type {
  ElementaryStreamReader,
  MpegTsDemuxerCounters,
  MpegTsEvent,
  ReaderContext,
} from '../../container/mpegts/demuxer-events.ts';
import { adtsReader, mpegAudioReader } from '../../container/mpegts/framed-audio-reader.ts';
import { PsStreamType } from '../../container/ps/stream-type.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import { guessAudioType } from './audio-guess.ts';
import { G711Reader } from './g711-reader.ts';
import { LoasReader } from './loas-reader.ts';
import type { ProgramTime } from './program-clock.ts';
import type { PsStream } from './ps-stream.ts';

/** What became of the sound of streams, as transport streams count it: packets that did not come whole, and what is in them. */
export type PsAudioCounters = Pick<
  MpegTsDemuxerCounters,
  'damagedPes' | 'damagedFrames' | 'framesWithoutConfig'
>;

/** Packets say their length in 16 bits; there is room for some that do not. */
const MAX_PACKET_BYTES = 256 << 10;
/** Packets that look like nothing in particular, after which they are believed to be what GB/T 28181 asks of devices: G.711 A-law. */
const MAX_UNKNOWN_PACKETS = 25;
const FIRST_BUFFER_BYTES = 2048;

/** The packets of an audio stream become the frames of a track. */
export class PsAudioStream implements PsStream {
  readonly hasTorn = false;
  readonly #context: ReaderContext;
  /** `undefined` while nobody knows what it is. */
  #reader: ElementaryStreamReader | undefined;
  #unknownPackets: number;
  #buffer: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);
  #filled = 0;
  #isOpen = false;
  #time: ProgramTime | undefined;

  /**
   * @param counters that may be other streams' as well
   * @param streamType `undefined` when no map names it
   * @param hasMap whether there is one, so that nothing need be waited for
   */
  constructor(
    publication: PublicationInput,
    trackId: number,
    counters: MpegTsDemuxerCounters,
    streamType: number | undefined,
    hasMap: boolean,
  ) {
    this.#context = { trackId, counters, push: (event) => pass(event, publication) };
    this.#reader = streamType === undefined ? undefined : readerOf(streamType, this.#context);
    this.#unknownPackets = hasMap ? MAX_UNKNOWN_PACKETS : 0;
  }

  beginPacket(time: ProgramTime | undefined): void {
    this.#isOpen = true;
    this.#filled = 0;
    this.#time = time;
  }

  receive(bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    const filled = this.#filled + bytes.length;
    if (filled > MAX_PACKET_BYTES) {
      this.lose();
      return;
    }
    if (filled > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(filled, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = filled;
  }

  endPacket(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const payload = this.#buffer.slice(0, this.#filled);
    this.#reader ??= this.#guess(payload);
    if (this.#reader === undefined) {
      this.#context.counters.framesWithoutConfig += 1;
      return;
    }
    const { ptsTicks, dtsTicks } = this.#time ?? { ptsTicks: undefined, dtsTicks: undefined };
    this.#reader.read({ payload, ptsTicks, dtsTicks, isRandomAccess: false });
  }

  lose(): void {
    if (this.#isOpen) this.#context.counters.damagedPes += 1;
    this.#isOpen = false;
    this.#reader?.lost();
  }

  endUnit(): void {}

  end(): void {}

  #guess(payload: Uint8Array): ElementaryStreamReader | undefined {
    const guessed = guessAudioType(payload);
    if (guessed !== undefined) return readerOf(guessed, this.#context);
    this.#unknownPackets += 1;
    return this.#unknownPackets > MAX_UNKNOWN_PACKETS
      ? readerOf(PsStreamType.g711a, this.#context)
      : undefined;
  }
}

function readerOf(streamType: number, context: ReaderContext): ElementaryStreamReader | undefined {
  switch (streamType) {
    case PsStreamType.aacAdts:
      return adtsReader(context);
    case PsStreamType.aacLatm:
      return new LoasReader(context);
    case PsStreamType.mpeg1Audio:
    case PsStreamType.mpeg2Audio:
      return mpegAudioReader(context);
    case PsStreamType.g711a:
      return new G711Reader(context, 'g711a');
    case PsStreamType.g711u:
      return new G711Reader(context, 'g711u');
    default:
      return undefined;
  }
}

function pass(event: MpegTsEvent, publication: PublicationInput): void {
  if (event.type === 'track') publication.setTrack(event.track);
  else if (event.type === 'frame') publication.write(event.frame);
}
