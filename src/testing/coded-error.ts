import { ProtocolError } from '../bytes/protocol-error.ts';

/** The code of the ProtocolError that `action` throws, `undefined` when it throws nothing. Other errors pass through. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return undefined;
}
