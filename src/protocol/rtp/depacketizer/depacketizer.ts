import type { CodecConfig } from '../../../codec/codec-config.ts';
import type { RtpPacket } from '../rtp-packet.ts';

/** One access unit put together again. */
export interface RtpAccessUnit {
  /** Unwrapped ticks of the RTP clock: when it is shown. Not always whole multiples of one another's distance. */
  readonly timestamp: number;
  /** As docs/formats describes it for the codec. A fresh copy, or a view of the packet that brought it. */
  readonly data: Uint8Array;
  /** A decoder can start here; always true for audio. */
  readonly isKey: boolean;
  /** The parameters in force, another object once they have changed; `undefined` while unknown. */
  readonly config: CodecConfig | undefined;
  /** Something was lost between the unit handed out before and this one, or inside this one (damaged pictures, if wanted). */
  readonly afterLoss: boolean;
}

/** What did not come out as it should. */
export interface DepacketizerCounters {
  /** Access units of which a part came, but not all of it in order: left out. */
  damagedUnits: number;
  /** Whole pictures that were left out because what they refer to was lost. */
  droppedUnits: number;
  /** Packets with nothing in them that the payload format has a meaning for. */
  ignoredPackets: number;
}

/** Turns the payloads of one track into access units. Payloads must stay as they are until their unit came out. */
export interface Depacketizer {
  readonly counters: Readonly<DepacketizerCounters>;
  /** The parameters in force; `undefined` while unknown. */
  readonly config: CodecConfig | undefined;
  /**
   * True once the payloads turned out to be something that is carried only as it is (MPEG audio of layers I and II):
   * from the packet that told so on, no units come out.
   */
  readonly isOpaque: boolean;
  /**
   * Takes the next packet, in the order of sequence numbers.
   * @param timestamp the packet's, unwrapped
   * @param lostBefore packets that are missing between the one before and this one
   * @returns the units that are complete now, in decoding order
   */
  receive(packet: RtpPacket, timestamp: number, lostBefore: number): readonly RtpAccessUnit[];
  /** What is complete but held back, at the end of the stream. */
  flush(): readonly RtpAccessUnit[];
}

/** What a receive without result returns, always the same. */
export const NO_UNITS: readonly RtpAccessUnit[] = [];
