/** Action Message Format: AMF 0 in both directions, AMF 3 reading. */
export * from '../protocol/amf/amf-value.ts';
export * from '../protocol/amf/amf0.ts';
export { Amf3Decoder } from '../protocol/amf/amf3.ts';
