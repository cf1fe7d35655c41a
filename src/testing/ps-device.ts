/** A device by GB/T 28181 for tests: frames to program stream to RTP packets. */
import { adtsParametersOf, serializeAdtsHeader } from '../codec/aac/adts.ts';
import { joinAnnexB } from '../codec/nal/annex-b.ts';
import { splitLengthPrefixed } from '../codec/nal/length-prefixed.ts';
import { usToTicks } from '../container/mpegts/timestamp.ts';
import { PsStreamType } from '../container/ps/stream-type.ts';
import type { SourceFrame } from '../media/media-frame.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../protocol/rtp/rtp-packet.ts';
import { concatBytes, packHeader, pesPacket, streamMap, systemHeader, type PesOptions } from './ps-kit.ts';

/** The habits of a device. */
export interface PsDeviceHabits {
  /** What of a frame stands in one packet: all of it, a NAL unit, or so many bytes. */
  readonly packets?: 'frame' | 'nal' | number;
  /** Packets of video do not tell their length. */
  readonly isUnbounded?: boolean;
  /** Of video; times are left out altogether, or stand on the first packet of a frame, or on all. */
  readonly times?: 'none' | 'first' | 'all';
  /** Whether decoding times are told, where they differ. */
  readonly hasDts?: boolean;
  /** Whether a system header and a map stand before key frames, and before the first frame without video. */
  readonly hasMap?: boolean;
  /** Added to all times. */
  readonly baseTicks?: number;
  readonly audioBaseTicks?: number;
  /** Several frames of sound share a packet. */
  readonly audioFrames?: number;
}

/** A frame as program stream: a pack of its own. */
export interface PsPack {
  readonly frames: readonly SourceFrame[];
  readonly bytes: Uint8Array;
  readonly ticks: number;
}

const VIDEO_STREAM = 0xe0;
const AUDIO_STREAM = 0xc0;

/** Packs of a whole stream, in the order of decoding. */
export function packsOf(frames: readonly SourceFrame[], habits: PsDeviceHabits = {}): PsPack[] {
  const { hasMap = true, audioFrames = 1 } = habits;
  const packs: PsPack[] = [];
  const types = new Map<number, number>();
  for (const { track } of frames) {
    types.set(track.kind === 'video' ? VIDEO_STREAM : AUDIO_STREAM, streamTypeOf(track.config.codec));
  }
  const map = streamMap([...types].map(([streamId, streamType]) => ({ streamId, streamType })));
  const hasVideo = types.has(VIDEO_STREAM);
  for (const group of groupsOf(frames, audioFrames)) {
    const [frame] = group as [SourceFrame];
    const isVideo = frame.track.kind === 'video';
    const isMapDue = hasMap && (hasVideo ? isVideo && frame.isKey : packs.length === 0);
    const head = isMapDue ? [systemHeader(), map] : [];
    const packets = isVideo ? videoPackets(frame, habits) : [audioPacket(group, habits)];
    const ticks = usToTicks(frame.dtsUs) + (habits.baseTicks ?? 0);
    packs.push({ frames: group, bytes: concatBytes(packHeader(wrapped(ticks)), ...head, ...packets), ticks });
  }
  return packs;
}

/** What shares a pack: a picture, or as many frames of sound as shall be; fewer at the end. */
function groupsOf(frames: readonly SourceFrame[], audioFrames: number): SourceFrame[][] {
  const groups: SourceFrame[][] = [];
  let sounds: SourceFrame[] = [];
  for (const frame of frames) {
    if (frame.track.kind === 'video') {
      groups.push([frame]);
      continue;
    }
    sounds.push(frame);
    if (sounds.length < audioFrames) continue;
    groups.push(sounds);
    sounds = [];
  }
  return sounds.length > 0 ? [...groups, sounds] : groups;
}

function videoPackets(frame: SourceFrame, habits: PsDeviceHabits): Uint8Array[] {
  const { packets = 'frame', isUnbounded = false, times = 'first', hasDts = true, baseTicks = 0 } = habits;
  const nalUnits = nalUnitsOf(frame);
  const parts =
    packets === 'nal'
      ? nalUnits.flatMap((nal) => cut(joinAnnexB([nal]), 60_000))
      : cut(joinAnnexB(nalUnits), packets === 'frame' ? 60_000 : packets);
  const ptsTicks = wrapped(usToTicks(frame.ptsUs) + baseTicks);
  const dtsTicks = wrapped(usToTicks(frame.dtsUs) + baseTicks);
  return parts.map((part, index) => {
    const isTimed = times === 'all' || (times === 'first' && index === 0);
    const options: PesOptions = {
      ptsTicks: isTimed ? ptsTicks : undefined,
      dtsTicks: isTimed && hasDts && dtsTicks !== ptsTicks ? dtsTicks : undefined,
      ...(isUnbounded ? { length: 0 } : {}),
    };
    return pesPacket(VIDEO_STREAM, part, options);
  });
}

/** Parameter sets stand before each key picture, as devices have it. */
function nalUnitsOf({ track: { config }, isKey, data }: SourceFrame): readonly Uint8Array[] {
  const nalUnits = splitLengthPrefixed(data);
  if (!isKey || (config.codec !== 'h264' && config.codec !== 'h265')) return nalUnits;
  const { sequenceParameterSets, pictureParameterSets } = config;
  const videoParameterSets = config.codec === 'h265' ? config.videoParameterSets : [];
  return [...videoParameterSets, ...sequenceParameterSets, ...pictureParameterSets, ...nalUnits];
}

function audioPacket(
  frames: readonly SourceFrame[],
  { baseTicks = 0, audioBaseTicks = baseTicks, times }: PsDeviceHabits,
): Uint8Array {
  const payload = concatBytes(...frames.map(audioPayload));
  const ptsTicks = wrapped(usToTicks(frames[0]!.ptsUs) + audioBaseTicks);
  return pesPacket(AUDIO_STREAM, payload, times === 'none' ? {} : { ptsTicks });
}

function audioPayload({ track, data }: SourceFrame): Uint8Array {
  if (track.config.kind !== 'audio' || track.config.codec !== 'aac') return data;
  return concatBytes(serializeAdtsHeader(adtsParametersOf(track.config)!, data.length), data);
}

function streamTypeOf(codec: string): number {
  switch (codec) {
    case 'h264':
      return PsStreamType.h264;
    case 'h265':
      return PsStreamType.h265;
    case 'aac':
      return PsStreamType.aacAdts;
    case 'g711a':
      return PsStreamType.g711a;
    case 'g711u':
      return PsStreamType.g711u;
    default:
      return PsStreamType.mpeg1Audio;
  }
}

function wrapped(ticks: number): number {
  const modulus = 2 ** 33;
  return ((ticks % modulus) + modulus) % modulus;
}

function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

/** How packs are sent. */
export interface PsRtpHabits {
  readonly ssrc?: number;
  readonly firstSequence?: number;
  readonly payloadBytes?: number;
  /** Which packets have the marker. */
  readonly marker?: 'last' | 'none' | 'all';
  readonly baseTimestamp?: number;
}

/** One RTP packet, and the pack that it is of. */
export interface PsRtpPacket {
  readonly pack: PsPack;
  readonly isLast: boolean;
  readonly bytes: Uint8Array;
}

/** RTP packets of packs, in order; a packet never has bytes of two packs. */
export function psRtpPackets(packs: readonly PsPack[], habits: PsRtpHabits = {}): PsRtpPacket[] {
  const {
    ssrc = 0x0102_0304,
    firstSequence = 0,
    payloadBytes = 1400,
    marker = 'last',
    baseTimestamp = 0,
  } = habits;
  const packets: PsRtpPacket[] = [];
  for (const pack of packs) {
    const parts = cut(pack.bytes, payloadBytes);
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const bytes = new Uint8Array(RTP_HEADER_BYTES + part.length);
      writeRtpHeader(bytes, 0, {
        payloadType: 96,
        marker: marker === 'all' || (marker === 'last' && isLast),
        sequenceNumber: firstSequence + packets.length,
        timestamp: pack.ticks + baseTimestamp,
        ssrc,
      });
      bytes.set(part, RTP_HEADER_BYTES);
      packets.push({ pack, isLast, bytes });
    }
  }
  return packets;
}
