import { SERVER_NAME } from '../http/http-headers.ts';
import type { RequestSource } from './origin-check.ts';

/** What an answer's headers depend on. */
export interface AnswerScope {
  readonly changesState: boolean;
  readonly source: RequestSource;
  /** The `Origin` header. */
  readonly origin: string | undefined;
}

/** Headers of every answer, whatever its body. */
export const commonHeaders: Readonly<Record<string, string>> = {
  Server: SERVER_NAME,
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Which pages may read an answer. Without a token they are lal's headers: any page may read, and because of the `*` no browser
 * sends credentials along. Calls that change something have them for listed origins alone. With a token it is the token
 * that decides, whoever sends it, and credentials of the browser's are out of the question.
 */
export function corsHeaders(token: string, scope: AnswerScope): Record<string, string> {
  if (token !== '') {
    return {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    };
  }
  if (!scope.changesState || scope.origin === undefined) {
    return {
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': 'Content-Type',
    };
  }
  if (scope.source !== 'listed') return {};
  return {
    'Access-Control-Allow-Origin': scope.origin,
    'Access-Control-Allow-Headers': 'Content-Type',
    Vary: 'Origin',
  };
}
