/** The codec parameters that an FLV video sequence header holds, and those of streams that come without one. */
import { av1ConfigFromRecord, av1ConfigFromTemporalUnit } from '../../codec/av1/av1-config.ts';
import type { VideoConfig } from '../../codec/codec-config.ts';
import { parseAvcDecoderConfigurationRecord } from '../../codec/h264/avc-decoder-configuration-record.ts';
import { h264ConfigFromRecord } from '../../codec/h264/h264-config.ts';
import { parseHevcDecoderConfigurationRecord } from '../../codec/h265/hevc-decoder-configuration-record.ts';
import { h265ConfigFromRecord } from '../../codec/h265/h265-config.ts';
import type { NalLengthSize } from '../../codec/nal/length-prefixed.ts';
import { vp9ConfigFromFrame, vp9ConfigFromRecord } from '../../codec/vp9/vp9-config.ts';
import type { FlvSpelling } from './codec-spelling.ts';

/** @throws {ProtocolError} `ERR_<CODEC>_RECORD` when the record is broken */
export function videoConfigFromRecord(spelling: FlvSpelling, record: Uint8Array): VideoConfig {
  switch (spelling.codec) {
    case 'h264':
      return h264ConfigFromRecord(record);
    case 'h265':
      return h265ConfigFromRecord(record);
    case 'av1':
      return av1ConfigFromRecord(record);
    case 'vp9':
      return vp9ConfigFromRecord(record);
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

/**
 * The parameters of a stream whose first frame comes without a sequence header; `undefined` when this frame doesn't
 * tell them.
 */
export function videoConfigFromFrame(spelling: FlvSpelling, data: Uint8Array): VideoConfig | undefined {
  switch (spelling.codec) {
    case 'av1':
      return av1ConfigFromTemporalUnit(data);
    case 'vp9':
      return vp9ConfigFromFrame(data);
    case 'other':
      return otherVideoConfig(spelling, new Uint8Array(0));
    default:
      return undefined;
  }
}

/** Video that is only carried. */
function otherVideoConfig(spelling: FlvSpelling, description: Uint8Array): VideoConfig {
  const tag = spelling.sourceTag ?? '';
  // WebCodecs registers `vp8`; for the rest there is no string, the source's own name says most.
  const codecString = tag === 'vp08' ? 'vp8' : tag;
  return { kind: 'video', codec: 'other', codecString, description, width: 0, height: 0 };
}
