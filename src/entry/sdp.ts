/** Session descriptions: reading, writing, and what they say about codecs. */
export * from '../protocol/sdp/codec-config-of.ts';
export * from '../protocol/sdp/describe-tracks.ts';
export { isKnownCodec } from '../protocol/sdp/known-codec.ts';
export * from '../protocol/sdp/rtp-format-of.ts';
export * from '../protocol/sdp/sections.ts';
export * from '../protocol/sdp/serialize-session-description.ts';
export * from '../protocol/sdp/session-description.ts';
