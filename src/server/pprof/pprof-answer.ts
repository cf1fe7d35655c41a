import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';

/** What a page is answered with. */
export interface PprofAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array | Readable;
  /** Name of the file to save. */
  readonly fileName?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): PprofAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: Buffer.from(text), headers };
}

/** A profile in the format of pprof. */
export function pprofAnswer(body: Uint8Array, name: string): PprofAnswer {
  return { status: 200, contentType: 'application/octet-stream', body, fileName: `${name}.pb.gz` };
}

/** A profile as Chrome's developer tools open it. */
export function jsonAnswer(body: string | Readable, fileName: string): PprofAnswer {
  return {
    status: 200,
    contentType: 'application/json',
    body: typeof body === 'string' ? Buffer.from(body) : body,
    fileName,
  };
}
