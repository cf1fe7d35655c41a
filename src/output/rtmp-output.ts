import { FlvTagType, type FlvForm } from '../container/flv/flv-types.ts';
import type { FanoutOptions } from '../hub/fanout.ts';
import type { OutputVariant } from '../hub/live-stream.ts';
import { chunkedMessageLength, writeChunkedMessage } from '../protocol/rtmp/chunk-writer.ts';
import { FlvMessagePackager, type FlvMessageFormat } from './flv-message-packager.ts';
import { publisherMetadata } from './publisher-metadata.ts';

/** What is announced with Set Chunk Size: by the server before it answers `connect`, by a client before `connect`. */
const CHUNK_SIZE = 4096;
/** Each connection to the server has one message stream, so the bytes are the same for every player. */
const MESSAGE_STREAM_ID = 1;
const CHUNK_STREAM_ID = { [FlvTagType.script]: 5, [FlvTagType.audio]: 6, [FlvTagType.video]: 7 } as const;

function rtmpMessages(streamId: number): FlvMessageFormat {
  return {
    fileHeader: () => undefined,
    messageLength: (bodyLength, timestampMs) => chunkedMessageLength(bodyLength, timestampMs, CHUNK_SIZE),
    write(target, offset, type, timestampMs, parts) {
      const header = {
        chunkStreamId: CHUNK_STREAM_ID[type],
        typeId: type,
        streamId,
        timestamp: timestampMs,
      };
      writeChunkedMessage(target, offset, header, parts, CHUNK_SIZE);
    },
  };
}

/** RTMP messages for players: the same chunks for all that asked for the same form. */
export function rtmpOutput(form: FlvForm, options: FanoutOptions): OutputVariant {
  const messages = rtmpMessages(MESSAGE_STREAM_ID);
  return { id: `rtmp/${form}`, ...options, createPackager: () => new FlvMessagePackager(messages, form) };
}

/**
 * RTMP messages for servers that the stream is published to: metadata stands behind `@setDataFrame`, and is there even
 * when the source gave none.
 * @param streamId the message stream that the server has given; nearly all give 1, so that their bytes are the same
 */
export function rtmpPublishOutput(form: FlvForm, streamId: number, options: FanoutOptions): OutputVariant {
  const messages = rtmpMessages(streamId);
  return {
    id: `rtmp-publish/${form}/${streamId}`,
    ...options,
    createPackager: () => new FlvMessagePackager(messages, form, publisherMetadata),
  };
}
