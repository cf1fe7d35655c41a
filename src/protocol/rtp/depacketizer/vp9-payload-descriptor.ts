/** The payload descriptor in front of VP9 data (RFC 9628, 4.2): what a receiver of whole pictures needs of it. */

/** First byte: I, P, L, F, B, E, V, Z. */
const Flag = {
  pictureIdPresent: 0x80,
  interPicturePredicted: 0x40,
  layerIndicesPresent: 0x20,
  flexibleMode: 0x10,
  startOfFrame: 0x08,
  endOfFrame: 0x04,
  scalabilityStructurePresent: 0x02,
} as const;
/** M of the picture ID: 15 bits instead of 7. */
const LONG_PICTURE_ID = 0x80;
/** N of a reference index: another one follows; at most 3. */
const MORE_REFERENCES = 0x01;
const MAX_REFERENCES = 3;
/** N_S 3, Y 1, G 1, reserved 3: of a scalability structure. */
const RESOLUTIONS_PRESENT = 0x10;
const PICTURE_GROUP_PRESENT = 0x08;
const RESOLUTION_BYTES = 4;

/** What stands in front of a packet's VP9 data. */
export interface Vp9PayloadDescriptor {
  /** Bytes of the descriptor. */
  readonly length: number;
  /** The packet begins a frame (of one spatial layer). */
  readonly startsFrame: boolean;
  readonly endsFrame: boolean;
  /** 0 for the base layer, and without layers. */
  readonly spatialId: number;
}

/** @returns `undefined` when it is cut off, or nothing follows it */
export function parseVp9PayloadDescriptor(payload: Uint8Array): Vp9PayloadDescriptor | undefined {
  const flags = payload[0] ?? 0;
  let at = 1;
  if ((flags & Flag.pictureIdPresent) !== 0) at += (payload[at]! & LONG_PICTURE_ID) === 0 ? 1 : 2;
  let spatialId = 0;
  if ((flags & Flag.layerIndicesPresent) !== 0) {
    spatialId = (payload[at]! >>> 1) & 0x07; // TID 3, U 1, SID 3, D 1
    at += (flags & Flag.flexibleMode) === 0 ? 2 : 1; // TL0PICIDX
  }
  const hasReferences = Flag.flexibleMode | Flag.interPicturePredicted;
  if ((flags & hasReferences) === hasReferences) at = referencesEnd(payload, at);
  if ((flags & Flag.scalabilityStructurePresent) !== 0) at = scalabilityStructureEnd(payload, at);
  if (at >= payload.length) return undefined;
  return {
    length: at,
    startsFrame: (flags & Flag.startOfFrame) !== 0,
    endsFrame: (flags & Flag.endOfFrame) !== 0,
    spatialId,
  };
}

/** P_DIFF 7, N 1, up to three times. */
function referencesEnd(payload: Uint8Array, start: number): number {
  let at = start;
  for (let count = 0; count < MAX_REFERENCES; count += 1) {
    at += 1;
    if ((payload[at - 1]! & MORE_REFERENCES) === 0) break;
  }
  return at;
}

/** 4.2.1. */
function scalabilityStructureEnd(payload: Uint8Array, start: number): number {
  const header = payload[start] ?? 0;
  let at = start + 1;
  const spatialLayers = (header >>> 5) + 1; // N_S
  if ((header & RESOLUTIONS_PRESENT) !== 0) at += spatialLayers * RESOLUTION_BYTES;
  if ((header & PICTURE_GROUP_PRESENT) === 0) return at;
  const pictures = payload[at] ?? 0; // N_G
  at += 1;
  for (let picture = 0; picture < pictures && at < payload.length; picture += 1) {
    at += 1 + ((payload[at]! >>> 2) & 0x03); // TID 3, U 1, R 2, reserved 2; then R reference indices
  }
  return at;
}
