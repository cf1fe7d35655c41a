/**
 * H.265 in RTP (RFC 7798): single NAL unit packets (4.4.1), fragmentation units (4.4.3) and, by option, aggregation
 * packets (4.4.2), all without decoding order numbers (sprop-max-don-diff 0). PACI packets are left out.
 */
import type { H265Config } from '../../../codec/codec-config.ts';
import { H265NalUnitType } from '../../../codec/h265/nal-unit-type.ts';
import { NalPacketizer, type NalPacketizerOptions, type NalPayloadFormat } from './nal-packetizer.ts';

/** Payload structures. Whatever a bitstream means by these types has no place in RTP. */
const AGGREGATION_PACKET = 48;
const FRAGMENTATION_UNIT = 49;
const PACI_PACKET = 50;

/** NAL unit header: F 1, Type 6, LayerId 6, TID 3. */
const H265_PAYLOAD_FORMAT: NalPayloadFormat = {
  nalHeaderBytes: 2,
  fragmentHeaderBytes: 3,
  isSendable(firstByte) {
    const type = (firstByte >>> 1) & 0x3f;
    const isStructure = type >= AGGREGATION_PACKET && type <= PACI_PACKET;
    return !isStructure && type !== H265NalUnitType.accessUnitDelimiter;
  },
  isParameterSet(firstByte) {
    const type = (firstByte >>> 1) & 0x3f;
    return type >= H265NalUnitType.vps && type <= H265NalUnitType.pps;
  },
  writeFragmentHeader(target, at, data, nalAt, isFirst, isLast) {
    const firstByte = data[nalAt]!;
    // Payload header: the unit's own header with another type. FU header: S 1, E 1, FuType 6.
    target[at] = (firstByte & 0x81) | (FRAGMENTATION_UNIT << 1);
    target[at + 1] = data[nalAt + 1]!;
    target[at + 2] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | ((firstByte >>> 1) & 0x3f);
  },
  aggregationHeader(a, b) {
    // 4.4.2: F is set when one unit's is, LayerId and TID are the lowest.
    const layerId = Math.min(a & 0x01f8, b & 0x01f8);
    return ((a | b) & 0x8000) | (AGGREGATION_PACKET << 9) | layerId | Math.min(a & 0x07, b & 0x07);
  },
};

/** @returns marker on the last payload of each access unit; the sets of `config` before key frames without them */
export function createH265Packetizer(config: H265Config, options: NalPacketizerOptions): NalPacketizer {
  const sets = [
    ...config.videoParameterSets,
    ...config.sequenceParameterSets,
    ...config.pictureParameterSets,
  ];
  return new NalPacketizer(H265_PAYLOAD_FORMAT, sets, options);
}
