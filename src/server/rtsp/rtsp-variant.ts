import type { FanoutOptions } from '../../hub/fanout.ts';
import type { LiveStream, OutputVariant } from '../../hub/live-stream.ts';
import { rtspOutput } from '../../output/rtsp/rtsp-output.ts';
import type { RtspPackager, RtspPackagerOptions } from '../../output/rtsp/rtsp-packager.ts';

/** The packagers of a stream that live, by variant: a viewer's last packets come from them. */
const packagers = new WeakMap<LiveStream, Map<string, RtspPackager>>();

/** The RTP packets of a stream for a set of tracks and channels, whoever takes them: players, and servers it is pushed to. */
export function rtspVariant(
  stream: LiveStream,
  packagerOptions: RtspPackagerOptions,
  options: FanoutOptions,
): OutputVariant {
  const variant = rtspOutput(packagerOptions, options, (packager) => {
    const known = packagers.get(stream) ?? new Map<string, RtspPackager>();
    packagers.set(stream, known.set(variant.id, packager));
  });
  return variant;
}

/** The last packets of who takes `variant`; empty when nobody ever did. */
export function rtspGoodbye(stream: LiveStream, variant: OutputVariant): Uint8Array {
  return packagers.get(stream)?.get(variant.id)?.goodbye() ?? new Uint8Array(0);
}
