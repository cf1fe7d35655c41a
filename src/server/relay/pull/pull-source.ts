import type { PublicationInput } from '../../../hub/publication.ts';
import type { EndReason } from '../../../media/end-reason.ts';
import type { PacketDump } from '../../dump/packet-dump.ts';
import type { RtpReception } from '../../sessions/rtp-reception.ts';
import type { PullUrl } from './pull-url.ts';

/** What tries of one order tell each other. */
export interface PullMemory {
  /** The list or file that was played to its end: as long as it is the same there is nothing new to pull. */
  finished: string | undefined;
  /** Of the last try: the next one goes on in the same file. */
  dump: PacketDump | undefined;
}

/** What to pull, and how. */
export interface PullRequest {
  readonly url: PullUrl;
  /** For each step until the origin agrees; `Infinity`: no limit. */
  readonly stepTimeoutMs: number;
  /** False takes any certificate. */
  readonly verifyCertificate: boolean;
  /** RTSP: what is tried first. */
  readonly rtspTransport: 'tcp' | 'udp';
  /** RTSP: gets what is received. */
  readonly dump: PacketDump | undefined;
  readonly memory: PullMemory;
}

/** Whom a source tells. */
export interface PullTarget {
  /**
   * The origin has agreed, and media will come: asks for the stream. To be called once; what comes meanwhile is held back.
   * @returns `undefined` when the stream cannot be had; the source is closed then
   */
  claim(): Promise<PublicationInput | undefined>;
  /** The source is over, by itself or because it was closed. May be called more than once. */
  ended(reason: EndReason): void;
}

/** A connection to an origin that becomes the frames of a publication. */
export interface PullSource {
  /** On the wire, as lal counts them: bodies alone for HTTP. */
  bytesRead(): number;
  bytesWritten(): number;
  /** For the log, at the end: damage and loss, by name. */
  counters(): Readonly<Record<string, number>>;
  /** Of sources over RTP. */
  rtpReception?(): RtpReception;
  /** Hands on what it holds back, says goodbye to the origin and closes. Twice is harmless. */
  close(reason: EndReason): void;
}
