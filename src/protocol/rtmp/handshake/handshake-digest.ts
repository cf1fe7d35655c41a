import { createHmac } from 'node:crypto';

/**
 * The digest of the "complex" handshake. It is in no specification; Flash Player 9 introduced it, and every server
 * and client that checks it uses these well-known keys.
 */
export const HANDSHAKE_LENGTH = 1536;
const DIGEST_LENGTH = 32;

const textEncoder = new TextEncoder();
const PLAYER_NAME = textEncoder.encode('Genuine Adobe Flash Player 001');
const SERVER_NAME = textEncoder.encode('Genuine Adobe Flash Media Server 001');
const COMMON_KEY = Uint8Array.from(
  Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex'),
);

function withCommonKey(name: Uint8Array): Uint8Array {
  const key = new Uint8Array(name.length + COMMON_KEY.length);
  key.set(name);
  key.set(COMMON_KEY, name.length);
  return key;
}

export type HandshakeRole = 'client' | 'server';

/** Whoever sends the block: its short key signs C1 or S1, its long key makes the key for C2 or S2. */
const KEYS: Record<HandshakeRole, { readonly short: Uint8Array; readonly long: Uint8Array }> = {
  client: { short: PLAYER_NAME, long: withCommonKey(PLAYER_NAME) },
  server: { short: SERVER_NAME, long: withCommonKey(SERVER_NAME) },
};

/** Where the four bytes lie whose sum places the digest; digest-second blocks (772) are the more common ones. */
const OFFSET_FIELDS = [772, 8] as const;
/** Where this side puts its own. */
const OWN_OFFSET_FIELD = 8;
/** Digests start within this many bytes behind the four. */
const DIGEST_RANGE = 728;

/** Position of the digest in a C1 or S1 whose offset field is at `field`. */
function digestPosition(block: Uint8Array, field: number): number {
  const sum = block[field]! + block[field + 1]! + block[field + 2]! + block[field + 3]!;
  return (sum % DIGEST_RANGE) + field + 4;
}

/** The digest of a C1 or S1: over everything but the 32 bytes at `position`, where it belongs. */
function blockDigest(block: Uint8Array, position: number, role: HandshakeRole): Uint8Array {
  const digest = createHmac('sha256', KEYS[role].short)
    .update(block.subarray(0, position))
    .update(block.subarray(position + DIGEST_LENGTH))
    .digest();
  return new Uint8Array(digest);
}

/** The digest that `role` put into its C1 or S1, a view; `undefined` when there is no valid one. */
export function findDigest(block: Uint8Array, role: HandshakeRole): Uint8Array | undefined {
  for (const field of OFFSET_FIELDS) {
    const position = digestPosition(block, field);
    const found = block.subarray(position, position + DIGEST_LENGTH);
    if (equalBytes(found, blockDigest(block, position, role))) return found;
  }
  return undefined;
}

/** Puts the digest of `role` into its own C1 or S1. @param field 8 or 772 */
export function signBlock(block: Uint8Array, role: HandshakeRole, field: number = OWN_OFFSET_FIELD): void {
  const position = digestPosition(block, field);
  block.set(blockDigest(block, position, role), position);
}

/** A C2 or S2 by `role` that answers the peer's digest: filler, its last 32 bytes signed. Fresh bytes. */
export function answerDigest(peerDigest: Uint8Array, role: HandshakeRole): Uint8Array {
  const block = handshakeFiller();
  block.set(answerSignature(block, peerDigest, role), HANDSHAKE_LENGTH - DIGEST_LENGTH);
  return block;
}

/** What the last 32 bytes of a C2 or S2 by `role` must be. */
export function answerSignature(block: Uint8Array, peerDigest: Uint8Array, role: HandshakeRole): Uint8Array {
  const key = createHmac('sha256', KEYS[role].long).update(peerDigest).digest();
  const signed = block.subarray(0, HANDSHAKE_LENGTH - DIGEST_LENGTH);
  return new Uint8Array(createHmac('sha256', key).update(signed).digest());
}

const FILLER = textEncoder.encode('lal-ts live media server. ');

/** Fresh bytes of a handshake block's length. The specification asks for any data; it need not be secret. */
export function handshakeFiller(): Uint8Array {
  const block = new Uint8Array(HANDSHAKE_LENGTH);
  for (let at = 0; at < HANDSHAKE_LENGTH; at += 1) block[at] = FILLER[at % FILLER.length]!;
  return block;
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
