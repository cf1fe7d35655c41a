/** FLV: tags in both spellings, file demuxer and muxer, and the way between tags and frames. */
export * from '../container/flv/body-header.ts';
export * from '../container/flv/flv-demuxer.ts';
export * from '../container/flv/flv-muxer.ts';
export * from '../container/flv/flv-types.ts';
export { type FlvMediaEvent } from '../container/flv/media-events.ts';
export * from '../container/flv/tag-header.ts';
export * from '../container/flv/tag-to-frames.ts';
export { flvOutput } from '../output/flv-output.ts';
export { FlvIngest } from '../ingest/flv-ingest.ts';
