/**
 * How a program map table announces Opus: "Encapsulation of Opus in MPEG-TS" (the Opus-in-TS draft of xiph.org), and
 * what ffmpeg writes. Left out: the extended channel configurations (code 0x81 and above).
 */
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { equalBytes } from '../../bytes/equal-bytes.ts';
import type { OpusConfig } from '../../codec/codec-config.ts';
import { parseOpusHead, serializeOpusHead, type OpusHead } from '../../codec/opus/opus-head.ts';

/** registration_descriptor (2.6.8) with the format identifier 'Opus'. */
const REGISTRATION: readonly number[] = [0x05, 4, 0x4f, 0x70, 0x75, 0x73];
/** The extension descriptor of DVB, and the tag inside it that the draft took for Opus. */
const EXTENSION_DESCRIPTOR_TAG = 0x7f;
const OPUS_EXTENSION_TAG = 0x80;
const REGISTRATION_DESCRIPTOR_TAG = 0x05;

/** Coupled streams for 1 to 8 channels in Vorbis order (RFC 7845, 5.1.1.2). */
const COUPLED_STREAMS: readonly number[] = [0, 0, 1, 1, 2, 2, 2, 3, 3];
/** The decoder outputs for the channels in Vorbis order, by channel count. */
const VORBIS_MAPPINGS: readonly (readonly number[])[] = [
  [],
  [0],
  [0, 1],
  [0, 2, 1],
  [0, 1, 2, 3],
  [0, 4, 1, 2, 3],
  [0, 4, 1, 2, 3, 5],
  [0, 4, 1, 2, 3, 5, 6],
  [0, 6, 1, 2, 3, 4, 5, 7],
];
const MAX_CHANNELS = 8;

/** The descriptors of an Opus stream. @returns `undefined` for a channel layout that the draft has no code for */
export function opusDescriptors(config: OpusConfig): Uint8Array | undefined {
  const code = channelConfigCode(config);
  if (code === undefined) return undefined;
  return Uint8Array.of(...REGISTRATION, EXTENSION_DESCRIPTOR_TAG, 2, OPUS_EXTENSION_TAG, code);
}

function channelConfigCode(config: OpusConfig): number | undefined {
  const { channels, description } = config;
  if (channels < 1 || channels > MAX_CHANNELS) return undefined;
  const head = description.length === 0 ? undefined : headOrUndefined(description);
  if (head === undefined || head.channelMappingFamily === 0) return channels <= 2 ? channels : undefined;
  const standard = vorbisMapping(channels);
  const own = head.channelMapping;
  const isStandard =
    own !== undefined &&
    head.channelMappingFamily === 1 &&
    own.streamCount === standard.streamCount &&
    own.coupledCount === standard.coupledCount &&
    equalBytes(own.mapping, standard.mapping);
  return isStandard ? channels : undefined;
}

function headOrUndefined(description: Uint8Array): OpusHead | undefined {
  return undefinedIfMalformed(() => parseOpusHead(description));
}

function vorbisMapping(channels: number): NonNullable<OpusHead['channelMapping']> {
  const coupledCount = COUPLED_STREAMS[channels]!;
  return {
    streamCount: channels - coupledCount,
    coupledCount,
    mapping: Uint8Array.from(VORBIS_MAPPINGS[channels]!),
  };
}

/**
 * The `OpusHead` that an elementary stream's descriptors stand for, with pre-skip 0: the table does not tell it.
 * @returns `undefined` when the descriptors do not announce Opus, or in a channel layout that is not understood
 */
export function opusHeadOfDescriptors(descriptors: Uint8Array): Uint8Array | undefined {
  let isOpus = false;
  let code: number | undefined;
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    const body = descriptors.subarray(at + 2, at + 2 + descriptors[at + 1]!);
    if (descriptors[at] === REGISTRATION_DESCRIPTOR_TAG) {
      isOpus ||= REGISTRATION.slice(2).every((byte, index) => body[index] === byte);
    } else if (descriptors[at] === EXTENSION_DESCRIPTOR_TAG && body[0] === OPUS_EXTENSION_TAG) {
      code = body[1];
    }
  }
  if (!isOpus) return undefined;
  // Stereo where the code is missing, as RTP does (RFC 7587, 4.1).
  const channels = code ?? 2;
  if (channels < 1 || channels > MAX_CHANNELS) return undefined;
  return serializeOpusHead({
    version: 1,
    channelCount: channels,
    preSkip: 0,
    inputSampleRate: 48_000,
    outputGain: 0,
    channelMappingFamily: channels <= 2 ? 0 : 1,
    channelMapping: channels <= 2 ? undefined : vorbisMapping(channels),
  });
}
