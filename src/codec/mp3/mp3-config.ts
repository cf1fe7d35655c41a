import type { Mp3Config } from '../codec-config.ts';
import { parseMpegAudioHeader } from './mpeg-audio-header.ts';

const NO_DESCRIPTION: Uint8Array = new Uint8Array(0);

/**
 * The config of MPEG audio, from the header of any frame.
 * @param frame starts with its syncword
 * @throws {ProtocolError} `ERR_MPEG_AUDIO_HEADER`
 */
export function mp3ConfigFromFrame(frame: Uint8Array): Mp3Config {
  const { sampleRate, channels } = parseMpegAudioHeader(frame);
  return {
    kind: 'audio',
    codec: 'mp3',
    codecString: 'mp3',
    description: NO_DESCRIPTION,
    sampleRate,
    channels,
  };
}
