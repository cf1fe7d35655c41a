/** RTP and RTCP: packets, order, clocks, frames to payloads and back. */
export * from '../protocol/rtp/depacketizer/create-depacketizer.ts';
export * from '../protocol/rtp/depacketizer/depacketizer.ts';
export * from '../protocol/rtp/ntp-time.ts';
export * from '../protocol/rtp/packetizer/create-packetizer.ts';
export * from '../protocol/rtp/packetizer/packetizer.ts';
export * from '../protocol/rtp/packetizer/payload-limits.ts';
export * from '../protocol/rtp/reception-statistics.ts';
export * from '../protocol/rtp/reorder-buffer.ts';
export * from '../protocol/rtp/rtcp.ts';
export * from '../protocol/rtp/rtp-format.ts';
export * from '../protocol/rtp/rtp-packet.ts';
export * from '../protocol/rtp/sender-clock.ts';
export * from '../protocol/rtp/sender-reports.ts';
export * from '../protocol/rtp/source-clock.ts';
export * from '../protocol/rtp/timestamp-unwrapper.ts';
