/** H.264 and H.265 out of PES packets, one access unit each, as encoders for the internet write them. */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { H264Config, H265Config } from '../../codec/codec-config.ts';
import { h264ConfigFromParameterSets, withH264ParameterSets } from '../../codec/h264/h264-config.ts';
import { H264NalUnitType, h264NalUnitType } from '../../codec/h264/nal-unit-type.ts';
import { h265ConfigFromParameterSets, withH265ParameterSets } from '../../codec/h265/h265-config.ts';
import { H265NalUnitType, h265NalUnitType, isH265Irap } from '../../codec/h265/nal-unit-type.ts';
import { splitAnnexB } from '../../codec/nal/annex-b.ts';
import { joinLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { Track } from '../../media/track.ts';
import type { ElementaryStreamReader, PesContent, ReaderContext } from './demuxer-events.ts';
import { ticksToUs } from './timestamp.ts';

/** What differs between the two codecs. */
interface NalCodec<Config> {
  isDelimiter(nal: Uint8Array): boolean;
  isRandomAccess(nal: Uint8Array): boolean;
  /** @throws {ProtocolError} when the sets make no config */
  firstConfig(nalUnits: readonly Uint8Array[]): Config | undefined;
  updated(config: Config, nalUnits: readonly Uint8Array[]): Config;
}

const h264: NalCodec<H264Config> = {
  isDelimiter: (nal) => h264NalUnitType(nal) === H264NalUnitType.accessUnitDelimiter,
  isRandomAccess: (nal) => h264NalUnitType(nal) === H264NalUnitType.idr,
  firstConfig(nalUnits) {
    const sps = nalUnits.filter((nal) => h264NalUnitType(nal) === H264NalUnitType.sps);
    const pps = nalUnits.filter((nal) => h264NalUnitType(nal) === H264NalUnitType.pps);
    return sps.length > 0 && pps.length > 0 ? h264ConfigFromParameterSets(sps, pps) : undefined;
  },
  updated: withH264ParameterSets,
};

const h265: NalCodec<H265Config> = {
  isDelimiter: (nal) => h265NalUnitType(nal) === H265NalUnitType.accessUnitDelimiter,
  isRandomAccess: (nal) => isH265Irap(h265NalUnitType(nal)),
  firstConfig(nalUnits) {
    const [vps, sps, pps] = [H265NalUnitType.vps, H265NalUnitType.sps, H265NalUnitType.pps].map((type) =>
      nalUnits.filter((nal) => h265NalUnitType(nal) === type),
    );
    const isComplete = vps!.length > 0 && sps!.length > 0 && pps!.length > 0;
    return isComplete ? h265ConfigFromParameterSets(vps!, sps!, pps!) : undefined;
  },
  updated: withH265ParameterSets,
};

/** The reader of an H.264 stream. */
export function h264Reader(context: ReaderContext): ElementaryStreamReader {
  return new AccessUnitReader(context, h264);
}

/** The reader of an H.265 stream. */
export function h265Reader(context: ReaderContext): ElementaryStreamReader {
  return new AccessUnitReader(context, h265);
}

class AccessUnitReader<Config extends H264Config | H265Config> implements ElementaryStreamReader {
  readonly #context: ReaderContext;
  readonly #codec: NalCodec<Config>;
  #config: Config | undefined;
  #track: Track | undefined;
  #lastTicks: number | undefined;
  #stepTicks = 0;

  constructor(context: ReaderContext, codec: NalCodec<Config>) {
    this.#context = context;
    this.#codec = codec;
  }

  lost(): void {}

  read(pes: PesContent): void {
    try {
      this.#read(pes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.counters.damagedFrames += 1;
    }
  }

  #read(pes: PesContent): void {
    const nalUnits = splitAnnexB(pes.payload).filter((nal) => !this.#codec.isDelimiter(nal));
    if (nalUnits.length === 0) return;
    const track = this.#trackWith(nalUnits);
    const dtsTicks = this.#decodingTicks(pes);
    if (track === undefined || dtsTicks === undefined) {
      this.#context.counters.framesWithoutConfig += 1;
      return;
    }
    const dtsUs = ticksToUs(dtsTicks);
    const ptsUs = pes.ptsTicks === undefined ? dtsUs : ticksToUs(pes.ptsTicks);
    const isKey = pes.isRandomAccess || nalUnits.some((nal) => this.#codec.isRandomAccess(nal));
    const data = joinLengthPrefixed(nalUnits);
    this.#context.push({ type: 'frame', frame: { track, dtsUs, ptsUs, isKey, data } });
  }

  #trackWith(nalUnits: readonly Uint8Array[]): Track | undefined {
    const config =
      this.#config === undefined
        ? this.#codec.firstConfig(nalUnits)
        : this.#codec.updated(this.#config, nalUnits);
    if (config !== undefined && config !== this.#config) {
      this.#config = config;
      this.#track = { id: this.#context.trackId, kind: 'video', config };
      this.#context.push({ type: 'track', track: this.#track });
    }
    return this.#track;
  }

  /** A packet without a time (the second field of a picture, for some) follows the one before at its distance. */
  #decodingTicks(pes: PesContent): number | undefined {
    const last = this.#lastTicks;
    const ticks = pes.dtsTicks ?? (last === undefined ? undefined : last + this.#stepTicks);
    if (ticks !== undefined && last !== undefined && ticks > last) this.#stepTicks = ticks - last;
    this.#lastTicks = ticks ?? last;
    return ticks;
  }
}
