import type { ServerConfig } from '../config/server-config.ts';
import { logSecurityWarning } from '../logging/security-log.ts';
import type { ServerContext } from '../server-context.ts';

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
  return `whoever reaches ${addr} can control this server; ${remedy}`;
}

/**
 * Says in the log that the HTTP API is exposed: now, and when a reload takes the token away.
 * @param address that the port is bound to, in numbers
 * @returns stops that
 */
export function warnOfExposure(
  { config, configStore, logger }: Pick<ServerContext, 'config' | 'configStore' | 'logger'>,
  address: string,
): () => void {
  const warn = (): void => {
    const warning = exposureWarning(config.http_api, address);
    if (warning !== undefined) logSecurityWarning(logger, warning);
  };
  warn();
  return configStore.onChange((changedKeys) => {
    if (changedKeys.has('http_api.token')) warn();
  });
}
