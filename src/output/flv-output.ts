import type { FlvForm } from '../container/flv/flv-types.ts';
import {
  flvTagOverhead,
  flvFileHeader,
  writeFlvPreviousTagSize,
  writeFlvTagHeader,
} from '../container/flv/tag-header.ts';
import type { FanoutOptions } from '../hub/fanout.ts';
import type { OutputVariant } from '../hub/live-stream.ts';
import { FlvMessagePackager, type FlvMessageFormat } from './flv-message-packager.ts';

const flvTags: FlvMessageFormat = {
  fileHeader: ({ tracks }) =>
    flvFileHeader({
      audio: tracks.some((track) => track.kind === 'audio'),
      video: tracks.some((track) => track.kind === 'video'),
    }),
  messageLength: (bodyLength) => bodyLength + flvTagOverhead,
  write(target, offset, type, timestampMs, parts) {
    let bodyLength = 0;
    for (const part of parts) bodyLength += part.length;
    let at = offset + writeFlvTagHeader(target, offset, type, bodyLength, timestampMs);
    for (const part of parts) {
      target.set(part, at);
      at += part.length;
    }
    writeFlvPreviousTagSize(target, at, bodyLength);
  },
};

/** FLV tags for HTTP and WebSocket viewers: the same bytes for all that asked for the same form. */
export function flvOutput(form: FlvForm, options: FanoutOptions): OutputVariant {
  return { id: `flv/${form}`, ...options, createPackager: () => new FlvMessagePackager(flvTags, form) };
}
