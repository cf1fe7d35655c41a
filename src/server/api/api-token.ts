import type { IncomingHttpHeaders } from 'node:http';
import { equalSecrets } from '../../bytes/equal-secrets.ts';

/**
 * Whether a request has the token.
 * @param token of the config; empty: none is asked for
 */
export function hasToken(headers: IncomingHttpHeaders, query: URLSearchParams, token: string): boolean {
  if (token === '') return true;
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  const sent = bearer ?? query.get('token');
  return sent !== null && equalSecrets(sent, token);
}
