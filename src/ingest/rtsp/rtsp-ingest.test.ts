import { expect, test } from 'vitest';
import { Publication } from '../../hub/publication.ts';
import type { MediaFrame, SourceFrame } from '../../media/media-frame.ts';
import { createPacketizer } from '../../protocol/rtp/packetizer/create-packetizer.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocol/rtp/rtp-packet.ts';
import { describeTracks } from '../../protocol/sdp/describe-tracks.ts';
import { rtpFormatOf } from '../../protocol/sdp/rtp-format-of.ts';
import { parseSessionDescription } from '../../protocol/sdp/session-description.ts';
import { flvFrames } from '../../testing/flv-frames.ts';
import { payloadsOf } from '../../testing/payload-collector.ts';
import { RtspIngest } from './rtsp-ingest.ts';

/** RTP packets of frames, at the clock of pictures. */
function packetsOf(frames: readonly MediaFrame[], payloadType: number): Uint8Array[] {
  let sequenceNumber = 0;
  return frames.flatMap(({ track, data, isKey, ptsUs }) => {
    const payloads = payloadsOf(() => createPacketizer(track.config, 1200), data, isKey);
    return payloads.map(({ payload, marker }) => {
      const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
      const timestamp = Math.round((ptsUs * 9) / 100);
      writeRtpHeader(packet, 0, { marker, payloadType, sequenceNumber, timestamp, ssrc: 1 });
      packet.set(payload, RTP_HEADER_BYTES);
      sequenceNumber += 1;
      return packet;
    });
  });
}

test('pictures that are reordered keep both their times, but for a constant, and none lies before 0', () => {
  const sent = flvFrames('h264-aac').filter(({ track }) => track.kind === 'video');
  expect(sent[0]!.ptsUs).toBeGreaterThan(sent[0]!.dtsUs);
  const received: SourceFrame[] = [];
  const publication = new Publication({
    publicationFrame: (_, frame) => received.push(frame),
    publicationTrack: () => undefined,
    publicationAnnounced: () => undefined,
    publicationEnded: () => undefined,
  });
  const format = rtpFormatOf(sent[0]!.track.config, 96)!;
  const session = { name: 'test', tool: 'test', address: '192.0.2.1' };
  const sdp = describeTracks([{ format, control: 'streamid=0' }], session);
  const ingest = new RtspIngest(publication, parseSessionDescription(sdp), {
    keepsOrder: true,
    trackIndices: [0],
  });
  for (const packet of packetsOf(sent, 96)) ingest.receiveRtp(0, packet, 0);
  ingest.end();
  const offsets = received.map(({ dtsUs }, index) => dtsUs - sent[index]!.dtsUs);
  expect(received.map(({ isKey }) => isKey)).toEqual(sent.map(({ isKey }) => isKey));
  expect(offsets).toEqual(sent.map(() => offsets[0]));
  expect(received.map(({ ptsUs }) => ptsUs - offsets[0]!)).toEqual(sent.map(({ ptsUs }) => ptsUs));
  expect(received[0]!.dtsUs).toBeGreaterThanOrEqual(0);
});
