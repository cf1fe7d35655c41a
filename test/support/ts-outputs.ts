import { recordConfig } from './recorded-files.ts';
import type { ConfigOverrides } from './server.ts';

/** Everything on that leaves the server as MPEG-TS or is written to disk. Nothing falls out of the lists of a test. */
export function tsOutputs(httpTs: Record<string, unknown> = {}): ConfigOverrides {
  const hls = { enable: true, url_pattern: '/hls/', out_path: './hls/', cleanup_mode: 0 };
  return {
    httpts: { enable: true, enable_https: true, url_pattern: '/', gop_num: 0, ...httpTs },
    hls: { ...hls, fragment_duration_ms: 2000, fragment_num: 100 },
    ...recordConfig(),
  };
}
