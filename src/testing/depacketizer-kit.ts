/** Packets for depacketizers, and what they make of them. */
import type { Depacketizer, RtpAccessUnit } from '../protocol/rtp/depacketizer/depacketizer.ts';
import type { RtpFormat } from '../protocol/rtp/rtp-format.ts';
import { toHex } from './hex.ts';

/** One packet of a stream. */
export interface SentPacket {
  /** Counts from 0 on, without wrapping. */
  readonly number: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
}

/** Numbers packets as they are sent. */
export class PacketSequence {
  readonly packets: SentPacket[] = [];

  send(timestamp: number, payload: Uint8Array, marker = false): this {
    this.packets.push({ number: this.packets.length, timestamp, marker, payload });
    return this;
  }

  /** One unit's payloads; the last is marked, unless `marks` says otherwise. */
  sendUnit(
    timestamp: number,
    payloads: readonly Uint8Array[],
    marks: 'last' | 'all' | 'none' = 'last',
  ): this {
    payloads.forEach((payload, index) => {
      const isLast = index === payloads.length - 1;
      this.send(timestamp, payload, marks === 'all' || (marks === 'last' && isLast));
    });
    return this;
  }
}

/** A format as SDP would give it; 90 kHz video unless said. */
export function rtpFormat(
  encodingName: string,
  parameters: Readonly<Record<string, string>> = {},
  other: Partial<RtpFormat> = {},
): RtpFormat {
  return {
    media: 'video',
    payloadType: 96,
    encodingName,
    clockRate: 90_000,
    channels: 1,
    parameters: new Map(Object.entries(parameters)),
    formatParameters: '',
    ...other,
  };
}

/** Receives packets in the order of their numbers; numbers that are missing are lost packets. */
export function receiveAll(
  depacketizer: Depacketizer,
  packets: readonly SentPacket[],
  firstNumber = 0,
): RtpAccessUnit[] {
  let next = firstNumber;
  return packets.flatMap(({ number, timestamp, marker, payload }) => {
    const lostBefore = number - next;
    next = number + 1;
    const packet = {
      payloadType: 96,
      marker,
      sequenceNumber: number & 0xffff,
      timestamp: ((timestamp % 2 ** 32) + 2 ** 32) % 2 ** 32,
      ssrc: 1,
      payload,
    };
    return depacketizer.receive(packet, timestamp, lostBefore);
  });
}

/** As `receiveAll`, with the end of the stream behind the packets. */
export function depacketize(depacketizer: Depacketizer, packets: readonly SentPacket[]): RtpAccessUnit[] {
  return [...receiveAll(depacketizer, packets), ...depacketizer.flush()];
}

/** NAL units as they lie in an access unit, in hexadecimal. */
export function nalUnitsOf(data: Uint8Array): string[] {
  const units: string[] = [];
  for (let at = 0; at < data.length;) {
    const length = (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
    units.push(toHex(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return units;
}
