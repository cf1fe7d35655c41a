import { redactUrl } from '../logging/redact.ts';
import type { StreamAddress } from '../stream-address.ts';

/** Shown in place of a secret. */
const MASK = '***';
/** Shorter ones would be found in the middle of ordinary words. */
const MIN_SECRET_LENGTH = 4;

/** A push URL, taken apart. */
export interface PushUrlParts {
  /** `scheme://host[:port]` */
  readonly origin: string;
  /** Without the first slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly password: string;
}

/**
 * Services such as YouTube and Twitch know a publisher by a key in the path alone. So nothing is shown of a path but its
 * first element and the stream's own names, and of a query only what the stream's publisher gave, without its secrets.
 */
export function shownPushUrl(
  { origin, path, query, password }: PushUrlParts,
  { appName, streamName, urlParam }: StreamAddress,
): { shown: string; secrets: string[] } {
  const own = new Set([...appName.split('/'), ...streamName.split('/')]);
  const elements = path.split('/');
  const isShown = (element: string, index: number): boolean =>
    own.has(element) || (index === 0 && elements.length > 1) || element === '';
  const secrets = elements.filter((element, index) => !isShown(element, index));
  const isOwnQuery = query === urlParam;
  if (!isOwnQuery) secrets.push(query);
  if (password !== '') secrets.push(password, encodeURIComponent(password));
  const shownPath = elements.map((element, index) => (isShown(element, index) ? element : MASK)).join('/');
  const shownQuery = query === '' ? '' : `?${isOwnQuery ? query : MASK}`;
  return {
    shown: redactUrl(`${origin}/${shownPath}${shownQuery}`),
    secrets: secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH),
  };
}

/** `text` of the other side without the secrets it may repeat. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}
