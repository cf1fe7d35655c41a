import { ProtocolError } from '../bytes/protocol-error.ts';

/** The codes of `END_CODES`. */
export type EndCode =
  | 'peer-closed'
  | 'peer-reset'
  | 'peer-stopped'
  | 'source-ended'
  | 'no-viewers'
  | 'connect-failed'
  | 'refused-by-peer'
  | 'protocol-error'
  | 'handshake-timeout'
  | 'idle-timeout'
  | 'viewer-too-slow'
  | 'consumer-overflow'
  | 'storage-failed'
  | 'stream-in-use'
  | 'stream-not-found'
  | 'name-refused'
  | 'refused'
  | 'limit-reached'
  | 'admission-timeout'
  | 'kicked'
  | 'server-shutdown'
  | 'internal-error';

/** Why a session or a publication ended. The log, the API and the callbacks show the same code. */
export interface EndReason {
  readonly code: EndCode;
  /** For people; may change. */
  readonly message: string;
  /** A `ProtocolError` code, an errno, a status: whatever narrows `code` down. */
  readonly detail?: string;
  /** The exception behind an `internal-error`, for the log. */
  readonly cause?: unknown;
}

/** Every code, with its meaning. docs/errors.md is checked against this table. */
export const END_CODES: Readonly<Record<EndCode, string>> = {
  'peer-closed': 'the other side closed the connection',
  'peer-reset': 'the connection broke: reset, timed out, unreachable',
  'peer-stopped': 'the other side ended its stream in the words of the protocol',
  'connect-failed': 'no connection to the other side could be made; detail has the cause',
  'refused-by-peer': 'the other side refused; detail has the status it gave',
  'source-ended': 'the publisher, file or application that fed the stream has come to its end',
  'no-viewers': 'nobody watches the stream that was pulled',
  'protocol-error': 'the other side broke the protocol; detail has the error code',
  'handshake-timeout': 'the other side connected but did not get as far as publishing or playing in time',
  'idle-timeout': 'nothing was received from a publisher, or nothing could be sent to a viewer, for too long',
  'viewer-too-slow': 'the viewer took too little, or nothing, for too long',
  'consumer-overflow': 'a recorder or relay could not keep up within its bound',
  'storage-failed': 'a file could not be made or written; detail has the error code',
  'stream-in-use': 'the stream has a publisher already',
  'stream-not-found': 'there is no such stream, and the server is configured not to wait for it',
  'name-refused': 'the stream name is not acceptable',
  refused: 'policy refused the session',
  'limit-reached': 'a limit of the server was reached',
  'admission-timeout': 'no decision on the session came in time',
  kicked: 'closed by request of the operator or the application',
  'server-shutdown': 'the server is stopping',
  'internal-error': 'an error of ours; the log has it',
};

/** An `EndReason` with the table's text, or a more telling one. */
export function endReason(code: EndCode, detail?: string, message: string = END_CODES[code]): EndReason {
  return detail === undefined ? { code, message } : { code, message, detail };
}

/** The reason that an exception stands for. */
export function endReasonOfError(error: unknown): EndReason {
  if (error instanceof ProtocolError) return endReason('protocol-error', error.code, error.message);
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') {
    if (SOCKET_ERRORS.has(code)) return endReason('peer-reset', code, message);
    if (PEER_ERROR.test(code)) return endReason('protocol-error', code, message);
  }
  return { ...endReason('internal-error', code, message), cause: error };
}

/** Errors by which Node's HTTP parser, its TLS and the WebSocket library say that the peer broke their protocol. */
const PEER_ERROR = /^(?:HPE_|ERR_HTTP_|WS_ERR_|ERR_SSL_|EPROTO$)/;

const SOCKET_ERRORS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
