import type { AacConfig } from '../codec-config.ts';
import { parseAudioSpecificConfig } from './audio-specific-config.ts';

/**
 * The config of an AudioSpecificConfig, as received in an FLV sequence header, an `esds` or an SDP.
 * `description` is `bytes` itself, verbatim, with whatever follows the known fields. Sample rate and channels are those
 * of the core stream (what ADTS would say), also below SBR and PS, so frames last 1024 samples of `sampleRate`.
 * @throws {ProtocolError} `ERR_AAC_CONFIG`
 */
export function aacConfigFromAudioSpecificConfig(bytes: Uint8Array): AacConfig {
  const config = parseAudioSpecificConfig(bytes);
  return {
    kind: 'audio',
    codec: 'aac',
    // RFC 6381, 3.3: object type indication 40 (MPEG-4 audio), then the audio object type.
    codecString: `mp4a.40.${config.signalledObjectType}`,
    description: bytes,
    sampleRate: config.samplingFrequency,
    channels: config.channels,
    objectType: config.objectType,
  };
}
