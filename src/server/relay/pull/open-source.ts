import type { ServerContext } from '../../server-context.ts';
import { FlvSource } from './flv-source.ts';
import { hlsSource } from './hls-source.ts';
import type { PullRequest, PullSource, PullTarget } from './pull-source.ts';
import type { PullProtocol } from './pull-url.ts';
import { rtmpSource } from './rtmp-source.ts';
import { RtspSource } from './rtsp-source.ts';

/** Calls an origin. `target` is never told anything before this returns. */
export type OpenSource = (request: PullRequest, target: PullTarget) => PullSource;

const SOURCES: Readonly<
  Record<PullProtocol, (request: PullRequest, target: PullTarget, context: ServerContext) => PullSource>
> = {
  RTMP: rtmpSource,
  RTSP: (...source) => new RtspSource(...source),
  FLV: (...source) => new FlvSource(...source),
  HLS: hlsSource,
};

/** The sources of all protocols, over the machine's network. */
export function networkSources(context: ServerContext): OpenSource {
  return (request, target) => SOURCES[request.url.protocol](request, target, context);
}
