/** What all replies of a server have in common (RFC 2326, 7 and 12). */
import { rtspResponse, serializeRtspResponse, type RtspRequest } from './rtsp-message.ts';

/** Fields of a reply. */
export type ReplyHeaders = readonly (readonly [name: string, value: string])[];

export interface ServerRepliesOptions {
  /** Value of `Server`; none unless given. */
  readonly serverName?: string | undefined;
  /** Milliseconds since 1970, for `Date`; none unless given. */
  readonly wallMs?: (() => number) | undefined;
}

/** Numbers, and what else devices count with, as long as it cannot do harm where it is echoed. */
const SEQUENCE = /^[\w.-]{1,64}$/;

/** Makes replies and keeps them until they are taken. */
export class ServerReplies {
  readonly #options: ServerRepliesOptions;
  #output: Uint8Array[] = [];

  constructor(options: ServerRepliesOptions) {
    this.#options = options;
  }

  /**
   * @param request `undefined` when what came could not be read as one
   * @param headers behind `CSeq`, which is left out where the request has none, and `Session`
   */
  send(
    request: RtspRequest | undefined,
    status: number,
    headers: ReplyHeaders = [],
    body?: Uint8Array,
  ): void {
    const common: (readonly [string, string])[] = [];
    const sequence = request?.headers.get('CSeq') ?? '';
    if (SEQUENCE.test(sequence)) common.push(['CSeq', sequence]);
    const { serverName, wallMs } = this.#options;
    if (wallMs !== undefined) common.push(['Date', new Date(wallMs()).toUTCString()]);
    if (serverName !== undefined) common.push(['Server', serverName]);
    this.#output.push(serializeRtspResponse(rtspResponse(status, [...common, ...headers], body)));
  }

  /** Bytes to write now, in order; they belong to the caller. */
  take(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}
