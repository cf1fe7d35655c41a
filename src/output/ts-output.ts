import type { FanoutOptions } from '../hub/fanout.ts';
import type { OutputVariant } from '../hub/live-stream.ts';
import { TsPackager } from './ts-packager.ts';

/** MPEG-TS packets for HTTP and WebSocket viewers, HLS and recordings: the same bytes for all. */
export function tsOutput(options: FanoutOptions): OutputVariant {
  return { id: 'ts', ...options, createPackager: () => new TsPackager() };
}
