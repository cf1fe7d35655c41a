import type { FanoutOptions } from '../../hub/fanout.ts';
import type { OutputVariant } from '../../hub/live-stream.ts';
import { RtspPackager, type RtspPackagerOptions } from './rtsp-packager.ts';

/**
 * RTP for players: the same packets for all that set up the same tracks on the same channels.
 * @param made told about each packager, of which there is one at a time: what a viewer's last packets come from
 */
export function rtspOutput(
  packagerOptions: RtspPackagerOptions,
  options: FanoutOptions,
  made: (packager: RtspPackager) => void,
): OutputVariant {
  const tracks = packagerOptions.slots.map(
    ({ promise, format, rtpChannel, rtcpChannel }) =>
      `${format.payloadType}@${rtpChannel}-${rtcpChannel}:${promise}`,
  );
  return {
    id: `rtsp/${packagerOptions.startsAnywhere ? 'anywhere/' : ''}${tracks.join(',')}`,
    ...options,
    createPackager: () => {
      const packager = new RtspPackager(packagerOptions);
      made(packager);
      return packager;
    },
  };
}
