import { endReason } from '../../media/end-reason.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { HttpFailure, httpFailureOf } from './http-failure.ts';

/** An answer with the content that was asked for. */
export interface OpenedHttp extends HttpAnswer {
  /** Where it was found, redirects followed. Not for logs: it may hold a password. */
  readonly url: string;
}

/** Load balancers redirect once or twice; whoever wants more goes in circles. */
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for `url`, wherever it is.
 * @param signal ends the request, also while its body is being read; its reason must be an `EndReason`
 * @throws {HttpFailure} when it cannot be had
 */
export async function openHttp(
  client: HttpClient,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OpenedHttp> {
  let place = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const answer = await client.get(place, headers, signal).catch((error: unknown) => {
      throw httpFailureOf(error, signal);
    });
    const { status } = answer;
    if (status === 200 || status === 206) return { ...answer, url: place };
    answer.body.destroy();
    if (!REDIRECTS.has(status)) throw new HttpFailure(endReason('refused-by-peer', String(status)));
    place = redirectedUrl(place, answer.headers.location);
  }
  throw new HttpFailure(endReason('refused-by-peer', 'redirect', 'the server redirects too often'));
}

/** User and password go along to the same server only, and not from TLS to plain text. */
function redirectedUrl(from: string, location: string | undefined): string {
  const base = new URL(from);
  const target = location === undefined ? null : URL.parse(location, from);
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new HttpFailure(endReason('refused-by-peer', 'redirect', 'the server redirects to no URL of HTTP'));
  }
  const isDowngrade = base.protocol === 'https:' && target.protocol === 'http:';
  const isSameServer = target.hostname === base.hostname && !isDowngrade;
  if (isSameServer && target.username === '') {
    target.username = base.username;
    target.password = base.password;
  }
  return target.href;
}
