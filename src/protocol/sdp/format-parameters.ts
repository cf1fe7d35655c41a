/** The format parameters of `a=fmtp` (RFC 8866, 6.15), which most payload formats write as `name=value; name=value`. */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { MAX_FORMAT_PARAMETERS } from './sdp-limits.ts';

/**
 * Semicolons part parameters; so does a space in front of something that looks like `name=value`, where a semicolon was
 * forgotten. The end of base64 does not look like that, because nothing of its own list follows its `=`.
 */
const SEPARATOR = /;| (?=[a-z][a-z0-9_-]*=[^=,; ])/i;

/**
 * Parses format parameters. Tolerated: semicolons in front, behind and twice, white space everywhere, quotes around a
 * value. The first of several parameters of one name counts.
 * @param text the value of `a=fmtp` without the payload type
 * @returns values by names in lower case; a parameter without `=` has an empty value
 * @throws {ProtocolError} `ERR_SDP_COUNT` for too many parameters
 */
export function parseFormatParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  // White space is made one space first, so that the pattern above has no runs to try again and again.
  for (const parameter of text.replaceAll(/\s+/g, ' ').split(SEPARATOR)) {
    const equals = parameter.indexOf('=');
    const name = (equals < 0 ? parameter : parameter.slice(0, equals)).trim().toLowerCase();
    if (name === '' || parameters.has(name)) continue;
    parameters.set(name, equals < 0 ? '' : withoutQuotes(parameter.slice(equals + 1).trim()));
    if (parameters.size > MAX_FORMAT_PARAMETERS) {
      throw new ProtocolError('ERR_SDP_COUNT', `more than ${MAX_FORMAT_PARAMETERS} format parameters`, {
        limit: MAX_FORMAT_PARAMETERS,
      });
    }
  }
  return parameters;
}

function withoutQuotes(value: string): string {
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}
