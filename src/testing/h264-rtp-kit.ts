/** H.264 for tests of depacketizers: parameter sets of x264, slices of nothing. */
import { h264ConfigFromRecord } from '../codec/h264/h264-config.ts';
import type { H264Config } from '../codec/codec-config.ts';
import { createDepacketizer } from '../protocol/rtp/depacketizer/create-depacketizer.ts';
import type { Depacketizer, RtpAccessUnit } from '../protocol/rtp/depacketizer/depacketizer.ts';
import { nalUnitsOf, rtpFormat, type SentPacket } from './depacketizer-kit.ts';
import { toHex } from './hex.ts';
import { H264_RECORDS } from './record-vectors.ts';

/** 320 x 240, and the parameter sets in hexadecimal. */
export const baseline: H264Config = h264ConfigFromRecord(H264_RECORDS[0]!.record);
export const SPS: string = toHex(baseline.sequenceParameterSets[0]!);
export const PPS: string = toHex(baseline.pictureParameterSets[0]!);
/** Another stream's, 322 x 242. */
export const high: H264Config = h264ConfigFromRecord(H264_RECORDS[1]!.record);

/** Slices: the first of a picture, and further ones. */
export const IDR = '6588840021';
export const IDR_2 = '6540aabbcc';
export const SLICE = '41e0010203';
export const SLICE_2 = '4145060708';
export const SEI = '0605021122';

/** A depacketizer of a stream whose parameter sets the SDP has. */
export function h264Depacketizer(passesDamagedPictures = false): Depacketizer {
  return createDepacketizer(rtpFormat('H264'), baseline, { passesDamagedPictures })!;
}

/** What came out: timestamp, NAL units, flags. */
export function summaryOf(units: readonly RtpAccessUnit[]): string[] {
  return units.map(({ timestamp, data, isKey, afterLoss }) => {
    const nals = nalUnitsOf(data).map((nal) => (nal === SPS ? 'SPS' : nal === PPS ? 'PPS' : nal));
    return `${timestamp}: ${nals.join(' ')}${isKey ? ' key' : ''}${afterLoss ? ' after loss' : ''}`;
  });
}

/** A stream some of whose packets are lost. */
export function without(packets: readonly SentPacket[], ...numbers: number[]): SentPacket[] {
  return packets.filter(({ number }) => !numbers.includes(number));
}
