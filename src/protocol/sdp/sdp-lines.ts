/** The lines of a session description (RFC 8866, 5), and what devices make of them. */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Notes } from './notes.ts';
import { MAX_SDP_BYTES, MAX_SDP_LINES } from './sdp-limits.ts';

/** One line, taken apart. */
export interface SdpLine {
  /** One letter, in lower case. */
  readonly type: string;
  /** Without white space around it. */
  readonly value: string;
}

/** The types of RFC 8866. A comma, semicolon or second `=` behind the `=` shows the end of base64 on a line of its own. */
const LINE_SHAPE = /^([abceikmoprstuvz])=(?![=,;])/i;
const FORMAT_PARAMETERS = /^\s*fmtp\b/i;

/**
 * Splits a description into its lines: CR LF, LF and CR end one, empty ones and NULs are left out. A line that is none
 * goes on with the one before when that is `a=fmtp` (devices break long parameters), else it is ignored.
 * @throws {ProtocolError} `ERR_SDP_TOO_LARGE`; `ERR_SDP_COUNT` for too many lines
 */
export function splitSdpLines(input: string | Uint8Array, notes: Notes): SdpLine[] {
  if (input.length > MAX_SDP_BYTES) {
    throw new ProtocolError(
      'ERR_SDP_TOO_LARGE',
      `session description of ${input.length} bytes, at most ${MAX_SDP_BYTES} are read`,
      { length: input.length, limit: MAX_SDP_BYTES },
    );
  }
  const lines: { type: string; value: string }[] = [];
  // Where a broken line is to go on; asked of each line once, because a text that grows is costly to look at.
  let broken: { value: string } | undefined;
  for (const text of decoded(input, notes).split(/[\r\n]+/)) {
    if (text.trim() === '') continue;
    const start = text.trimStart();
    const type = LINE_SHAPE.exec(start)?.[1]?.toLowerCase();
    if (type !== undefined) {
      const line = { type, value: start.slice(2) };
      lines.push(line);
      if (lines.length > MAX_SDP_LINES) throw tooManyLines();
      broken = type === 'a' && FORMAT_PARAMETERS.test(line.value) ? line : undefined;
    } else if (broken === undefined) {
      notes.add('lines that are no SDP were ignored');
    } else {
      // White space at the break stays: it may be all that stands between two parameters.
      broken.value += text;
      notes.add('a=fmtp is broken over lines, which were joined');
    }
  }
  return lines.map(({ type, value }) => ({ type, value: value.trim() }));
}

function decoded(input: string | Uint8Array, notes: Notes): string {
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input);
  if (typeof input !== 'string' && text.includes('\ufffd')) notes.add('the text is not UTF-8');
  return text.replaceAll('\0', '');
}

function tooManyLines(): ProtocolError {
  return new ProtocolError('ERR_SDP_COUNT', `more than ${MAX_SDP_LINES} lines in a session description`, {
    limit: MAX_SDP_LINES,
  });
}
