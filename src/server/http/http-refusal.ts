import type { EndCode, EndReason } from '../../media/end-reason.ts';

const STATUS_OF: Partial<Record<EndCode, number>> = {
  'name-refused': 400,
  'stream-not-found': 404,
  'limit-reached': 503,
  'admission-timeout': 503,
  'server-shutdown': 503,
};

/** The HTTP status of a refusal. */
export function statusOfRefusal({ code }: EndReason): number {
  return STATUS_OF[code] ?? 403;
}
