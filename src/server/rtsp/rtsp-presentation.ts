import { Buffer } from 'node:buffer';
import type { LiveStream } from '../../hub/live-stream.ts';
import type { StreamState } from '../../hub/packager.ts';
import type { Subscription } from '../../hub/subscription.ts';
import { rtspOutput } from '../../output/rtsp/rtsp-output.ts';
import { rtspSlotsOf, type RtspSlot } from '../../output/rtsp/rtsp-slots.ts';
import { INTERLEAVED_HEADER_BYTES } from '../../protocol/rtsp/interleaved-packet.ts';
import type { RtspTrackStart } from '../../protocol/rtsp/server-events.ts';
import { describeTracks } from '../../protocol/sdp/describe-tracks.ts';
import type {
  RtspPlayFeed,
  RtspPlayTrack,
  RtspPresentation,
  RtspSink,
} from '../../session/rtsp/server-handler.ts';
import type { RtspFraming } from '../../session/rtsp/server-transport.ts';
import { rtspFanoutOptions } from '../output-options.ts';
import { viewerLimits, type ServerContext } from '../server-context.ts';
import { VERSION } from '../version.ts';
import { rtspGoodbye } from './rtsp-goodbye.ts';

/** What a service wants to know of a viewer. */
export interface RtspPlayerEvents {
  started(subscription: Subscription): void;
  stopped(): void;
}

/** A live stream as one player is told about it. */
export class RtspStreamPresentation implements RtspPresentation {
  readonly description: { readonly sdp: Uint8Array; readonly controls: readonly string[] };
  readonly #stream: LiveStream;
  readonly #slots: readonly RtspSlot[];
  readonly #context: ServerContext;
  readonly #events: RtspPlayerEvents;

  /**
   * @param state of the stream while it is described
   * @param stream held by the service, so that it is not forgotten between DESCRIBE and PLAY, or while a player pauses
   * @param host our address, as the client reached it
   */
  constructor(
    state: StreamState,
    stream: LiveStream,
    host: string,
    context: ServerContext,
    events: RtspPlayerEvents,
  ) {
    this.#stream = stream;
    this.#slots = rtspSlotsOf(state);
    this.#context = context;
    this.#events = events;
    const controls = this.#slots.map(({ index }) => `streamid=${index}`);
    const tracks = this.#slots.map(({ format }, index) => ({ format, control: controls[index]! }));
    const session = { name: 'No Name', tool: `lal-ts ${VERSION}`, address: host, range: 'npt=now-' };
    this.description = { sdp: Buffer.from(describeTracks(tracks, session)), controls };
  }

  /** Nothing in the stream can travel by RTP. */
  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  play(tracks: readonly RtspPlayTrack[], sink: RtspSink, framing: RtspFraming | undefined): RtspPlayFeed {
    const { config, clock } = this.#context;
    const stream = this.#stream;
    const slots = tracks.map(({ trackIndex, channels }) => ({
      ...this.#slots[trackIndex]!,
      rtpChannel: channels.rtp,
      rtcpChannel: channels.rtcp,
    }));
    const startsAnywhere = !config.rtsp.out_wait_key_frame_flag;
    const variant = rtspOutput({ slots, clock, startsAnywhere }, rtspFanoutOptions(config));
    const watched = new StartWatch(sink);
    const subscription = stream.attach(variant, watched, viewerLimits(config), framing);
    const firstBytes = framing === undefined ? watched.stop() : undefined;
    this.#events.started(subscription);
    return {
      starts: tracks.map(({ trackIndex, channels }) => ({
        trackIndex,
        ...firstPacketOn(channels.rtp, firstBytes),
      })),
      resume: () => subscription.resume(clock.monotonicMs()),
      close: () => {
        subscription.close();
        this.#events.stopped();
      },
      goodbye: () => rtspGoodbye(stream, variant),
    };
  }
}

/** Sees what a viewer gets at once, from the cache. */
class StartWatch implements RtspSink {
  readonly #sink: RtspSink;
  #first: Uint8Array[] | undefined = [];

  constructor(sink: RtspSink) {
    this.#sink = sink;
  }

  get queuedBytes(): number {
    return this.#sink.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    this.#first?.push(bytes);
    return this.#sink.write(bytes);
  }

  end(reason: Parameters<RtspSink['end']>[0]): void {
    this.#sink.end(reason);
  }

  stop(): readonly Uint8Array[] {
    const first = this.#first ?? [];
    this.#first = undefined;
    return first;
  }
}

/** Sequence number and timestamp of the first packet on a channel. */
function firstPacketOn(
  channel: number,
  flushes: readonly Uint8Array[] = [],
): Omit<RtspTrackStart, 'trackIndex'> {
  for (const bytes of flushes) {
    for (let at = 0; at + INTERLEAVED_HEADER_BYTES <= bytes.length;) {
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (bytes[at + 1] === channel) {
        const view = new DataView(bytes.buffer, bytes.byteOffset + at + INTERLEAVED_HEADER_BYTES, length);
        return { sequenceNumber: view.getUint16(2), timestamp: view.getUint32(4) };
      }
      at += INTERLEAVED_HEADER_BYTES + length;
    }
  }
  return {};
}
