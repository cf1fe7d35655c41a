import type { FlvForm } from '../../../container/flv/flv-types.ts';
import type { LiveStream } from '../../../hub/live-stream.ts';
import type { StreamState } from '../../../hub/packager.ts';
import type { Subscription, SubscriptionLimits } from '../../../hub/subscription.ts';
import type { EndReason } from '../../../media/end-reason.ts';
import type { ServerContext } from '../../server-context.ts';
import { openRtmpPush } from './push-rtmp.ts';
import { openRtspPush } from './push-rtsp.ts';
import type { PushUrl } from './push-url.ts';

/** How a target wants the stream. */
export interface PushManner {
  /** The spelling of codecs that FLV has two for. */
  readonly hevcForm: FlvForm;
  /** Of `rtsp:` targets; where a server does not support it, the other one is tried. */
  readonly rtspTransport: 'tcp' | 'udp';
  /** Of `rtmps:` and `rtsps:` targets. */
  readonly verifyCertificate: boolean;
  /** For the connection, and again for the target's consent; `Infinity`: no limit. */
  readonly timeoutMs: number;
}

/** What one connection is made for. */
export interface PushConnectionOptions {
  readonly url: PushUrl;
  readonly manner: PushManner;
  readonly stream: LiveStream;
  readonly limits: SubscriptionLimits;
  readonly context: Pick<ServerContext, 'config' | 'clock'>;
}

/** What a connection tells the push it was made by; never before it has been returned. */
export interface PushConnectionEvents {
  /** The target takes the stream. */
  started(): void;
  /** Once, whatever ended it; nothing follows. */
  ended(reason: EndReason): void;
}

/** One connection to a target: a session, and the stream's way into it. */
export interface PushConnection {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly subscription: Subscription;
  /** Whether the target can be sent what the stream has become. */
  fits(state: StreamState): boolean;
  /** Sends what waits, then says goodbye. */
  finish(reason: EndReason): void;
  /** Says goodbye at once. */
  end(reason: EndReason): void;
}

/** Makes a connection; `undefined`: nothing in the stream can be sent to such a target. */
export type OpenPushConnection = (
  options: PushConnectionOptions,
  events: PushConnectionEvents,
) => PushConnection | undefined;

/** Opens a real one. @throws ProtocolError for a URL that cannot be used */
export const openPushConnection: OpenPushConnection = (options, events) =>
  options.url.rtmp === undefined
    ? openRtspPush(options, options.url.text, events)
    : openRtmpPush(options, options.url.rtmp, events);
