import type { PushManner } from './push-connection.ts';
import { PUSH_TIMEOUT_MS } from './push-targets.ts';

/** A push on request. What is left out is as for targets of the config. */
export interface PushRequest {
  readonly streamKey: string;
  /** As `relay_push.url_list`: with places for names or without. */
  readonly url: string;
  readonly hevcForm?: PushManner['hevcForm'] | undefined;
  readonly rtspTransport?: PushManner['rtspTransport'] | undefined;
  readonly verifyCertificate?: boolean | undefined;
  /** 0: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Tries that may fail one after the other, with each publisher; negative, and left out: no limit. */
  readonly maxRetries?: number | undefined;
}

/** What a request asks for, and the config's for the rest. */
export function mannerOf({ hevcForm, rtspTransport, verifyCertificate, timeoutMs }: PushRequest): PushManner {
  return {
    hevcForm: hevcForm ?? 'source',
    rtspTransport: rtspTransport ?? 'tcp',
    verifyCertificate: verifyCertificate ?? true,
    timeoutMs: timeoutMs === 0 ? Infinity : (timeoutMs ?? PUSH_TIMEOUT_MS),
  };
}
