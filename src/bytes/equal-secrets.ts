import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares without letting the time tell where, or in which length, the texts differ. */
export function equalSecrets(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string | Uint8Array): Uint8Array {
  return createHash('sha256').update(text).digest();
}
