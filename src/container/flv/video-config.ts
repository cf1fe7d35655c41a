/** The codec parameters that an FLV video sequence header holds, and those of streams that come without one. */
import type { VideoConfig } from '../../codec/codec-config.ts';
import { parseAvcDecoderConfigurationRecord } from '../../codec/h264/avc-decoder-configuration-record.ts';
import { h264ConfigFromRecord } from '../../codec/h264/h264-config.ts';
import { parseHevcDecoderConfigurationRecord } from '../../codec/h265/hevc-decoder-configuration-record.ts';
import { h265ConfigFromRecord } from '../../codec/h265/h265-config.ts';
import type { NalLengthSize } from '../../codec/nal/length-prefixed.ts';
import type { FlvSpelling } from './codec-spelling.ts';

/** @throws {ProtocolError} `ERR_<CODEC>_RECORD` when the record is broken */
export function videoConfigFromRecord(spelling: FlvSpelling, record: Uint8Array): VideoConfig {
  switch (spelling.codec) {
    case 'h264':
      return h264ConfigFromRecord(record);
    case 'h265':
      return h265ConfigFromRecord(record);
    default:
      return otherVideoConfig(spelling, record);
  }
}

/** Bytes of the NAL unit lengths in frames that follow this record; 4 for codecs without NAL units. */
export function nalLengthSizeOf(spelling: FlvSpelling, record: Uint8Array): NalLengthSize {
  if (spelling.codec === 'h264') return parseAvcDecoderConfigurationRecord(record).lengthSize;
  if (spelling.codec === 'h265') return parseHevcDecoderConfigurationRecord(record).lengthSize;
  return 4;
}

/** Video that is only carried. */
export function otherVideoConfig(spelling: FlvSpelling, description: Uint8Array): VideoConfig {
  const tag = spelling.sourceTag ?? '';
  // WebCodecs registers `vp8`; for the rest there is no string, the source's own name says most.
  const codecString = tag === 'vp08' ? 'vp8' : tag;
  return { kind: 'video', codec: 'other', codecString, description, width: 0, height: 0 };
}

/**
 * The parameters of a stream whose first frame comes without a sequence header; `undefined` when frames of this codec
 * can't be understood without one.
 */
export function firstFrameVideoConfig(spelling: FlvSpelling): VideoConfig | undefined {
  return spelling.codec === 'other' ? otherVideoConfig(spelling, new Uint8Array(0)) : undefined;
}
