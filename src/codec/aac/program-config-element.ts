/** program_config_element() of AAC (ISO/IEC 14496-3, 4.4.1.1), which tells the channels where channelConfiguration is 0. */
import type { BitReader } from '../../bytes/bit-reader.ts';

/**
 * Reads the element inside an AudioSpecificConfig and counts its output channels, LFE included (coupling channels are
 * not output). The reader must start at the AudioSpecificConfig, to which the element's byte alignment refers.
 * @throws {ProtocolError} `ERR_TRUNCATED`
 */
export function readProgramConfigChannels(reader: BitReader): number {
  reader.skip(4); // element_instance_tag
  reader.skip(6); // object_type, sampling_frequency_index: the same as outside
  const numFrontChannelElements = reader.bits(4);
  const numSideChannelElements = reader.bits(4);
  const numBackChannelElements = reader.bits(4);
  const numLfeChannelElements = reader.bits(2);
  const numAssocDataElements = reader.bits(3);
  const numValidCcElements = reader.bits(4);
  if (reader.flag()) reader.skip(4); // mono_mixdown_present: mono_mixdown_element_number
  if (reader.flag()) reader.skip(4); // stereo_mixdown_present: stereo_mixdown_element_number
  if (reader.flag()) reader.skip(3); // matrix_mixdown_idx_present: matrix_mixdown_idx, pseudo_surround_enable
  let channels = numLfeChannelElements;
  const elements = numFrontChannelElements + numSideChannelElements + numBackChannelElements;
  for (let index = 0; index < elements; index += 1) {
    const isChannelPair = reader.flag();
    channels += isChannelPair ? 2 : 1;
    reader.skip(4); // element_tag_select
  }
  reader.skip(4 * numLfeChannelElements + 4 * numAssocDataElements + 5 * numValidCcElements);
  reader.skip((8 - (reader.position % 8)) % 8); // byte_alignment
  const commentFieldBytes = reader.bits(8);
  reader.skip(8 * commentFieldBytes);
  return channels;
}
