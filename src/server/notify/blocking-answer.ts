import type { CallbackResult } from './callback-client.ts';

/** What an answer says about a session. */
export type Decision =
  | { readonly is: 'allowed' }
  /** @property reason what the receiver has to say to the client, in one line */
  | { readonly is: 'refused'; readonly reason: string | undefined }
  /** Nothing that could be understood. */
  | {
      readonly is: 'undecided';
      readonly code:
        | 'ERR_NOTIFY_TIMEOUT'
        | 'ERR_NOTIFY_CONNECTION'
        | 'ERR_NOTIFY_STATUS'
        | 'ERR_NOTIFY_ANSWER'
        | 'ERR_NOTIFY_QUEUE_FULL';
      readonly message: string;
    };

/** A client is shown no more of it. */
const MAX_REASON_LENGTH = 200;
/** Statuses of the 4xx that say "not now" rather than "no": Request Timeout, Too Many Requests. */
const NOT_NOW: readonly number[] = [408, 429];

/**
 * A 2xx allows with an empty body, the number 0, or an object that has `allow: true` or (without `allow`) `code: 0`; it
 * refuses with another number, `allow: false` or another `code`. Any other 4xx than "not now" refuses. An object may give a `reason`.
 */
export function decisionOf(result: CallbackResult): Decision {
  if ('code' in result) return { is: 'undecided', ...result };
  const { status, text } = result;
  const value = text === undefined ? undefined : parsed(text);
  if (status >= 400 && status < 500 && !NOT_NOW.includes(status))
    return { is: 'refused', reason: reasonIn(value) };
  if (status < 200 || status >= 300) {
    return { is: 'undecided', code: 'ERR_NOTIFY_STATUS', message: `status ${status}` };
  }
  if (text?.trim() === '') return { is: 'allowed' };
  const isAllowed = verdictIn(value);
  if (isAllowed === undefined) {
    const message = 'the answer is neither empty nor has "allow" or "code"';
    return { is: 'undecided', code: 'ERR_NOTIFY_ANSWER', message };
  }
  return isAllowed ? { is: 'allowed' } : { is: 'refused', reason: reasonIn(value) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function verdictIn(value: unknown): boolean | undefined {
  if (typeof value === 'number') return value === 0;
  if (typeof value !== 'object' || value === null) return undefined;
  const { allow, code } = value as { allow?: unknown; code?: unknown };
  if (allow !== undefined) return typeof allow === 'boolean' ? allow : undefined;
  return typeof code === 'number' ? code === 0 : undefined;
}

function reasonIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { reason } = value as { reason?: unknown };
  if (typeof reason !== 'string') return undefined;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const line = reason.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ').trim();
  return line === '' ? undefined : line.slice(0, MAX_REASON_LENGTH);
}
