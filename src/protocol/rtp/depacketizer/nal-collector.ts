/**
 * Access units of H.264 (RFC 6184) and H.265 (RFC 7798) out of payloads: single units, aggregates and fragments. What
 * differs between the two is in `NalPayloadFormat`.
 */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import type { H264Config, H265Config } from '../../../codec/codec-config.ts';
import { splitAtStartCodes } from '../../../codec/nal/annex-b.ts';
import { NalUnitList } from './nal-unit-list.ts';
import { PacketPosition, type CollectedPicture, type PictureCollector } from './picture-collector.ts';

/** The structure of a payload. */
export const NalPayloadKind = {
  single: 0,
  aggregate: 1,
  fragment: 2,
  unsupported: 3,
  meaningless: 4,
} as const;
export type NalPayloadKind = (typeof NalPayloadKind)[keyof typeof NalPayloadKind];

/** What a NAL unit is to an access unit. */
export interface NalUnitRole {
  /** What stands at the beginning of access units, as far as their first bytes tell. */
  readonly position: PacketPosition;
  readonly isDelimiter: boolean;
  /** A part of a coded picture. */
  readonly isPicture: boolean;
  readonly isKeyPicture: boolean;
  readonly isParameterSet: boolean;
  readonly isSei: boolean;
}

/** A codec and its RTP payload format. */
export interface NalPayloadFormat<Config> {
  /** Bytes of a NAL unit header; an aggregate has as many in front of its first unit's length. */
  readonly nalHeaderBytes: 1 | 2;
  /** @param payload not empty */
  kindOf(payload: Uint8Array): NalPayloadKind;
  /** @param payload of a first fragment: structure header, then the FU header (S 1, E 1, …). @returns the unit's header */
  fragmentedHeader(payload: Uint8Array): Uint8Array;
  /**
   * @param firstByte of the NAL unit
   * @param secondByte the rest of the header in H.265; 0 where missing
   * @param sliceByte behind the header: its highest bit tells whether a slice is the first of its picture; 0 where missing
   */
  roleOf(firstByte: number, secondByte: number, sliceByte: number): NalUnitRole;
  /** Whether a SEI unit announces a point from which pictures come right: at once (`key`) or after a while (`refresh`). */
  recoveryOf(sei: Uint8Array): 'key' | 'refresh' | undefined;
  /** @throws {ProtocolError} when the sets make no config */
  firstConfig(parameterSets: readonly Uint8Array[]): Config | undefined;
  /** @returns the same object when nothing changes */
  updatedConfig(config: Config, parameterSets: readonly Uint8Array[]): Config;
}

/** FU header: start and end of the fragmented unit. */
const FRAGMENT_START = 0x80;
const FRAGMENT_END = 0x40;
const LENGTH_BYTES = 2;
/** Sets that wait for the others that a config needs; a stream that never gets there must not collect them forever. */
const MAX_WAITING_SETS = 64;

/** See the head of this file. */
export class NalCollector<Config extends H264Config | H265Config> implements PictureCollector {
  readonly #format: NalPayloadFormat<Config>;
  readonly #units: NalUnitList = new NalUnitList();
  #config: Config | undefined;
  #waitingSets: Uint8Array[] = [];
  #hasPicture = false;
  #hasPictureStart = false;
  #isKey = false;
  #canResume = false;
  /** The fragmented unit has to be looked at as a whole. */
  #isFragmentOfInterest = false;
  /** The sender was seen to put several units into one, with start codes between them. */
  #joinsUnits = false;

  constructor(format: NalPayloadFormat<Config>, config: Config | undefined) {
    this.#format = format;
    this.#config = config;
  }

  get config(): Config | undefined {
    return this.#config;
  }

  get hasPicture(): boolean {
    return this.#hasPicture;
  }

  get hasPictureStart(): boolean {
    return this.#hasPictureStart;
  }

  get isInsideFragment(): boolean {
    return this.#units.isInsideFragment;
  }

  get isKey(): boolean {
    return this.#isKey;
  }

  get canResume(): boolean {
    return this.#canResume || this.#isKey;
  }

  positionOf(payload: Uint8Array): PacketPosition {
    if (payload.length === 0) return PacketPosition.nowhere;
    const { nalHeaderBytes } = this.#format;
    switch (this.#format.kindOf(payload)) {
      case NalPayloadKind.single:
        return this.#roleAt(payload, 0).position;
      case NalPayloadKind.aggregate:
        return this.#positionOfAggregate(payload);
      case NalPayloadKind.fragment: {
        const fuHeader = payload[nalHeaderBytes];
        if (fuHeader === undefined || (fuHeader & FRAGMENT_START) === 0) return PacketPosition.inside;
        return this.#roleOfFragment(this.#format.fragmentedHeader(payload), payload).position;
      }
      case NalPayloadKind.unsupported:
        return PacketPosition.anywhere;
      default:
        return PacketPosition.nowhere;
    }
  }

  /** That of its first unit. */
  #positionOfAggregate(payload: Uint8Array): PacketPosition {
    let at: number = this.#format.nalHeaderBytes;
    while (payload[at] === 0 && payload[at + 1] === 0) at += LENGTH_BYTES; // units of no bytes
    at += LENGTH_BYTES;
    return at < payload.length ? this.#roleAt(payload, at).position : PacketPosition.anywhere;
  }

  collect(payload: Uint8Array): boolean {
    let isSound = false;
    try {
      isSound = this.#collect(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    return this.#isWithinLimits() && isSound;
  }

  skipHole(): void {
    this.#units.dropFragment();
  }

  /** A unit without its end flag ends all the same: some senders forget it. */
  finish(): boolean {
    try {
      this.#endFragment();
      return this.#isWithinLimits();
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  }

  take(): CollectedPicture {
    const picture = { data: this.#units.join(), isKey: this.#isKey };
    this.discard();
    return picture;
  }

  discard(): void {
    this.#units.clear();
    this.#hasPicture = false;
    this.#hasPictureStart = false;
    this.#isKey = false;
    this.#canResume = false;
  }

  /** What is over the limits is damaged, and must not grow on. */
  #isWithinLimits(): boolean {
    if (!this.#units.isOverfull) return true;
    this.#units.clear();
    return false;
  }

  #collect(payload: Uint8Array): boolean {
    switch (this.#format.kindOf(payload)) {
      case NalPayloadKind.single:
        this.#endFragment();
        this.#addUnit(payload);
        return true;
      case NalPayloadKind.aggregate:
        this.#endFragment();
        return this.#addAggregate(payload);
      case NalPayloadKind.fragment:
        return this.#addFragment(payload);
      default:
        return false;
    }
  }

  /** STAP-A (RFC 6184, 5.7.1) and aggregation packets (RFC 7798, 4.4.2): units, each behind its length. */
  #addAggregate(payload: Uint8Array): boolean {
    let at: number = this.#format.nalHeaderBytes;
    while (at + LENGTH_BYTES <= payload.length) {
      const length = (payload[at]! << 8) | payload[at + 1]!;
      at += LENGTH_BYTES;
      if (length > payload.length - at) return false;
      this.#addUnit(payload.subarray(at, at + length));
      at += length;
    }
    return true;
  }

  /** FU-A (RFC 6184, 5.8) and fragmentation units (RFC 7798, 4.4.3). */
  #addFragment(payload: Uint8Array): boolean {
    const { nalHeaderBytes } = this.#format;
    const fuHeader = payload[nalHeaderBytes];
    if (fuHeader === undefined) return false;
    if ((fuHeader & FRAGMENT_START) !== 0) {
      this.#endFragment();
      this.#beginFragment(payload);
    } else if (!this.#units.isInsideFragment) {
      return false;
    }
    this.#units.addFragment(payload.subarray(nalHeaderBytes + 1));
    if ((fuHeader & FRAGMENT_END) !== 0) this.#endFragment();
    return true;
  }

  #beginFragment(payload: Uint8Array): void {
    const header = this.#format.fragmentedHeader(payload);
    const role = this.#roleOfFragment(header, payload);
    this.#isFragmentOfInterest = !role.isPicture || this.#joinsUnits;
    if (role.isPicture) this.#notePicture(role);
    this.#units.addFragment(header);
  }

  /** The fragmented unit ends. */
  #endFragment(): void {
    if (!this.#units.isInsideFragment) return;
    if (this.#isFragmentOfInterest) this.#addUnit(this.#units.takeFragment());
    else this.#units.closeFragment();
  }

  /**
   * Adds a whole unit. Start codes are looked for in units that are no pictures, because some senders take parameter sets,
   * SEI and picture for one unit (a start code itself looks like a unit of a type that is none), and in all units of a
   * sender that has done so before.
   */
  #addUnit(nal: Uint8Array): void {
    if (nal.length === 0) return;
    const role = this.#roleAt(nal, 0);
    const isSuspect = !role.isPicture || this.#joinsUnits;
    const parts = isSuspect ? splitAtStartCodes(nal) : undefined;
    if (parts === undefined) {
      this.#addSoundUnit(nal, role);
      return;
    }
    if (parts.length > 1) this.#joinsUnits = true;
    for (const part of parts) this.#addSoundUnit(part, this.#roleAt(part, 0));
  }

  #addSoundUnit(nal: Uint8Array, role: NalUnitRole): void {
    if (role.isDelimiter) return;
    this.#units.add(nal);
    if (role.isPicture) this.#notePicture(role);
    else if (role.isParameterSet) this.#noteParameterSet(nal);
    else if (role.isSei) this.#noteRecovery(this.#format.recoveryOf(nal));
  }

  #notePicture(role: NalUnitRole): void {
    if (!this.#hasPicture) this.#hasPictureStart = role.position === PacketPosition.pictureStart;
    this.#hasPicture = true;
    if (role.isKeyPicture) this.#isKey = true;
  }

  #noteRecovery(recovery: 'key' | 'refresh' | undefined): void {
    if (recovery === 'key') this.#isKey = true;
    if (recovery !== undefined) this.#canResume = true;
  }

  #noteParameterSet(nal: Uint8Array): void {
    if (this.#config !== undefined) {
      this.#config = this.#format.updatedConfig(this.#config, [nal]);
      return;
    }
    this.#waitingSets.push(Uint8Array.from(nal));
    if (this.#waitingSets.length > MAX_WAITING_SETS) this.#waitingSets.shift();
    try {
      this.#config = this.#format.firstConfig(this.#waitingSets);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#waitingSets = []; // no config comes of these
    }
    if (this.#config !== undefined) this.#waitingSets = [];
  }

  #roleAt(bytes: Uint8Array, at: number): NalUnitRole {
    const { nalHeaderBytes } = this.#format;
    return this.#format.roleOf(bytes[at]!, bytes[at + 1] ?? 0, bytes[at + nalHeaderBytes] ?? 0);
  }

  #roleOfFragment(header: Uint8Array, payload: Uint8Array): NalUnitRole {
    return this.#format.roleOf(header[0]!, header[1] ?? 0, payload[this.#format.nalHeaderBytes + 1] ?? 0);
  }
}
