import { ByteReader } from '../../bytes/byte-reader.ts';
import type { RtmpMessage } from './message.ts';

/**
 * Splits an Aggregate message ("Adobe's Real Time Messaging Protocol" 1.0, clause 7.1.6) into its sub-messages. Each is
 * laid out like an FLV tag:
 *
 *   type u8 | length u24 | timestamp u24 | timestamp high byte u8 | stream id u24 | payload | back pointer u32
 *
 * The first sub-message happens at the aggregate's own time, the others as much later as their times differ from the
 * first's; all belong to the aggregate's message stream.
 * @returns messages in order, payloads being views of the aggregate's
 * @throws ProtocolError `ERR_TRUNCATED` when a sub-message is cut; a missing last back pointer is tolerated
 */
export function splitAggregate(aggregate: RtmpMessage): RtmpMessage[] {
  const reader = new ByteReader(aggregate.payload);
  const messages: RtmpMessage[] = [];
  let offset: number | undefined;
  while (reader.remaining > 0) {
    const typeId = reader.u8();
    const length = reader.u24();
    const timestamp = (reader.u24() | (reader.u8() << 24)) >>> 0;
    reader.skip(3);
    const payload = reader.view(length);
    if (reader.remaining > 0) reader.skip(4);
    offset ??= aggregate.timestamp - timestamp;
    messages.push({ typeId, streamId: aggregate.streamId, timestamp: (timestamp + offset) >>> 0, payload });
  }
  return messages;
}
