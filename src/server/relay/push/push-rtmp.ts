import { flvCanCarry } from '../../../container/flv/body-header.ts';
import { flvSpellingOf } from '../../../container/flv/codec-spelling.ts';
import type { FlvForm } from '../../../container/flv/flv-types.ts';
import type { StreamState } from '../../../hub/packager.ts';
import type { Subscription } from '../../../hub/subscription.ts';
import type { EndReason } from '../../../media/end-reason.ts';
import { rtmpPublishOutput } from '../../../output/rtmp-output.ts';
import type { RtmpUrl } from '../../../protocol/rtmp/rtmp-url.ts';
import { RtmpClientSession } from '../../../session/rtmp/client-session.ts';
import { rtmpFanoutOptions } from '../../output-options.ts';
import type { PushConnection, PushConnectionEvents, PushConnectionOptions } from './push-connection.ts';
import { PushFeed, STALL_TIMEOUT_MS } from './push-feed.ts';

/** What nearly all servers answer to `createStream`. */
const USUAL_STREAM_ID = 1;

/** @returns `undefined` when FLV has no name for any of the stream's tracks */
export function openRtmpPush(
  options: PushConnectionOptions,
  url: RtmpUrl,
  events: PushConnectionEvents,
): PushConnection | undefined {
  const { hevcForm } = options.manner;
  const { tracks } = options.stream.state;
  const isMedia = tracks.some((track) => track.kind !== 'data' && flvCanCarry(track, hevcForm));
  return isMedia ? new RtmpPush(options, url, events) : undefined;
}

/** Sends a stream's RTMP messages to a server, as its publisher. */
class RtmpPush implements PushConnection {
  readonly #options: PushConnectionOptions;
  readonly #session: RtmpClientSession;
  #feed: PushFeed;

  constructor(options: PushConnectionOptions, url: RtmpUrl, events: PushConnectionEvents) {
    const { manner, stream, context } = options;
    this.#options = options;
    this.#session = new RtmpClientSession(
      {
        url,
        mode: 'publish',
        fourCcList: fourCcsOf(stream.state, manner.hevcForm),
        tls: { verifyCertificate: manner.verifyCertificate },
        connectTimeoutMs: manner.timeoutMs,
        startTimeoutMs: manner.timeoutMs,
        idleTimeoutMs: STALL_TIMEOUT_MS,
        // The subscription has the bound.
        maxQueueBytes: Infinity,
        clock: context.clock,
      },
      {
        started: () => {
          this.#open();
          events.started();
        },
        drained: () => this.#feed.resume(),
        ended: (reason) => {
          this.#feed.close();
          events.ended(reason);
        },
      },
    );
    this.#feed = this.#feedOn(USUAL_STREAM_ID);
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

  /** Sequence headers can come at any time. */
  fits(): boolean {
    return true;
  }

  finish(reason: EndReason): void {
    this.#feed.finish(() => this.#session.end(reason));
  }

  end(reason: EndReason): void {
    this.#session.end(reason);
  }

  #open(): void {
    const { streamId = USUAL_STREAM_ID } = this.#session;
    if (streamId !== USUAL_STREAM_ID) {
      // What was held back has another stream id in it: begin where a newcomer begins.
      this.#feed.close();
      this.#feed = this.#feedOn(streamId);
    }
    this.#feed.open();
  }

  #feedOn(streamId: number): PushFeed {
    const { manner, stream, limits, context } = this.#options;
    const fanout = { ...rtmpFanoutOptions(context.config), flushBytes: 0 };
    const variant = rtmpPublishOutput(manner.hevcForm, streamId, fanout);
    return new PushFeed(stream, variant, limits, this.#session, context.clock);
  }
}

/** The FourCCs that will be sent: who receives the enhanced form wants to hear so in `connect`. */
function fourCcsOf({ tracks }: StreamState, form: FlvForm): string[] {
  return tracks.flatMap((track) => {
    const spelling = flvSpellingOf(track, form);
    return spelling?.family === 'enhanced' ? [spelling.sourceTag] : [];
  });
}
