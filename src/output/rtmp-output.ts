import { FlvTagType, type FlvForm } from '../container/flv/flv-types.ts';
import type { FanoutOptions } from '../hub/fanout.ts';
import type { OutputVariant } from '../hub/live-stream.ts';
import { chunkedMessageLength, writeChunkedMessage } from '../protocol/rtmp/chunk-writer.ts';
import { FlvMessagePackager, type FlvMessageFormat } from './flv-message-packager.ts';

/** What the server announces with Set Chunk Size before it answers `connect`. */
const CHUNK_SIZE = 4096;
/** Each connection has one message stream, so the bytes are the same for every player. */
const MESSAGE_STREAM_ID = 1;
const CHUNK_STREAM_ID = { [FlvTagType.script]: 5, [FlvTagType.audio]: 6, [FlvTagType.video]: 7 } as const;

const rtmpMessages: FlvMessageFormat = {
  fileHeader: () => undefined,
  messageLength: (bodyLength, timestampMs) => chunkedMessageLength(bodyLength, timestampMs, CHUNK_SIZE),
  write(target, offset, type, timestampMs, parts) {
    const header = {
      chunkStreamId: CHUNK_STREAM_ID[type],
      typeId: type,
      streamId: MESSAGE_STREAM_ID,
      timestamp: timestampMs,
    };
    writeChunkedMessage(target, offset, header, parts, CHUNK_SIZE);
  },
};

/** RTMP messages for players: the same chunks for all that asked for the same form. */
export function rtmpOutput(form: FlvForm, options: FanoutOptions): OutputVariant {
  return { id: `rtmp/${form}`, ...options, createPackager: () => new FlvMessagePackager(rtmpMessages, form) };
}
