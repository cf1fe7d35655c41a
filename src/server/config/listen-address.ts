/** Where to listen. `host` is absent for "all interfaces"; port 0 lets the system choose. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** For messages: what `parseListenAddress` takes. */
export const LISTEN_ADDRESS_FORM = '":1935", "127.0.0.1:1935" or "[::1]:1935"';

/**
 * lal's listen address, `host:port`, `:port` or `[v6]:port`.
 * @returns `undefined` when it is none of these
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([\da-fA-F:.%\w]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return host === '' ? { port } : { host, port };
}
