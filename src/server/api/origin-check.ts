import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Where a request comes from, as far as its headers tell. */
export type RequestSource =
  /** No page of a browser, or one from this API itself. */
  | 'own'
  /** A page of an origin that the config lists. */
  | 'listed'
  /** A page of another origin. */
  | 'foreign';

/**
 * Tells whose page a browser's request comes from. Without this any page that an operator looks at could control a
 * server that only his machine can reach.
 *
 * Browsers send `Origin` with every POST and every cross-origin `fetch`; a cross-origin `<img>` has at most `Referer` and
 * `Sec-Fetch-Site`. A page counts as the API's own if its host is the one that the request went to, unless that is a
 * name that anybody could point at this machine (DNS rebinding): other names than `localhost` have to be listed.
 */
export function sourceOf(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): RequestSource {
  const origin = headers.origin ?? originOfUrl(headers.referer);
  if (origin === undefined) return isCrossSite(headers) ? 'foreign' : 'own';
  if (allowedOrigins.includes(origin)) return 'listed';
  const host = URL.parse(origin)?.host ?? '';
  return host !== '' && host === headers.host && cannotBeRebound(host) ? 'own' : 'foreign';
}

function isCrossSite(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site';
}

function originOfUrl(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.origin;
}

/** Whether nobody but the owner of this network can make a name point at this machine. @param host as in a URL, with its port */
export function cannotBeRebound(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  // A name without a dot is one of the local network's own.
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost');
}
