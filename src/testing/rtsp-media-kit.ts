/** Media on its way through RTSP: out of one stream, over a network of a test's choice, into another. */
import type { FanoutOptions } from '../hub/fanout.ts';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LiveStream } from '../hub/live-stream.ts';
import type { Packager } from '../hub/packager.ts';
import { Publication } from '../hub/publication.ts';
import type { ByteSink } from '../hub/subscription.ts';
import { RtspIngest } from '../ingest/rtsp/rtsp-ingest.ts';
import type { MediaFrame, SourceFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { rtspOutput } from '../output/rtsp/rtsp-output.ts';
import { rtspSlotsOf, type RtspChannelSlot } from '../output/rtsp/rtsp-slots.ts';
import { ntpTimeOfUnixUs } from '../protocol/rtp/ntp-time.ts';
import { parseRtcp, serializeRtcp } from '../protocol/rtp/rtcp.ts';
import type { SenderReport } from '../protocol/rtp/rtcp/sender-report.ts';
import {
  RTP_HEADER_BYTES,
  parseRtpPacket,
  writeRtpHeader,
  type RtpHeader,
  type RtpPacket,
} from '../protocol/rtp/rtp-packet.ts';
import { describeTracks } from '../protocol/sdp/describe-tracks.ts';
import { parseSessionDescription, type SessionDescription } from '../protocol/sdp/session-description.ts';
import { FakeClock } from './fake-clock.ts';
import { flvFrames } from './flv-frames.ts';
import { roomyLimits } from './hub-kit.ts';
import type { Impairment } from './impairment.ts';

/** No groups are cached, unless said. */
export function fanoutOptions(maxGops = 0): FanoutOptions {
  return { gopCache: { maxGops, maxFramesPerGop: 0, maxBytes: 1e9 }, flushBytes: 0 };
}

/** A stream without viewers. */
export function newStream(clock: FakeClock, maxGops = 0): LiveStream {
  return new LiveStream('a', new FlushScheduler(clock, 60), fanoutOptions(maxGops));
}

/** What `tracks` are offered as, each on the next two channels. */
export function channelSlotsOf(tracks: readonly Track[]): RtspChannelSlot[] {
  return rtspSlotsOf({ tracks, stickyFrames: [] }).map((slot) => ({
    ...slot,
    rtpChannel: 2 * slot.index,
    rtcpChannel: 2 * slot.index + 1,
  }));
}

/** What players of these slots are told. */
function descriptionOf(slots: readonly RtspChannelSlot[]): SessionDescription {
  const tracks = slots.map(({ format, index }) => ({ format, control: `streamid=${index}` }));
  return parseSessionDescription(describeTracks(tracks, { name: 'a', tool: 'test', address: '192.0.2.1' }));
}

/** One packet, without its interleaved header. */
export interface ChannelPacket {
  readonly channel: number;
  readonly bytes: Uint8Array;
}

/** Views of the packets in interleaved bytes, which must end with a packet. */
export function channelPacketsIn(interleaved: Uint8Array): ChannelPacket[] {
  // Not a Buffer, which tests would take for something else than an array of the same bytes.
  const { buffer, byteOffset, length } = interleaved;
  const bytes = new Uint8Array(buffer, byteOffset, length);
  const packets: ChannelPacket[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (bytes[at] !== 0x24 || end > bytes.length) throw new Error(`no interleaved packet at ${at}`);
    packets.push({ channel: bytes[at + 1]!, bytes: bytes.subarray(at + 4, end) });
    at = end;
  }
  return packets;
}

/** One RTP packet. */
export function rtpPacketBytes(header: RtpHeader, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER_BYTES + payload.length);
  writeRtpHeader(bytes, 0, header);
  bytes.set(payload, RTP_HEADER_BYTES);
  return bytes;
}

/** A report of one source. @param unixMs what its wall clock showed at `rtpTimestamp` */
export function senderReportBytes(ssrc: number, rtpTimestamp: number, unixMs: number): Uint8Array {
  const time = ntpTimeOfUnixUs(Math.round(unixMs * 1000));
  const counts = { packetCount: 0, octetCount: 0, reports: [] };
  return serializeRtcp([{ type: 'sender-report', ssrc, rtpTimestamp, ...time, ...counts }]);
}

/** RTP packets of one slot, in order. */
export function rtpPacketsOf(slotIndex: number, packets: readonly ChannelPacket[]): RtpPacket[] {
  return packets.filter(({ channel }) => channel === 2 * slotIndex).map(({ bytes }) => parseRtpPacket(bytes));
}

/** Sender reports of one slot, in order. */
export function senderReportsOf(slotIndex: number, packets: readonly ChannelPacket[]): SenderReport[] {
  return packets
    .filter(({ channel }) => channel === 2 * slotIndex + 1)
    .flatMap(({ bytes }) => parseRtcp(bytes))
    .filter((packet) => packet.type === 'sender-report');
}

/** A viewer that takes packets apart, and can be made to refuse more. */
export class PacketSink implements ByteSink {
  readonly packets: ChannelPacket[] = [];
  queuedBytes = 0;
  isFull = false;

  write(bytes: Uint8Array): boolean {
    this.packets.push(...channelPacketsIn(bytes));
    return !this.isFull;
  }

  end(): void {}
}

/** Takes frames as they are. */
class FrameCollector implements Packager {
  readonly frames: MediaFrame[] = [];

  fileHeader(): undefined {
    return undefined;
  }

  writeHeaders(): void {}

  writeTrack(): void {}

  writeFrame(frame: MediaFrame): void {
    this.frames.push(frame);
  }
}

/** Collects what viewers of the stream would get, from now on. */
function collectFrames(stream: LiveStream): readonly MediaFrame[] {
  const collector = new FrameCollector();
  const variant = { id: 'frames', ...fanoutOptions(), createPackager: () => collector };
  stream.attach(variant, new PacketSink(), roomyLimits);
  return collector.frames;
}

/** What an input told its publication, in order. */
export interface RecordedPublication {
  readonly publication: Publication;
  readonly frames: SourceFrame[];
  readonly tracks: Track[];
}

/** A publication of no stream. */
export function recordedPublication(): RecordedPublication {
  const frames: SourceFrame[] = [];
  const tracks: Track[] = [];
  const publication = new Publication({
    publicationFrame: (_, frame) => frames.push(frame),
    publicationTrack: (_, track) => tracks.push(track),
    publicationAnnounced: () => undefined,
    publicationEnded: () => undefined,
  });
  return { publication, frames, tracks };
}

/**
 * A file of test/fixtures/flv/ several times, one behind the other.
 * @param periodMs of one round; what is longer is cut off
 */
export function loopedFrames(name: string, periodMs: number, rounds: number): SourceFrame[] {
  const frames = flvFrames(name);
  const firstUs = new Map<number, number>();
  for (const { track, dtsUs } of frames) {
    if (!firstUs.has(track.id)) firstUs.set(track.id, dtsUs);
  }
  const kept = frames.filter(
    ({ track, dtsUs }) => dtsUs - firstUs.get(track.id)! <= periodMs * 1000 - 15_000,
  );
  const all = Array.from({ length: rounds }, (_, round) => {
    const shiftUs = round * periodMs * 1000;
    return kept.map((frame) => ({ ...frame, dtsUs: frame.dtsUs + shiftUs, ptsUs: frame.ptsUs + shiftUs }));
  });
  return all.flat().sort((a, b) => a.dtsUs - b.dtsUs);
}

/** The tracks of frames, each once, in the order in which streams show them. */
export function tracksOf(frames: readonly SourceFrame[]): Track[] {
  const tracks = [...new Set(frames.map(({ track }) => track))];
  return tracks.sort((a, b) => Number(a.kind !== 'video') - Number(b.kind !== 'video') || a.id - b.id);
}

/** What happens between the two streams. */
export interface RelayOptions {
  /** Over TCP, unless said. */
  readonly keepsOrder?: boolean;
  /** Whether sender reports arrive; they do, unless said. */
  readonly hasReports?: boolean;
  /** Changes a packet on its way. */
  readonly change?: (packet: ChannelPacket) => ChannelPacket;
  /** Of the RTP packets of each slot; the first and the last `SAFE_PACKETS` go round it, since nobody could miss them. */
  readonly impairments?: readonly Impairment<ChannelPacket>[];
}

/** What came out of the other stream. */
export interface RelayResult {
  /** Of what the first stream was given, the frames that RTP carries. */
  readonly sent: readonly SourceFrame[];
  readonly received: readonly MediaFrame[];
  /** What the first stream's viewer got, in order. */
  readonly packets: readonly ChannelPacket[];
  /** What the network made of it. */
  readonly arrived: readonly ChannelPacket[];
  readonly ingest: RtspIngest;
  readonly target: LiveStream;
}

/** Packets at either end of a track that arrive whatever happens. */
const SAFE_PACKETS = 20;
const TICK_MS = 50;

/** Sends frames, in the order of their decoding times and as time passes, through both streams. */
export function relay(frames: readonly SourceFrame[], options: RelayOptions = {}): RelayResult {
  const slots = channelSlotsOf(tracksOf(frames));
  const { packets, arrivals } = packetsOf(frames, slots);
  const clock = new FakeClock();
  const target = newStream(clock);
  const received = collectFrames(target);
  const publication = target.publish()!;
  const keepsOrder = options.keepsOrder ?? true;
  const trackIndices = slots.map(({ index }) => index);
  const ingest = new RtspIngest(publication, descriptionOf(slots), { keepsOrder, trackIndices });
  const tick = (): void => {
    ingest.tick(clock.monotonicMs());
    clock.after(TICK_MS, tick);
  };
  if (!keepsOrder) tick();
  const deliver = ({ channel, bytes }: ChannelPacket): void => {
    const nowMs = clock.monotonicMs();
    if (channel % 2 === 0) ingest.receiveRtp(channel / 2, bytes, nowMs);
    else if (options.hasReports !== false) ingest.receiveRtcp((channel - 1) / 2, bytes, nowMs);
  };
  const network = networkOf(packets, options);
  const arrived: ChannelPacket[] = [];
  for (const [index, packet] of packets.entries()) {
    clock.advance(Math.max(0, arrivals[index]! - clock.monotonicMs()));
    for (const delivered of network(packet)) {
      arrived.push(delivered);
      deliver(delivered);
    }
  }
  ingest.end();
  publication.end();
  const sent = frames.filter(({ track }) => channelSlotsOf([track]).length > 0);
  return { sent, received, packets, arrived, ingest, target };
}

/** What a viewer of `frames` receives, and when. */
function packetsOf(
  frames: readonly SourceFrame[],
  slots: readonly RtspChannelSlot[],
): { packets: readonly ChannelPacket[]; arrivals: readonly number[] } {
  const clock = new FakeClock();
  const stream = newStream(clock);
  const sink = new PacketSink();
  const arrivals: number[] = [];
  stream.attach(rtspOutput({ slots, clock, startsAnywhere: false }, fanoutOptions()), sink, roomyLimits);
  const publication = stream.publish()!;
  for (const track of tracksOf(frames)) publication.setTrack(track);
  const startMs = Math.min(...frames.map(({ dtsUs }) => dtsUs)) / 1000;
  const noteArrivals = (): void => {
    while (arrivals.length < sink.packets.length) arrivals.push(clock.monotonicMs());
  };
  for (const frame of frames) {
    clock.advance(Math.max(0, frame.dtsUs / 1000 - startMs - clock.monotonicMs()));
    publication.write(frame);
    clock.turn();
    noteArrivals();
  }
  publication.end();
  noteArrivals();
  return { packets: sink.packets, arrivals };
}

function networkOf(
  packets: readonly ChannelPacket[],
  { impairments = [], change = (packet) => packet }: RelayOptions,
): (packet: ChannelPacket) => ChannelPacket[] {
  const totals = new Map<number, number>();
  for (const { channel } of packets) totals.set(channel, (totals.get(channel) ?? 0) + 1);
  const counts = new Map<number, number>();
  return (packet) => {
    const { channel } = packet;
    const count = counts.get(channel) ?? 0;
    counts.set(channel, count + 1);
    const changed = change(packet);
    const impairment = channel % 2 === 0 ? impairments[channel / 2] : undefined;
    if (impairment === undefined || count < SAFE_PACKETS) return [changed];
    if (count >= totals.get(channel)! - SAFE_PACKETS) return [...impairment.flush(), changed];
    return impairment.send(changed);
  };
}
