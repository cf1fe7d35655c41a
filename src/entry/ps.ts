/** MPEG program streams, and RTP packets with them in them, as devices by GB/T 28181 send. */
export { type PsDemuxerCounters, type PsEvent } from '../container/ps/demuxer-events.ts';
export * from '../container/ps/program-stream-demuxer.ts';
export { type PsMapEntry } from '../container/ps/program-stream-map.ts';
export * from '../container/ps/stream-type.ts';
export * from '../ingest/gb28181/gb28181-ingest.ts';
export * from '../ingest/gb28181/ps-ingest.ts';
export { RtpStreamFramer } from '../protocol/rtp/rtp-stream-framer.ts';
