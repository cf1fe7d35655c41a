/**
 * Server-to-client WebSocket framing: one final binary frame, unmasked (RFC 6455, 5.2). The payload is copied behind
 * its header once, for all viewers of a flush.
 */
export const webSocketFraming: { frame(payload: Uint8Array): Uint8Array } = {
  frame(payload) {
    const { length } = payload;
    const headerLength = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
    const frame = new Uint8Array(headerLength + length);
    frame[0] = 0x82;
    if (headerLength === 2) {
      frame[1] = length;
    } else if (headerLength === 4) {
      frame[1] = 126;
      frame[2] = length >>> 8;
      frame[3] = length;
    } else {
      frame[1] = 127;
      // The upper 32 bits of the 64-bit length stay 0: no flush is that large.
      new DataView(frame.buffer).setUint32(6, length);
    }
    frame.set(payload, headerLength);
    return frame;
  },
};
