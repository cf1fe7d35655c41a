import type { AudioConfig, VideoConfig } from '../codec/codec-config.ts';
import { flvSpellingOf } from '../container/flv/codec-spelling.ts';
import type { FlvForm } from '../container/flv/flv-types.ts';
import type { Track } from '../media/track.ts';
import { serializeAmf0 } from '../protocol/amf/amf0.ts';
import { AmfEcmaArray, type AmfValue } from '../protocol/amf/amf-value.ts';
import type { PublisherMetadata } from './flv-message-packager.ts';

/**
 * Servers keep metadata for their players when it is set as a data frame. Streams that came by RTSP or GB28181 have none;
 * then the tracks are described: servers wait for the media that is named here, and for no other (FLV 10.1, E.5; code
 * points and FourCCs of "Enhanced RTMP v2", under "Metadata Frame").
 */
export const publisherMetadata: PublisherMetadata = {
  prefix: serializeAmf0('@setDataFrame'),
  describe: ({ tracks }, form) => {
    const values = tracks.flatMap((track) => valuesOf(track, form));
    return serializeAmf0('onMetaData', new AmfEcmaArray(new Map([...values, ['encoder', 'lal-ts']])));
  },
};

function valuesOf(track: Track, form: FlvForm): [string, AmfValue][] {
  const spelling = flvSpellingOf(track, form);
  if (spelling === undefined) return [];
  const id = spelling.family === 'enhanced' ? spelling.fourCc : spelling.codePoint;
  const config = track.config as VideoConfig | AudioConfig;
  return config.kind === 'video' ? videoValues(config, id) : audioValues(config, id);
}

function videoValues({ width, height }: VideoConfig, id: number): [string, AmfValue][] {
  const size: [string, AmfValue][] =
    width > 0 && height > 0
      ? [
          ['width', width],
          ['height', height],
        ]
      : [];
  return [...size, ['videocodecid', id]];
}

function audioValues({ sampleRate, channels }: AudioConfig, id: number): [string, AmfValue][] {
  return [
    ['audiocodecid', id],
    ['audiosamplerate', sampleRate],
    ['stereo', channels > 1],
  ];
}
