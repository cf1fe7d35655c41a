import { createHash } from 'node:crypto';

/**
 * Adobe Media Server's authentication of publishers. It is in no specification; lal, FFmpeg and librtmp agree on it:
 * the server refuses `connect` with a description that says what it wants, and the client comes back on a new
 * connection with the answer in the query of its app.
 *
 *   1. `code=403 need auth; authmod=adobe`                       -> `?authmod=adobe&user=U`
 *   2. `?reason=needauth&user=U&salt=S&challenge=C&opaque=O`     -> the same with `&challenge=…&response=…&opaque=O`
 *   3. `?reason=authfailed` or anything else                     -> refused
 */
export interface AdobeCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * The query that the next attempt adds to `app` and `tcUrl`.
 * @param description of the `_error`
 * @param clientChallenge any text; the server mixes it into its check
 * @returns `undefined` when the refusal is final
 */
export function adobeAuthQuery(
  description: string,
  credentials: AdobeCredentials,
  clientChallenge: string,
): string | undefined {
  const user = encodeURIComponent(credentials.user);
  const reason = fieldOf(description, 'reason');
  if (reason === undefined) {
    const wantsAuth = description.includes('code=403 need auth') && description.includes('authmod=adobe');
    return wantsAuth ? `?authmod=adobe&user=${user}` : undefined;
  }
  const salt = fieldOf(description, 'salt');
  const challenge = fieldOf(description, 'challenge');
  const opaque = fieldOf(description, 'opaque');
  if (reason !== 'needauth' || salt === undefined) return undefined;
  const secret = md5Base64(credentials.user + salt + credentials.password);
  const response = md5Base64(secret + (opaque ?? challenge ?? '') + clientChallenge);
  const query = `?authmod=adobe&user=${user}&challenge=${clientChallenge}&response=${response}`;
  return opaque === undefined ? query : `${query}&opaque=${opaque}`;
}

/** Values are base64 with `=` in them, so they end at `&` or white space. */
function fieldOf(description: string, name: string): string | undefined {
  return new RegExp(`[?&]${name}=([^&\\s]*)`).exec(description)?.[1];
}

function md5Base64(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
