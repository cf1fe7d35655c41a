import { ProtocolError } from '../../bytes/protocol-error.ts';

/**
 * What a client sends through the POST of an HTTP tunnel: Base64 (RFC 4648, 4), in pieces cut anywhere. Clients encode
 * message by message, so padding occurs in mid-stream, and some break lines.
 */

const INVALID = 0xff;
const WHITE_SPACE = 0xfe;
const PADDING = 0xfd;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** By character code: a value of 6 bits, or one of the above. */
const VALUES = new Uint8Array(256).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;
for (const character of [' ', '\t', '\r', '\n']) VALUES[character.charCodeAt(0)] = WHITE_SPACE;
VALUES['='.charCodeAt(0)] = PADDING;

/** Decodes one stream. */
export class Base64Decoder {
  /** Bits of the characters since the last whole group of four. */
  #bits = 0;
  #characters = 0;

  /**
   * @returns the bytes that `text` completes, fresh; perhaps none
   * @throws ProtocolError `ERR_RTSP_TUNNEL_BASE64` for a character that does not belong there
   */
  decode(text: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4) + 3);
    let length = 0;
    for (const code of text) {
      const value = VALUES[code]!;
      if (value === WHITE_SPACE) continue;
      if (value === PADDING) {
        length = this.#endGroup(bytes, length);
        continue;
      }
      if (value === INVALID) throw misplaced(code);
      this.#bits = (this.#bits << 6) | value;
      this.#characters += 1;
      if (this.#characters < 4) continue;
      bytes[length] = this.#bits >>> 16;
      bytes[length + 1] = this.#bits >>> 8;
      bytes[length + 2] = this.#bits;
      length += 3;
      this.#reset();
    }
    return bytes.subarray(0, length);
  }

  /** The first `=` of a group says how many of its bytes count; the second only fills up. */
  #endGroup(bytes: Uint8Array, length: number): number {
    const count = this.#characters;
    if (count === 0) return length;
    if (count === 1) throw misplaced('='.charCodeAt(0));
    const group = this.#bits << (6 * (4 - count));
    bytes[length] = group >>> 16;
    if (count === 3) bytes[length + 1] = group >>> 8;
    this.#reset();
    return length + count - 1;
  }

  #reset(): void {
    this.#bits = 0;
    this.#characters = 0;
  }
}

function misplaced(code: number): ProtocolError {
  return new ProtocolError('ERR_RTSP_TUNNEL_BASE64', `character ${code} does not belong there in Base64`, {
    character: code,
  });
}
