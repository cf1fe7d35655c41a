/**
 * AV1 in RTP (RTP Payload Format For AV1 of the Alliance for Open Media, version 1.0). Each OBU has packets of its own,
 * one or as many as it needs. Aggregation and the dependency descriptor, a header extension, are left out.
 */
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { parseAv1CodecConfigurationRecord } from '../../../codec/av1/av1-codec-configuration-record.ts';
import { Av1ObuType, splitObus, type Av1Obu } from '../../../codec/av1/obu.ts';
import type { Av1Config } from '../../../codec/codec-config.ts';
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/** Aggregation header (4.4): Z 1, Y 1, W 2, N 1, reserved 3. */
const AggregationFlag = {
  /** Z: the first element goes on from the packet before. */
  continuesObu: 0x80,
  /** Y: the last element goes on in the next packet. */
  obuContinues: 0x40,
  /** W: one element, without a length. */
  oneElement: 0x10,
  /** N: a coded video sequence begins. */
  newSequence: 0x08,
} as const;
const AGGREGATION_HEADER_BYTES = 1;
const OBU_EXTENSION_FLAG = 0x04;
const OBU_HAS_SIZE_FLAG = 0x02;

/**
 * Marker on the last payload of each temporal unit; the sequence header of the config before key frames without one.
 * Temporal delimiters and tile lists do not go out (5).
 */
export class Av1Packetizer implements Packetizer {
  readonly #maxPayloadBytes: number;
  readonly #sequenceHeader: Av1Obu | undefined;

  constructor(config: Av1Config, maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#sequenceHeader = obusOrNone(() =>
      splitObus(parseAv1CodecConfigurationRecord(config.description).configObus),
    ).find(isSequenceHeader);
  }

  packetize(data: Uint8Array, isKey: boolean, target: PayloadTarget): boolean {
    const obus = obusOrNone(() => splitObus(data)).filter(isSendable);
    const last = obus.at(-1);
    if (last === undefined) return false;
    let sequenceFlag: number = isKey ? AggregationFlag.newSequence : 0;
    if (isKey && this.#sequenceHeader !== undefined && !obus.some(isSequenceHeader)) {
      this.#writeObu(this.#sequenceHeader, sequenceFlag, false, target);
      sequenceFlag = 0;
    }
    for (const obu of obus) {
      this.#writeObu(obu, sequenceFlag, obu === last, target);
      sequenceFlag = 0;
    }
    return true;
  }

  /** @param firstFlags of the first packet's aggregation header only */
  #writeObu(obu: Av1Obu, firstFlags: number, marker: boolean, target: PayloadTarget): void {
    const obuHeaderBytes = (obu.bytes[0]! & OBU_EXTENSION_FLAG) === 0 ? 1 : 2;
    const { payload } = obu;
    const room = this.#maxPayloadBytes - AGGREGATION_HEADER_BYTES;
    // Counted from the start of the OBU's payload, so that the OBU's header lies before 0.
    let from = -obuHeaderBytes;
    while (from < payload.length) {
      const to = Math.min(from + room, payload.length);
      const isFirst = from < 0;
      const isLast = to === payload.length;
      let at = target.beginPayload(AGGREGATION_HEADER_BYTES + to - from, marker && isLast);
      const { bytes } = target;
      bytes[at] =
        AggregationFlag.oneElement |
        (isFirst ? firstFlags : AggregationFlag.continuesObu) |
        (isLast ? 0 : AggregationFlag.obuContinues);
      at += AGGREGATION_HEADER_BYTES;
      if (isFirst) {
        bytes[at] = obu.bytes[0]! & ~OBU_HAS_SIZE_FLAG;
        if (obuHeaderBytes === 2) bytes[at + 1] = obu.bytes[1]!;
        at += obuHeaderBytes;
      }
      bytes.set(payload.subarray(Math.max(from, 0), to), at);
      from = to;
    }
  }
}

function isSendable(obu: Av1Obu): boolean {
  return obu.type !== Av1ObuType.temporalDelimiter && obu.type !== Av1ObuType.tileList;
}

function isSequenceHeader(obu: Av1Obu): boolean {
  return obu.type === Av1ObuType.sequenceHeader;
}

/** What is damaged holds nothing that could be sent. */
function obusOrNone(split: () => Av1Obu[]): Av1Obu[] {
  try {
    return split();
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}
