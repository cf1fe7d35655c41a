import type { EndReason } from '../../media/end-reason.ts';
import { isSecretName, redactUrl } from '../logging/redact.ts';
import type { StreamAddress } from '../stream-address.ts';

/** Shown in place of a secret. */
const MASK = '***';
/** Shorter ones would be found in the middle of ordinary words. */
const MIN_SECRET_LENGTH = 4;

/** A URL, taken apart. */
export interface UrlParts {
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
  { origin, path, query, password }: UrlParts,
  { appName, streamName, urlParam }: StreamAddress,
): { shown: string; secrets: string[] } {
  const own = new Set([...appName.split('/'), ...streamName.split('/')]);
  const elements = path.split('/');
  const isShown = (element: string, index: number): boolean =>
    own.has(element) || (index === 0 && elements.length > 1) || element === '';
  const hidden = elements.filter((element, index) => !isShown(element, index));
  const isOwnQuery = query === urlParam;
  if (!isOwnQuery) hidden.push(query);
  const shownPath = elements.map((element, index) => (isShown(element, index) ? element : MASK)).join('/');
  const shownQuery = query === '' ? '' : `?${isOwnQuery ? query : MASK}`;
  return {
    shown: redactUrl(`${origin}/${shownPath}${shownQuery}`),
    secrets: secretsOf({ password, query }, hidden),
  };
}

/** What must not be shown of a URL, longest first: the password, the values of secret-like parameters, and `others`. */
export function secretsOf(
  { password, query }: Pick<UrlParts, 'password' | 'query'>,
  others: readonly string[] = [],
): string[] {
  const secrets = new Set([...others, password, encodeURIComponent(password.toWellFormed())]);
  for (const parameter of query.split(/[&?]/)) {
    const equalsAt = parameter.indexOf('=');
    if (equalsAt > 0 && isSecretName(parameter.slice(0, equalsAt)))
      secrets.add(parameter.slice(equalsAt + 1));
  }
  return [...secrets]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** Why a connection ended, without the secrets that the other side may repeat in its words. */
export function withoutSecrets(reason: EndReason, secrets: readonly string[]): EndReason {
  const masked = (text: string): string =>
    secrets.reduce((result, secret) => result.replaceAll(secret, MASK), text);
  const message = masked(reason.message);
  return reason.detail === undefined
    ? { ...reason, message }
    : { ...reason, message, detail: masked(reason.detail) };
}
