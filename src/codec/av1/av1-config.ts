import { equalBytes } from '../../bytes/equal-bytes.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { Av1Config } from '../codec-config.ts';
import {
  parseAv1CodecConfigurationRecord,
  serializeAv1CodecConfigurationRecord,
  type Av1CodecConfigurationRecord,
} from './av1-codec-configuration-record.ts';
import { Av1ObuType, serializeObu, splitObus } from './obu.ts';
import { parseAv1SequenceHeader } from './sequence-header.ts';

/**
 * The config of an AV1CodecConfigurationRecord; `description` is the record itself (a view). The size is that of the
 * sequence header among its OBUs, 0 when there is none or it can't be parsed.
 * @throws {ProtocolError} `ERR_AV1_RECORD`
 */
export function av1ConfigFromRecord(record: Uint8Array): Av1Config {
  const parsed = parseAv1CodecConfigurationRecord(record);
  return { ...sizeOf(parsed.configObus), ...fieldsOf(record, parsed) };
}

/**
 * The config of a stream that came without a record, from the sequence header of its first random access point.
 * @param temporalUnit OBUs in the low-overhead format
 * @returns owns its bytes; `undefined` when the temporal unit holds no sequence header that can be parsed
 */
export function av1ConfigFromTemporalUnit(temporalUnit: Uint8Array): Av1Config | undefined {
  const payload = sequenceHeaderIn(temporalUnit);
  if (payload === undefined) return undefined;
  return undefinedIfMalformed(() => {
    const sequenceHeader = parseAv1SequenceHeader(payload);
    const record: Av1CodecConfigurationRecord = {
      ...sequenceHeader,
      ...sequenceHeader.colour,
      configObus: serializeObu(Av1ObuType.sequenceHeader, payload),
    };
    return {
      width: sequenceHeader.width,
      height: sequenceHeader.height,
      ...fieldsOf(serializeAv1CodecConfigurationRecord(record), record),
    };
  });
}

/**
 * Takes the sequence header of a temporal unit into the config. Runs for every random access point.
 * @returns the same object when there is none or it says nothing new
 */
export function withAv1SequenceHeader(config: Av1Config, temporalUnit: Uint8Array): Av1Config {
  const payload = sequenceHeaderIn(temporalUnit);
  if (payload === undefined) return config;
  const known = sequenceHeaderIn(parseAv1CodecConfigurationRecord(config.description).configObus);
  if (known !== undefined && equalBytes(known, payload)) return config;
  return av1ConfigFromTemporalUnit(temporalUnit) ?? config;
}

/** The payload of the first sequence header; `undefined` also for damaged OBUs, which are not this module's to report. */
function sequenceHeaderIn(obus: Uint8Array): Uint8Array | undefined {
  return undefinedIfMalformed(
    () => splitObus(obus).find((obu) => obu.type === Av1ObuType.sequenceHeader)?.payload,
  );
}

function sizeOf(configObus: Uint8Array): { width: number; height: number } {
  const payload = sequenceHeaderIn(configObus);
  const sequenceHeader =
    payload === undefined ? undefined : undefinedIfMalformed(() => parseAv1SequenceHeader(payload));
  return { width: sequenceHeader?.width ?? 0, height: sequenceHeader?.height ?? 0 };
}

function fieldsOf(
  description: Uint8Array,
  record: Av1CodecConfigurationRecord,
): Omit<Av1Config, 'width' | 'height'> {
  const level = record.levelIdx.toString().padStart(2, '0');
  const bitDepth = record.twelveBit ? '12' : record.highBitDepth ? '10' : '08';
  return {
    kind: 'video',
    codec: 'av1',
    // AV1 in ISOBMFF, 5: the optional part (chroma, colours) is left out.
    codecString: `av01.${record.profile}.${level}${record.tier ? 'H' : 'M'}.${bitDepth}`,
    description,
  };
}
