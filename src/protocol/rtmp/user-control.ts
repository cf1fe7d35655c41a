import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';

/** User control events ("Adobe's Real Time Messaging Protocol" 1.0, clause 7.1.7): event type u16, then its data. */
export const UserControlEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

export interface UserControl {
  /** One of `UserControlEvent`, or a value this module does not know. */
  readonly event: number;
  /** The first data field: a message stream id, or a ping's time. */
  readonly value: number;
}

/** `undefined` for a payload too short for its event; such messages occur and are ignored. */
export function parseUserControl(payload: Uint8Array): UserControl | undefined {
  if (payload.length < 6) return undefined;
  const reader = new ByteReader(payload);
  return { event: reader.u16(), value: reader.u32() };
}

export function serializeUserControl(control: UserControl): Uint8Array {
  return new ByteWriter(6).u16(control.event).u32(control.value).finish();
}
