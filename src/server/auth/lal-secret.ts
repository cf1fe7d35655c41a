import { createHash } from 'node:crypto';
import { equalSecrets } from '../../bytes/equal-secrets.ts';
import type { ServerConfig } from '../config/server-config.ts';

/** Name of the parameter, in lal and here. */
export const LAL_SECRET = 'lal_secret';

/**
 * lal's token of a stream, for publishing and playing alike, valid until the key changes.
 * @param streamName without app, suffix and query
 * @returns 32 hexadecimal digits in lower case
 */
export function lalSecretOf(key: string, streamName: string): string {
  return createHash('md5')
    .update(key + streamName)
    .digest('hex');
}

/**
 * Whether `received` opens the stream. lal lowers its letters first, so that a master secret with capitals never fits;
 * here it is compared as it came, too. An empty key or master secret opens nothing.
 */
export function isLalSecret(
  { key, dangerous_lal_secret: master }: ServerConfig['simple_auth'],
  streamName: string,
  received: string,
): boolean {
  const lowered = received.toLowerCase();
  const isMaster = master !== '' && (equalSecrets(received, master) || equalSecrets(lowered, master));
  return isMaster || (key !== '' && equalSecrets(lowered, lalSecretOf(key, streamName)));
}
