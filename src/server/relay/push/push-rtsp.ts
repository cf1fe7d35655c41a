import type { OutputVariant } from '../../../hub/live-stream.ts';
import type { StreamState } from '../../../hub/packager.ts';
import type { Subscription } from '../../../hub/subscription.ts';
import type { EndReason } from '../../../media/end-reason.ts';
import { rtspOutput } from '../../../output/rtsp/rtsp-output.ts';
import { rtspSlotsOf, type RtspSlot } from '../../../output/rtsp/rtsp-slots.ts';
import type { RtspPublication } from '../../../protocol/rtsp/client-connection.ts';
import { describeTracks } from '../../../protocol/sdp/describe-tracks.ts';
import { RtspClientSession } from '../../../session/rtsp/client-session.ts';
import { SERVER_NAME } from '../../http/http-headers.ts';
import { rtspFanoutOptions } from '../../output-options.ts';
import { rtspGoodbye } from '../../rtsp/rtsp-goodbye.ts';
import { VERSION } from '../../version.ts';
import type { PushConnection, PushConnectionEvents, PushConnectionOptions } from './push-connection.ts';
import { PushFeed, STALL_TIMEOUT_MS } from './push-feed.ts';

/** @returns `undefined` when RTP has no format for any of the stream's tracks */
export function openRtspPush(
  options: PushConnectionOptions,
  url: string,
  events: PushConnectionEvents,
): PushConnection | undefined {
  const slots = rtspSlotsOf(options.stream.state);
  return slots.length === 0 ? undefined : new RtspPush(options, url, slots, events);
}

/** Announces a stream to a server and sends its RTP packets, the same that players get on these channels. */
class RtspPush implements PushConnection {
  readonly #options: PushConnectionOptions;
  readonly #promises: readonly string[];
  readonly #variant: OutputVariant;
  readonly #session: RtspClientSession;
  readonly #feed: PushFeed;

  constructor(
    options: PushConnectionOptions,
    url: string,
    slots: readonly RtspSlot[],
    events: PushConnectionEvents,
  ) {
    const { manner, stream, limits, context } = options;
    this.#options = options;
    this.#promises = slots.map(({ promise }) => promise);
    this.#variant = rtspOutput(
      { slots: slots.map(onOwnChannels), clock: context.clock, startsAnywhere: false },
      rtspFanoutOptions(context.config),
    );
    this.#session = new RtspClientSession(
      {
        url,
        publication: publicationOf(slots),
        userAgent: SERVER_NAME,
        transports: manner.rtspTransport === 'tcp' ? ['tcp', 'udp'] : ['udp', 'tcp'],
        tls: { verifyCertificate: manner.verifyCertificate },
        connectTimeoutMs: manner.timeoutMs,
        answerTimeoutMs: manner.timeoutMs,
        idleTimeoutMs: STALL_TIMEOUT_MS,
        // The subscription has the bound.
        maxQueueBytes: Infinity,
        clock: context.clock,
      },
      {
        started: () => {
          this.#feed.open();
          events.started();
        },
        drained: () => this.#feed.resume(),
        ended: (reason) => {
          this.#feed.close();
          events.ended(reason);
        },
      },
    );
    this.#feed = new PushFeed(stream, this.#variant, limits, this.#session, context.clock);
  }

  get bytesRead(): number {
    return this.#session.bytesRead;
  }

  get bytesWritten(): number {
    return this.#session.bytesWritten;
  }

  get subscription(): Subscription {
    return this.#feed.subscription;
  }

  /** What was announced holds for the session. Parameter sets may change: they travel with the key frames. */
  fits(state: StreamState): boolean {
    const promises = rtspSlotsOf(state).map(({ promise }) => promise);
    return promises.join('\n') === this.#promises.join('\n');
  }

  finish(reason: EndReason): void {
    this.#feed.finish(() => this.end(reason));
  }

  end(reason: EndReason): void {
    if (this.#session.isStarted && this.#feed.subscription.counters.sentBytes > 0)
      this.#session.write(rtspGoodbye(this.#options.stream, this.#variant));
    this.#session.end(reason);
  }
}

/** Two channels for each track, in order: those of players over TCP, as a rule, and what the session's `write` expects. */
function onOwnChannels(slot: RtspSlot): RtspSlot & { rtpChannel: number; rtcpChannel: number } {
  return { ...slot, rtpChannel: slot.index * 2, rtcpChannel: slot.index * 2 + 1 };
}

function publicationOf(slots: readonly RtspSlot[]): RtspPublication {
  const controls = slots.map(({ index }) => `streamid=${index}`);
  const tracks = slots.map(({ format, index }) => ({ format, control: controls[index]! }));
  const session = { name: 'No Name', tool: `lal-ts ${VERSION}`, address: '127.0.0.1' };
  return { sdp: describeTracks(tracks, session), controls };
}
