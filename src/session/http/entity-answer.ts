import type { IncomingHttpHeaders } from 'node:http';
import { parseRange, type ByteRange } from './byte-range.ts';

/** What a request is about, in one representation. */
export interface Entity {
  readonly length: number;
  /** Strong, with its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /**
   * Whether parts can be asked for. Not of what changes from one request to the next: Chromium's player puts parts of
   * different versions together.
   */
  readonly hasRanges: boolean;
}

/** How to answer: status, the headers that go with it, and which part of the body, if any. */
export interface EntityAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: ByteRange | undefined;
}

/**
 * Conditions and ranges of a GET or HEAD request (RFC 9110, sections 13 and 14).
 * @param nowMs milliseconds since 1970
 */
export function entityAnswer(
  method: string | undefined,
  request: IncomingHttpHeaders,
  entity: Entity,
  nowMs: number,
): EntityAnswer {
  const validators = validatorsOf(entity, nowMs);
  if (isNotModified(request, entity, validators))
    return { status: 304, headers: validators, body: undefined };
  const { length, hasRanges } = entity;
  const whole: EntityAnswer = {
    status: 200,
    headers: { ...validators, 'Accept-Ranges': hasRanges ? 'bytes' : 'none', 'Content-Length': length },
    body: { start: 0, end: length },
  };
  if (method !== 'GET') return { ...whole, body: undefined };
  // Ignoring ranges is every server's right (RFC 9110, 14.2).
  const range =
    hasRanges && isRangeMeant(request, entity, validators) ? parseRange(request.range, length) : 'whole';
  if (range === 'whole') return whole;
  if (range === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${length}`, 'Content-Length': 0 };
    return { status: 416, headers, body: undefined };
  }
  const headers = {
    ...whole.headers,
    'Content-Range': `bytes ${range.start}-${range.end - 1}/${length}`,
    'Content-Length': range.end - range.start,
  };
  return { status: 206, headers, body: range };
}

type Validators = { readonly ETag: string; readonly 'Last-Modified'?: string };

/**
 * What has just changed may change again within the second, and a date with that resolution would not tell (RFC 9110,
 * 8.8.2.2): it gets none.
 */
function validatorsOf({ etag, modifiedMs }: Entity, nowMs: number): Validators {
  const isYoung = Math.floor(nowMs / 1000) <= Math.floor(modifiedMs / 1000);
  return isYoung ? { ETag: etag } : { ETag: etag, 'Last-Modified': new Date(modifiedMs).toUTCString() };
}

function isNotModified(
  request: IncomingHttpHeaders,
  { etag, modifiedMs }: Entity,
  validators: Validators,
): boolean {
  const tags = request['if-none-match'];
  if (tags !== undefined) return tags.trim() === '*' || tags.split(',').some((tag) => isSameTag(tag, etag));
  const since = Date.parse(request['if-modified-since'] ?? '');
  return validators['Last-Modified'] !== undefined && Math.floor(modifiedMs / 1000) * 1000 <= since;
}

/** Weak comparison: for whole bodies that is what counts. */
function isSameTag(tag: string, etag: string): boolean {
  return tag.trim().replace(/^W\//, '') === etag;
}

/** A range of another version than the one the client has parts of would not fit to them. */
function isRangeMeant(request: IncomingHttpHeaders, { etag }: Entity, validators: Validators): boolean {
  const condition = request['if-range'];
  if (typeof condition !== 'string') return true;
  return condition.trim() === etag || condition.trim() === validators['Last-Modified'];
}

/** Whether `gzip` is among the codings that the client takes. */
export function acceptsGzip(request: IncomingHttpHeaders): boolean {
  const codings = request['accept-encoding'];
  if (typeof codings !== 'string') return false;
  const accepted = codings.split(',').map((coding) => coding.trim().toLowerCase());
  return accepted.some((coding) => /^gzip$|^gzip\s*;\s*q\s*=\s*(1|0?\.\d*[1-9])/.test(coding));
}
