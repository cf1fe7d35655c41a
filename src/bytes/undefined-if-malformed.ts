import { ProtocolError } from './protocol-error.ts';

/** What `read` returns; `undefined` when that throws a `ProtocolError`, because what cannot be read is as good as none. */
export function undefinedIfMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
