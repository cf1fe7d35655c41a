/** MPEG transport streams: frames to packets and back. */
export { type MpegTsDemuxerCounters, type MpegTsEvent } from '../container/mpegts/demuxer-events.ts';
export * from '../container/mpegts/mpeg-ts-demuxer.ts';
export * from '../container/mpegts/mpeg-ts-muxer.ts';
export { mpegTsCanCarry } from '../container/mpegts/muxed-stream.ts';
export { type TsPacketOutput } from '../container/mpegts/pes-packetizer.ts';
export { tsOutput } from '../output/ts-output.ts';
