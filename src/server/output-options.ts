import type { FlvForm } from '../container/flv/flv-types.ts';
import type { FanoutOptions } from '../hub/fanout.ts';
import type { GopCacheLimits } from '../hub/gop-cache.ts';
import type { GopCacheConfig, ServerConfig } from './config/server-config.ts';

/** lal's cache keys in the hub's terms. */
function gopCacheLimits(section: GopCacheConfig, config: ServerConfig): GopCacheLimits {
  return {
    maxGops: section.gop_num,
    maxFramesPerGop: section.single_gop_max_frame_num,
    maxBytes: config.limits.gop_cache_bytes,
  };
}

/** What the hub must keep as frames, so that an output made later can fill its own cache. */
export function streamGopCacheLimits(config: ServerConfig): GopCacheLimits {
  const sections = [config.rtmp, config.httpflv, config.httpts, config.rtsp];
  // 0 frames means "no limit", so it is the largest.
  const isUnlimited = sections.some((section) => section.single_gop_max_frame_num === 0);
  return {
    maxGops: Math.max(...sections.map((section) => section.gop_num)),
    maxFramesPerGop: isUnlimited
      ? 0
      : Math.max(...sections.map((section) => section.single_gop_max_frame_num)),
    maxBytes: config.limits.gop_cache_bytes,
  };
}

export function rtmpFanoutOptions(config: ServerConfig): FanoutOptions {
  return { gopCache: gopCacheLimits(config.rtmp, config), flushBytes: config.rtmp.merge_write_size };
}

export function flvFanoutOptions(config: ServerConfig): FanoutOptions {
  return { gopCache: gopCacheLimits(config.httpflv, config), flushBytes: 0 };
}

export function tsFanoutOptions(config: ServerConfig): FanoutOptions {
  return { gopCache: gopCacheLimits(config.httpts, config), flushBytes: 0 };
}

export function rtspFanoutOptions(config: ServerConfig): FanoutOptions {
  return { gopCache: gopCacheLimits(config.rtsp, config), flushBytes: 0 };
}

/**
 * The spelling of codecs for one viewer: what it asked for in its URL (`?hevc=enhanced`), else what it said it can
 * do, else the config's.
 * @param fourCcList of an RTMP `connect`; empty when there was none
 */
export function flvFormFor(urlParam: string, fourCcList: readonly string[], config: ServerConfig): FlvForm {
  const asked = new URLSearchParams(urlParam).get('hevc');
  if (asked === 'enhanced' || asked === 'legacy') return asked;
  if (fourCcList.includes('hvc1') || fourCcList.includes('*')) return 'enhanced';
  return config.rtmp.hevc_form;
}
