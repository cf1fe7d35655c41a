import type { EndReason } from '../../media/end-reason.ts';
import type { Subscription } from '../../hub/subscription.ts';
import type { StreamAddress } from '../stream-address.ts';
import type { RtpReception } from './rtp-reception.ts';

/** lal's names of what sessions speak: `PS` is GB28181, `CUSTOMIZE` the application itself. */
export type SessionProtocol = 'RTMP' | 'RTSP' | 'FLV' | 'TS' | 'HLS' | 'PS' | 'CUSTOMIZE';

/** What is known of a session before anything is decided about it. */
export interface SessionIdentity extends StreamAddress {
  readonly id: string;
  readonly protocol: SessionProtocol;
  /** `ip:port`; empty for what is not on the network. */
  readonly remoteAddress: string;
  readonly url: string;
}

/** One publisher, viewer or relay, as the log, the API and the callbacks show it. */
export interface SessionRecord extends SessionIdentity {
  /** `PULL` and `PUSH` are relays of ours, `PUB` and `SUB` come from outside. */
  readonly baseType: 'PUB' | 'SUB' | 'PULL' | 'PUSH';
  readonly streamKey: string;
  /** Of pulls: what the stream is called where it comes from. */
  readonly origin?: StreamAddress;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Bytes on the socket so far. */
  bytesRead(): number;
  bytesWritten(): number;
  /** Seconds over which the bit rate is averaged; default lal's 5. */
  readonly bitrateWindowSec?: number;
  /** Of viewers and pushes while they are being served, but not of HLS. */
  readonly subscription?: Subscription | undefined;
  /** Of inputs that come by RTP. */
  rtpReception?(): RtpReception | undefined;
  close(reason: EndReason): void;
}
