import type { VideoConfig } from '../../../codec/codec-config.ts';

/** Where in an access unit a packet stands, as far as it tells. */
export const PacketPosition = {
  /** Nothing of its access unit can stand before it. */
  unitStart: 'unit-start',
  /**
   * It begins with what stands first in most access units, a sequence or video parameter set; but some senders repeat the
   * sets before each slice.
   */
  leadingSet: 'leading-set',
  /** It begins a coded picture; parameter sets and the like may stand before it. */
  pictureStart: 'picture-start',
  /** It may stand anywhere. */
  anywhere: 'anywhere',
  /** Something of its access unit stands before it. */
  inside: 'inside',
  /** It has no place in an access unit: the payload format has no meaning for it, or receivers must leave it out. */
  nowhere: 'nowhere',
} as const;
export type PacketPosition = (typeof PacketPosition)[keyof typeof PacketPosition];

/** One access unit of a video track. */
export interface CollectedPicture {
  /** A fresh copy. */
  readonly data: Uint8Array;
  readonly isKey: boolean;
}

/**
 * What differs between the video payload formats: takes the payloads of one access unit apart and joins what is in them.
 * Where units begin and end, and what loss costs, is the business of `VideoDepacketizer`.
 */
export interface PictureCollector {
  /** The parameters in force, those in the payloads collected so far included. */
  readonly config: VideoConfig | undefined;
  /** Whether a part of a picture is there, and not only what goes before one. */
  readonly hasPicture: boolean;
  /** Whether the first part of the picture that is there is the picture's beginning. */
  readonly hasPictureStart: boolean;
  /** Whether the last payload ended in the middle of something that was cut over packets. */
  readonly isInsideFragment: boolean;
  /** Whether a decoder can start with what is there. */
  readonly isKey: boolean;
  /** Whether the pictures from here on come right even when earlier ones are missing: a key picture, or a gradual refresh. */
  readonly canResume: boolean;
  /** @param payload may be empty */
  positionOf(payload: Uint8Array): PacketPosition;
  /**
   * Takes the next payload of the access unit; keeps views of it until `take` or `discard`.
   * @param payload whose position is not `nowhere`
   * @returns false when it breaks the payload format, or the access unit has grown over its limits
   */
  collect(payload: Uint8Array): boolean;
  /** Packets are missing here: what was cut over them can't be completed. */
  skipHole(): void;
  /** No more payloads come for this access unit. @returns false when something in it is cut off */
  finish(): boolean;
  /** Hands out the access unit, and begins the next one. To be called behind `finish`, only when `hasPicture`. */
  take(): CollectedPicture;
  /** Forgets what was collected, parameter sets in force apart. */
  discard(): void;
}

/** Larger pictures than 8 MiB come from no encoder at live bitrates; beyond it a sender without end marks is collected forever. */
export const MAX_ACCESS_UNIT_BYTES: number = 8 * 1024 * 1024;
/** Pieces of one access unit: 8 MiB in packets of 256 bytes. Each is a view, an object of its own. */
export const MAX_ACCESS_UNIT_PIECES = 32_768;
