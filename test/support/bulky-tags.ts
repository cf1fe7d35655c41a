/** More bytes than all buffers between two programs hold. */
import { randomBytes } from 'node:crypto';
import { fixturePath } from './fixtures.ts';
import { readFlvTags } from './flv-file.ts';
import type { FlvTag } from './flv-file.ts';
import type { RawClient } from './raw-client.ts';
import type { RtmpPublisher } from './rtmp-publisher.ts';
import { isSequenceHeader } from './tags.ts';

/**
 * The fixture once more and again, with pictures of `pictureBytes`, so that little time makes much traffic: what a
 * viewer does not read must go beyond all buffers of the system.
 */
export function bulkyTags(loops: number, pictureBytes: number): FlvTag[] {
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const headers = tags.filter((tag) => tag.type === 18 || isSequenceHeader(tag));
  const media = tags.filter((tag) => tag.type !== 18 && !isSequenceHeader(tag) && tag.body.length > 5);
  const padding = randomBytes(pictureBytes);
  const result = [...headers];
  for (let loop = 0; loop < loops; loop += 1) {
    for (const tag of media) {
      const timestampMs = tag.timestampMs + loop * 6040;
      result.push({ ...tag, timestampMs, body: tag.type === 9 ? padded(tag.body, padding) : tag.body });
    }
  }
  return result;
}

/** The picture with one more NAL unit: filler data. */
function padded(body: Buffer, padding: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(padding.length + 1);
  head[4] = 12;
  return Buffer.concat([body, head, padding]);
}

/** Sends in pieces and waits after each until a reading viewer has it, as a live source would. */
export async function sendAtPaceOf(
  witness: RawClient,
  publisher: RtmpPublisher,
  tags: readonly FlvTag[],
  afterEach: () => void = () => {},
): Promise<void> {
  let bytes = witness.receivedBytes;
  for (let at = 0; at < tags.length; at += 25) {
    const piece = tags.slice(at, at + 25);
    await publisher.send(piece);
    for (const { body } of piece) bytes += body.length;
    await witness.until(() => witness.receivedBytes >= bytes, `${bytes} bytes at the witness`);
    afterEach();
  }
}
