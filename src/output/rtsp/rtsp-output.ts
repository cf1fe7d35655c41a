import type { FanoutOptions } from '../../hub/fanout.ts';
import type { OutputVariant } from '../../hub/live-stream.ts';
import { RtspPackager, type RtspPackagerOptions } from './rtsp-packager.ts';

/** RTP for players: the same packets for all that set up the same tracks on the same channels. Packagers are `RtspPackager`s. */
export function rtspOutput(packagerOptions: RtspPackagerOptions, options: FanoutOptions): OutputVariant {
  const tracks = packagerOptions.slots.map(
    ({ promise, format, rtpChannel, rtcpChannel }) =>
      `${format.payloadType}@${rtpChannel}-${rtcpChannel}:${promise}`,
  );
  return {
    id: `rtsp/${packagerOptions.startsAnywhere ? 'anywhere/' : ''}${tracks.join(',')}`,
    ...options,
    createPackager: () => new RtspPackager(packagerOptions),
  };
}
