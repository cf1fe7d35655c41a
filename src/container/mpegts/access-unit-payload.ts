/** H.264 and H.265 access units as byte streams (ISO/IEC 13818-1, 2.14 and 2.17; annex B of both codecs). */
import type { H264Config, H265Config } from '../../codec/codec-config.ts';
import { H264NalUnitType } from '../../codec/h264/nal-unit-type.ts';
import { H265NalUnitType } from '../../codec/h265/nal-unit-type.ts';
import { joinAnnexB } from '../../codec/nal/annex-b.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { PesPayload } from './pes-payload.ts';

/** Access unit delimiters that allow any kind of picture: primary_pic_type 7, pic_type 2. */
const H264_DELIMITER = Uint8Array.of(0x09, 0xf0);
const H265_DELIMITER = Uint8Array.of(0x46, 0x01, 0x50);

/**
 * One access unit: delimiter, the track's parameter sets where a decoder may start and the unit does not bring them,
 * then the unit as it is. Lengths and start codes both have 4 bytes, so the frame is copied in one piece.
 */
export class AccessUnitPayload implements PesPayload {
  readonly kind = 'access-unit';
  readonly #isH265: boolean;
  /** The track's parameter sets, counted; an access unit with as many of its own is complete. */
  readonly #parameterSetCount: number;
  readonly #delimiter: Uint8Array;
  readonly #headers: Uint8Array;
  #prefix: Uint8Array;
  #data: Uint8Array = new Uint8Array(0);

  constructor(config: H264Config | H265Config) {
    this.#isH265 = config.codec === 'h265';
    const sets = [
      ...(config.codec === 'h265' ? config.videoParameterSets : []),
      ...config.sequenceParameterSets,
      ...config.pictureParameterSets,
    ];
    const delimiter = this.#isH265 ? H265_DELIMITER : H264_DELIMITER;
    this.#parameterSetCount = sets.length;
    this.#delimiter = joinAnnexB([delimiter]);
    this.#headers = joinAnnexB([delimiter, ...sets]);
    this.#prefix = this.#delimiter;
  }

  get length(): number {
    return this.#prefix.length + this.#data.length;
  }

  /** @returns false when the lengths inside `frame` do not add up */
  load(frame: MediaFrame): boolean {
    const ownSets = this.#countParameterSets(frame.data);
    if (ownSets < 0) return false;
    const needsSets = frame.isKey && ownSets < this.#parameterSetCount;
    this.#prefix = needsSets ? this.#headers : this.#delimiter;
    this.#data = frame.data;
    return true;
  }

  write(target: Uint8Array, at: number): void {
    target.set(this.#prefix, at);
    let prefix = at + this.#prefix.length;
    target.set(this.#data, prefix);
    const end = prefix + this.#data.length;
    while (prefix < end) {
      const next = prefix + 4 + readLength(target, prefix);
      target[prefix] = 0;
      target[prefix + 1] = 0;
      target[prefix + 2] = 0;
      target[prefix + 3] = 1;
      prefix = next;
    }
  }

  /** Parameter sets among the NAL units of `data`; -1 when a length reaches past the end. */
  #countParameterSets(data: Uint8Array): number {
    let count = 0;
    let at = 0;
    while (at < data.length) {
      if (at + 4 > data.length) return -1;
      if (this.#isParameterSet(data[at + 4] ?? 0)) count += 1;
      at += 4 + readLength(data, at);
    }
    return at === data.length ? count : -1;
  }

  #isParameterSet(firstByte: number): boolean {
    if (this.#isH265) {
      const type = (firstByte >>> 1) & 0x3f;
      return type >= H265NalUnitType.vps && type <= H265NalUnitType.pps;
    }
    const type = firstByte & 0x1f;
    return type === H264NalUnitType.sps || type === H264NalUnitType.pps;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
