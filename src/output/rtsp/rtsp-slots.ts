import type { StreamState } from '../../hub/packager.ts';
import type { Track } from '../../media/track.ts';
import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import { rtpFormatOf } from '../../protocol/sdp/rtp-format-of.ts';
import { RtpPayloadTypes } from './rtp-payload-types.ts';

/** One media description of a player's session: what it was promised, whatever the publisher does later. */
export interface RtspSlot {
  readonly kind: Track['kind'];
  readonly format: RtpFormat;
  /** Its place in the description, from 0 on. */
  readonly index: number;
  /** What the description fixes for the session: equal for tracks that may take each other's place. */
  readonly promise: string;
}

/** A slot, and the channel pair on which the viewers of one variant receive it. */
export interface RtspChannelSlot extends RtspSlot {
  readonly rtpChannel: number;
  readonly rtcpChannel: number;
}

/** What of a stream RTSP can carry, in the order of the description. */
export function rtspSlotsOf(state: StreamState): RtspSlot[] {
  const types = new RtpPayloadTypes();
  const slots: RtspSlot[] = [];
  for (const track of state.tracks) {
    const payloadType = types.take(track.config);
    const format = payloadType === undefined ? undefined : rtpFormatOf(track.config, payloadType);
    if (format === undefined) continue;
    slots.push({ kind: track.kind, format, index: slots.length, promise: promiseOf(track, format) });
  }
  return slots;
}

/** Whether packets of `track` are what the description promised. */
export function fitsSlot(track: Track, { kind, format, promise }: RtspSlot): boolean {
  if (track.kind !== kind) return false;
  const own = rtpFormatOf(track.config, format.payloadType);
  return own !== undefined && promiseOf(track, own) === promise;
}

/** Payload format and clock, and those parameters that packets cannot change. */
function promiseOf({ kind, config }: Track, format: RtpFormat): string {
  const { encodingName, clockRate, channels, formatParameters } = format;
  const name = `${kind}:${encodingName.toLowerCase()}/${clockRate}`;
  switch (config.codec) {
    case 'mp3':
      return name; // each frame says its channels
    case 'aac':
      return `${name}/${channels}/${config.objectType}`;
    case 'rtp':
      return `${name}/${channels} ${formatParameters}`;
    default:
      return `${name}/${channels}`;
  }
}
