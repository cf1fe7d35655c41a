/** Opus out of PES packets (Opus-in-TS draft of xiph.org). */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import { opusPacketDurationUs } from '../../codec/opus/opus-packet.ts';
import type { Track } from '../../media/track.ts';
import type { ElementaryStreamReader, PesContent, ReaderContext } from './demuxer-events.ts';
import { parseOpusControlHeader } from './opus-control-header.ts';
import { ticksToUs } from './timestamp.ts';

/** The reader of an Opus stream; the track is known from the program map. */
export class OpusReader implements ElementaryStreamReader {
  readonly #context: ReaderContext;
  readonly #track: Track;
  #nextUs: number | undefined;

  /** @param head an OpusHead */
  constructor(context: ReaderContext, head: Uint8Array) {
    this.#context = context;
    this.#track = { id: context.trackId, kind: 'audio', config: opusConfigFromHead(head) };
    context.push({ type: 'track', track: this.#track });
  }

  lost(): void {
    this.#nextUs = undefined;
  }

  read(pes: PesContent): void {
    if (pes.ptsTicks !== undefined) this.#nextUs = ticksToUs(pes.ptsTicks);
    try {
      this.#readPackets(pes.payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.counters.damagedFrames += 1;
    }
  }

  #readPackets(payload: Uint8Array): void {
    let at = 0;
    while (at < payload.length) {
      const { packetOffset, packetLength } = parseOpusControlHeader(payload, at);
      at = packetOffset + packetLength;
      if (packetLength === 0) continue;
      const data = payload.subarray(packetOffset, at);
      const durationUs = opusPacketDurationUs(data);
      const dtsUs = this.#nextUs;
      if (dtsUs === undefined) {
        this.#context.counters.framesWithoutConfig += 1;
        continue;
      }
      this.#nextUs = dtsUs + durationUs;
      this.#context.push({
        type: 'frame',
        frame: { track: this.#track, dtsUs, ptsUs: dtsUs, isKey: true, data },
      });
    }
  }
}
