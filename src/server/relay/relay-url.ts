import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { RtmpUrl } from '../../protocol/rtmp/rtmp-url.ts';

/** The URL of one stream. */
export interface StreamUrl {
  /** With user and password. */
  readonly text: string;
  /** Of `rtmp` and `rtmps`, taken apart: there the stream's name may have slashes that the text does not tell from its own. */
  readonly rtmp: RtmpUrl | undefined;
}

/** Where a relay connects to. */
export interface RelayUrl extends StreamUrl {
  /** `host:port`, as lal shows the other side of its client sessions. */
  readonly remoteAddress: string;
  /** For people. */
  readonly shown: string;
  /** What must not be shown, where the other side repeats it: passwords, tokens, stream keys. Longest first. */
  readonly secrets: readonly string[];
}

/** Real ones, with tokens and signatures in the query, stay below 2 KiB. */
const MAX_LENGTH = 8192;

/** @throws {ProtocolError} `ERR_RELAY_URL` */
export function checkUrlLength({ length }: string): void {
  if (length > MAX_LENGTH) throw relayUrlError(`the URL is longer than ${MAX_LENGTH} characters`);
}

/** @param message never holds the URL, which may contain a password or a token */
export function relayUrlError(message: string): ProtocolError {
  return new ProtocolError('ERR_RELAY_URL', message);
}

export function remoteAddressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The query of an RTMP URL is the end of the stream's name. */
export function splitQuery(text: string): { name: string; query: string } {
  const queryAt = text.indexOf('?');
  return queryAt < 0
    ? { name: text, query: '' }
    : { name: text.slice(0, queryAt), query: text.slice(queryAt + 1) };
}
