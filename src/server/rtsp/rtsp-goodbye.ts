import type { LiveStream, OutputVariant } from '../../hub/live-stream.ts';
import { RtspPackager } from '../../output/rtsp/rtsp-packager.ts';

/** The last packets of who takes `variant`, an `rtspOutput`, while he is attached; empty when nobody is. */
export function rtspGoodbye(stream: LiveStream, variant: OutputVariant): Uint8Array {
  const packager = stream.fanouts.get(variant.id)?.packager;
  return packager instanceof RtspPackager ? packager.goodbye() : new Uint8Array(0);
}
