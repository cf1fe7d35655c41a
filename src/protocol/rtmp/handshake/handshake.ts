import type { ChunkQueue } from '../../../bytes/chunk-queue.ts';
import {
  HANDSHAKE_LENGTH,
  answerDigest,
  findDigest,
  handshakeFiller,
  signBlock,
} from './handshake-digest.ts';

/**
 * Both sides of the RTMP handshake ("Adobe's Real Time Messaging Protocol" 1.0, clause 5.2), simple and complex.
 *
 *   C0 version u8 | C1 time u32, zero u32 or version, 1528 bytes | C2 1536 bytes
 *   S0 version u8 | S1 the same                                  | S2 1536 bytes
 *
 * A peer's version byte and its last block are read and not checked, as lal does: encoders get both wrong.
 */
const RTMP_VERSION = 3;

/** Offset of the field that is zero in a simple C1 or S1, and a software version in a complex one. */
const VERSION_FIELD = 4;
const SERVER_SOFTWARE = Uint8Array.of(0x0d, 0x0e, 0x0a, 0x0d);
/** Flash Player 9.0.124.2, as ffmpeg and librtmp introduce themselves. */
const CLIENT_SOFTWARE = Uint8Array.of(9, 0, 124, 2);

export interface Handshake {
  /** Both sides have said everything; what is left in the input belongs to the chunk stream. */
  readonly isDone: boolean;
  /** Takes what it can use from `input`. @returns bytes to send, `undefined` for nothing */
  advance(input: ChunkQueue): Uint8Array | undefined;
}

/** The accepting side: waits for C0 and C1, answers S0, S1 and S2 in one piece, waits for C2. */
export class ServerHandshake implements Handshake {
  #state: 'awaits C0 C1' | 'awaits C2' | 'done' = 'awaits C0 C1';

  get isDone(): boolean {
    return this.#state === 'done';
  }

  advance(input: ChunkQueue): Uint8Array | undefined {
    let output: Uint8Array | undefined;
    if (this.#state === 'awaits C0 C1') {
      const block = input.take(1 + HANDSHAKE_LENGTH);
      if (block === undefined) return undefined;
      this.#state = 'awaits C2';
      output = serverAnswer(block.subarray(1));
    }
    if (this.#state === 'awaits C2' && input.length >= HANDSHAKE_LENGTH) {
      input.skip(HANDSHAKE_LENGTH);
      this.#state = 'done';
    }
    return output;
  }
}

/** S0, S1 and S2 for a C1. */
function serverAnswer(c1: Uint8Array): Uint8Array {
  const digest = isSimple(c1) ? undefined : findDigest(c1, 'client');
  const s1 = handshakeFiller();
  // Time 0. ffmpeg and OBS warn about a simple handshake whose S1 is not plain and whose S2 is not C1 to the byte.
  s1.fill(0, 0, 8);
  if (digest === undefined) return joinBlocks(Uint8Array.of(RTMP_VERSION), s1, c1);
  s1.set(SERVER_SOFTWARE, VERSION_FIELD);
  signBlock(s1, 'server');
  return joinBlocks(Uint8Array.of(RTMP_VERSION), s1, answerDigest(digest, 'server'));
}

/**
 * The connecting side. C2 goes out as soon as S0 and S1 are here, because some servers wait for it before they send S2.
 */
export class ClientHandshake implements Handshake {
  readonly #isComplex: boolean;
  #state: 'start' | 'awaits S0 S1' | 'awaits S2' | 'done' = 'start';

  constructor(form: 'simple' | 'complex') {
    this.#isComplex = form === 'complex';
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  advance(input: ChunkQueue): Uint8Array | undefined {
    let output: Uint8Array | undefined;
    if (this.#state === 'start') {
      this.#state = 'awaits S0 S1';
      return this.#greeting();
    }
    if (this.#state === 'awaits S0 S1') {
      const block = input.take(1 + HANDSHAKE_LENGTH);
      if (block === undefined) return undefined;
      this.#state = 'awaits S2';
      output = this.#answer(block.subarray(1));
    }
    if (this.#state === 'awaits S2' && input.length >= HANDSHAKE_LENGTH) {
      input.skip(HANDSHAKE_LENGTH);
      this.#state = 'done';
    }
    return output;
  }

  /** C0 and C1. */
  #greeting(): Uint8Array {
    const c1 = handshakeFiller();
    c1.fill(0, 0, 8);
    if (this.#isComplex) {
      c1.set(CLIENT_SOFTWARE, VERSION_FIELD);
      signBlock(c1, 'client');
    }
    return joinBlocks(Uint8Array.of(RTMP_VERSION), c1);
  }

  /** C2. */
  #answer(s1: Uint8Array): Uint8Array {
    const digest = this.#isComplex && !isSimple(s1) ? findDigest(s1, 'server') : undefined;
    return digest === undefined ? Uint8Array.from(s1) : answerDigest(digest, 'client');
  }
}

function isSimple(block: Uint8Array): boolean {
  return block.subarray(VERSION_FIELD, VERSION_FIELD + 4).every((byte) => byte === 0);
}

function joinBlocks(...blocks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(blocks.reduce((length, block) => length + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    joined.set(block, at);
    at += block.length;
  }
  return joined;
}
