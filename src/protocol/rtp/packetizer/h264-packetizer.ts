/**
 * H.264 in RTP, non-interleaved mode (RFC 6184, packetization-mode 1): single NAL unit packets (5.6), FU-A (5.8) and, by
 * option, STAP-A (5.7.1). The interleaved forms (STAP-B, MTAP, FU-B) are left out.
 */
import type { H264Config } from '../../../codec/codec-config.ts';
import { H264NalUnitType } from '../../../codec/h264/nal-unit-type.ts';
import { NalPacketizer, type NalPacketizerOptions, type NalPayloadFormat } from './nal-packetizer.ts';

/** Payload structures (5.2, table 1). */
const STAP_A = 24;
const FU_A = 28;
/** Types from 24 on are structures of RFC 6184, whatever a bitstream means by them; 0 is reserved. */
const MAX_SENDABLE_TYPE = 23;

/** NAL unit header: forbidden_zero_bit 1, nal_ref_idc 2, nal_unit_type 5. */
const H264_PAYLOAD_FORMAT: NalPayloadFormat = {
  nalHeaderBytes: 1,
  fragmentHeaderBytes: 2,
  isSendable(firstByte) {
    const type = firstByte & 0x1f;
    return type > 0 && type <= MAX_SENDABLE_TYPE && type !== H264NalUnitType.accessUnitDelimiter;
  },
  isParameterSet(firstByte) {
    const type = firstByte & 0x1f;
    return type === H264NalUnitType.sps || type === H264NalUnitType.pps;
  },
  writeFragmentHeader(target, at, data, nalAt, isFirst, isLast) {
    const nalHeader = data[nalAt]!;
    // FU indicator: the unit's own header with another type. FU header: S 1, E 1, R 1, type 5.
    target[at] = (nalHeader & 0xe0) | FU_A;
    target[at + 1] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | (nalHeader & 0x1f);
  },
  aggregationHeader(a, b) {
    // 5.7: F is set when one unit's is, NRI is the greatest.
    return ((a | b) & 0x80) | Math.max(a & 0x60, b & 0x60) | STAP_A;
  },
};

/** @returns marker on the last payload of each access unit; SPS and PPS of `config` before key frames without them */
export function createH264Packetizer(config: H264Config, options: NalPacketizerOptions): NalPacketizer {
  const sets = [...config.sequenceParameterSets, ...config.pictureParameterSets];
  return new NalPacketizer(H264_PAYLOAD_FORMAT, sets, options);
}
