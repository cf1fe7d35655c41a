/** One viewer of each byte-stream format at one stream, and what each of them made of it. */
import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FlvTagToFrames } from '../container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../container/flv/flv-types.ts';
import type { FanoutOptions } from '../hub/fanout.ts';
import type { LiveStream, OutputVariant } from '../hub/live-stream.ts';
import type { ByteSink } from '../hub/subscription.ts';
import type { Track } from '../media/track.ts';
import { flvOutput } from '../output/flv-output.ts';
import { rtmpOutput } from '../output/rtmp-output.ts';
import { rtspOutput } from '../output/rtsp/rtsp-output.ts';
import { tsOutput } from '../output/ts-output.ts';
import { ChunkReader } from '../protocol/rtmp/chunk-reader.ts';
import type { FakeClock } from './fake-clock.ts';
import { hex } from './hex.ts';
import { roomyLimits } from './hub-kit.ts';
import { channelSlotsOf, PacketSink, rtpPacketsOf, type ChannelPacket } from './rtsp-media-kit.ts';
import { checkTs, type TsReport } from './ts-checker.ts';
import { demuxAll } from './ts-kit.ts';

const OPTIONS: FanoutOptions = {
  gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 },
  flushBytes: 0,
};
const RTMP_CHUNK_SIZE_MESSAGE = '02 000000 000004 01 00000000 00001000';

/** One frame as a viewer sees it. */
export interface SeenFrame {
  readonly kind: Track['kind'];
  readonly ptsMs: number;
  readonly data: Uint8Array;
}

/** What a viewer of FLV messages saw. */
export interface SeenMessages {
  readonly frames: readonly SeenFrame[];
  /** `video`, `audio` or `data` for each sequence header and each metadata message. */
  readonly headers: readonly Track['kind'][];
}

/** RTMP, FLV, MPEG-TS and RTSP over TCP. */
export class EveryOutput {
  readonly #rtmp: CollectedBytes;
  readonly #flv: CollectedBytes;
  readonly #ts: CollectedBytes;
  readonly #rtsp = new PacketSink();

  /** @param described what the RTSP player was told */
  constructor(stream: LiveStream, described: readonly Track[], clock: FakeClock) {
    this.#rtmp = new CollectedBytes(stream, rtmpOutput('source', OPTIONS));
    this.#flv = new CollectedBytes(stream, flvOutput('source', OPTIONS));
    this.#ts = new CollectedBytes(stream, tsOutput(OPTIONS));
    const slots = channelSlotsOf(described);
    const variant = rtspOutput({ slots, clock, startsAnywhere: false }, OPTIONS);
    stream.attach(variant, this.#rtsp, roomyLimits);
  }

  get rtmp(): SeenMessages {
    const reader = new ChunkReader();
    reader.receive(hex(RTMP_CHUNK_SIZE_MESSAGE));
    reader.receive(this.#rtmp.all);
    const messages = new MessageReader();
    for (let message = reader.nextMessage(); message !== undefined; message = reader.nextMessage()) {
      messages.read(message.typeId as FlvTagType, message.timestamp, message.payload);
    }
    return messages;
  }

  get flv(): SeenMessages {
    const demuxer = new FlvDemuxer();
    demuxer.receive(this.#flv.all);
    const messages = new MessageReader();
    for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) {
      messages.read(tag.type, tag.timestampMs, tag.body);
    }
    return messages;
  }

  get tsReport(): TsReport {
    return checkTs(this.#ts.all);
  }

  get tsFrames(): readonly SeenFrame[] {
    return demuxAll(this.#ts.all).frames.map(({ track, ptsUs, data }) => ({
      kind: track.kind,
      ptsMs: ptsUs / 1000,
      data,
    }));
  }

  /** Everything that came on the RTSP connection. */
  get rtspPackets(): readonly ChannelPacket[] {
    return this.#rtsp.packets;
  }

  /** Times of the units of one media, by their last packets, from that of the first on. @param clockRate hertz */
  rtspTimesMs(slot: number, clockRate: number): number[] {
    const ends = rtpPacketsOf(slot, this.#rtsp.packets).filter(({ marker }) => marker);
    const first = ends[0]?.timestamp ?? 0;
    return ends.map(({ timestamp }) => (((timestamp - first) | 0) * 1000) / clockRate);
  }
}

const KIND_OF_TYPE = { 8: 'audio', 9: 'video', 18: 'data' } as const;
/** Second byte of AVC and AAC messages. */
const SEQUENCE_HEADER = 0;

class CollectedBytes implements ByteSink {
  readonly queuedBytes = 0;
  readonly #parts: Uint8Array[] = [];

  constructor(stream: LiveStream, variant: OutputVariant) {
    stream.attach(variant, this, roomyLimits);
  }

  write(bytes: Uint8Array): boolean {
    this.#parts.push(bytes.slice());
    return true;
  }

  end(): void {}

  /** A fresh copy. */
  get all(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#parts));
  }
}

class MessageReader implements SeenMessages {
  readonly frames: SeenFrame[] = [];
  readonly headers: Track['kind'][] = [];
  readonly #reader = new FlvTagToFrames();

  read(type: FlvTagType, timestampMs: number, body: Uint8Array): void {
    const kind = KIND_OF_TYPE[type];
    if (kind === 'data' || body[1] === SEQUENCE_HEADER) this.headers.push(kind);
    this.#reader.read({ type, timestampMs, body });
    for (const event of this.#reader.takeEvents()) {
      if (event.type !== 'frame' || event.frame.track.kind === 'data') continue;
      const { ptsUs, data } = event.frame;
      this.frames.push({ kind, ptsMs: ptsUs / 1000, data });
    }
  }
}
