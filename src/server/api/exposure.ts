import type { ServerConfig } from '../config/server-config.ts';

/**
 * What the log says when the HTTP API is opened to other machines and asks nobody for a token: lal's config does that.
 * @param address that the port is bound to, in numbers
 */
export function exposureWarning(
  { addr, token }: ServerConfig['http_api'],
  address: string,
): string | undefined {
  const isLoopback = address === '::1' || address.startsWith('127.');
  if (isLoopback || token !== '') return undefined;
  const remedy = 'set http_api.token, or let http_api.addr begin with 127.0.0.1';
  return `SECURITY: whoever reaches ${addr} can control this server; ${remedy}`;
}
