/** An FLV file as the RTP and RTCP packets of our own packetizers. */
import { FlvTagToFrames } from '../../src/container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../../src/container/flv/flv-types.ts';
import type { PackagerOutput } from '../../src/hub/packager.ts';
import { systemClock } from '../../src/media/clock.ts';
import type { MediaFrame } from '../../src/media/media-frame.ts';
import type { Track } from '../../src/media/track.ts';
import { RtspPackager } from '../../src/output/rtsp/rtsp-packager.ts';
import { rtspSlotsOf } from '../../src/output/rtsp/rtsp-slots.ts';
import { describeTracks } from '../../src/protocol/sdp/describe-tracks.ts';
import { readFlvTags, recordingOf } from './flv-file.ts';
import type { AccessUnit } from './flv-file.ts';
import type { ImpairedPacket } from './udp-impairment.ts';

/** One RTP or RTCP packet. */
export interface SourcePacket extends ImpairedPacket {
  readonly bytes: Uint8Array;
  /** Which of the source's units it is part of, or was sent with. */
  readonly unitIndex: number;
}

export interface RtpSource {
  readonly sdp: string;
  readonly packets: readonly SourcePacket[];
  /** In the order of the packets. */
  readonly units: readonly AccessUnit[];
}

type SourceFrame = Omit<MediaFrame, 'arrivedMs' | 'discontinuity'>;

/** @param rounds how often the file is sent, one time behind the other */
export function rtpSourceOf(file: string, rounds: number): RtpSource {
  const tags = readFlvTags(file);
  const { units } = recordingOf(tags);
  const frames: SourceFrame[] = [];
  const tracks = new Map<number, Track>();
  const reader = new FlvTagToFrames();
  for (const { type, timestampMs, body } of tags) {
    reader.read({ type: type as FlvTagType, timestampMs, body });
  }
  for (const event of reader.takeEvents()) {
    if (event.type === 'track' && event.track.kind !== 'data') tracks.set(event.track.id, event.track);
    if (event.type === 'frame' && event.frame.track.kind !== 'data') frames.push(event.frame);
  }
  if (frames.length !== units.length) throw new Error(`${frames.length} frames of ${units.length} units`);
  const lengthUs = Math.round((frames.at(-1)!.dtsUs + 40_000) / 40_000) * 40_000;
  const all = Array.from({ length: rounds }, (_, round) =>
    frames.map((frame) => later(frame, round * lengthUs)),
  );
  return {
    ...packetsOf([...tracks.values()], all.flat()),
    units: Array.from({ length: rounds }, (_, round) =>
      units.map((unit) => unitLater(unit, (round * lengthUs) / 1000)),
    ).flat(),
  };
}

function later(frame: SourceFrame, byUs: number): SourceFrame {
  return { ...frame, dtsUs: frame.dtsUs + byUs, ptsUs: frame.ptsUs + byUs };
}

function unitLater(unit: AccessUnit, byMs: number): AccessUnit {
  return { ...unit, dtsMs: unit.dtsMs + byMs, ptsMs: unit.ptsMs + byMs };
}

function packetsOf(
  tracks: readonly Track[],
  frames: readonly SourceFrame[],
): Pick<RtpSource, 'sdp' | 'packets'> {
  const slots = rtspSlotsOf({ tracks, stickyFrames: [] }).map((slot, index) => ({
    ...slot,
    rtpChannel: 2 * index,
    rtcpChannel: 2 * index + 1,
  }));
  const described = slots.map(({ format, index }) => ({ format, control: `streamid=${index}` }));
  const sdp = describeTracks(described, { name: 'test', tool: 'test', address: '127.0.0.1' });
  const packager = new RtspPackager({ slots, clock: systemClock, startsAnywhere: true });
  for (const track of tracks) packager.writeTrack(track);
  const packets: SourcePacket[] = [];
  for (const [unitIndex, frame] of frames.entries()) {
    const out = new PacketOutput();
    // As if each frame were sent just in time: reports then say what the times of the frames say.
    packager.writeFrame({ ...frame, arrivedMs: frame.dtsUs / 1000, discontinuity: false }, out);
    packets.push(...out.interleaved.map((bytes) => sourcePacket(bytes, unitIndex)));
  }
  return { sdp, packets };
}

function sourcePacket(interleaved: Uint8Array, unitIndex: number): SourcePacket {
  const channel = interleaved[1]!;
  return { track: channel >> 1, isNumbered: channel % 2 === 0, bytes: interleaved.subarray(4), unitIndex };
}

/** Keeps each interleaved packet by itself. */
class PacketOutput implements PackagerOutput {
  readonly interleaved: Uint8Array[] = [];
  bytes = new Uint8Array(0);

  beginUnit(): void {}

  reserve(length: number): number {
    this.bytes = new Uint8Array(length);
    this.interleaved.push(this.bytes);
    return 0;
  }
}
