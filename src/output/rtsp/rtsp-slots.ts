import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import type { StreamState } from '../../hub/packager.ts';
import type { Track } from '../../media/track.ts';
import { rtpFormatOf } from '../../protocol/sdp/rtp-format-of.ts';
import { RtpPayloadTypes } from './rtp-payload-types.ts';

/** One media description of a player's session: what it was promised, whatever the publisher does later. */
export interface RtspSlot {
  readonly kind: Track['kind'];
  readonly format: RtpFormat;
  /** Its place in the description, from 0 on. */
  readonly index: number;
}

/** What of a stream RTSP can carry, in the order of the description. */
export function rtspSlotsOf(state: StreamState): RtspSlot[] {
  const types = new RtpPayloadTypes();
  const slots: RtspSlot[] = [];
  for (const { kind, config } of state.tracks) {
    const payloadType = types.take(config);
    const format = payloadType === undefined ? undefined : rtpFormatOf(config, payloadType);
    if (format !== undefined) slots.push({ kind, format, index: slots.length });
  }
  return slots;
}

/** Whether packets of `track` are what the description promised: the same payload format at the same clock. */
export function fitsSlot(track: Track, { kind, format }: RtspSlot): boolean {
  if (track.kind !== kind) return false;
  const own = rtpFormatOf(track.config, format.payloadType);
  return (
    own?.encodingName.toLowerCase() === format.encodingName.toLowerCase() &&
    own.clockRate === format.clockRate &&
    own.channels === format.channels
  );
}
