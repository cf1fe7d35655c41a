/** The `Session` header (RFC 2326, 12.37): `id`, then perhaps `;timeout=` in seconds. */
export interface RtspSessionHeader {
  /** Opaque; compared byte by byte. */
  readonly id: string;
  /** How long the server keeps a session it hears nothing of; RFC 2326 says 60 where none is given. */
  readonly timeoutSec?: number | undefined;
}

/** `undefined` for a value without an id. Never throws. */
export function parseSessionHeader(value: string): RtspSessionHeader | undefined {
  const [id = '', ...parameters] = value.split(';').map((part) => part.trim());
  if (id === '') return undefined;
  const digits = parameters
    .map((parameter) => /^timeout\s*=\s*"?(\d{1,9})/i.exec(parameter)?.[1])
    .find((match) => match !== undefined);
  return { id, timeoutSec: digits === undefined ? undefined : Number(digits) };
}

export function serializeSessionHeader({ id, timeoutSec }: RtspSessionHeader): string {
  return timeoutSec === undefined ? id : `${id};timeout=${timeoutSec}`;
}
