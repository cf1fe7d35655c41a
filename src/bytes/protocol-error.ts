/**
 * The peer, or a file, broke a rule of its format. Detected low, answered high: whoever owns the connection
 * turns it into the protocol's own refusal and ends the session.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Stable, documented in docs/errors.md; callers match on this, never on the text. */
  readonly code: string;
  /** What was found, the limit it broke, the offset: whatever helps the person who reads the log. */
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: `ERR_${string}`,
    message: string,
    details: Readonly<Record<string, string | number | boolean>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
