/** The `m=` line (RFC 8866, 5.14): `<media> <port>[/<number of ports>] <proto> <fmt> …`. */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Notes } from './notes.ts';
import { MAX_SDP_FORMATS } from './sdp-limits.ts';
import type { MediaSection } from './sections.ts';

/** What an `m=` line says. */
export type MediaLine = Pick<MediaSection, 'media' | 'port' | 'protocol' | 'formats'>;

const MAX_PORT = 65_535;

/**
 * Parses the value of an `m=` line. A port that is none counts as 0: `SETUP` agrees on ports, and cameras write nonsense
 * there. A line that is cut off yields empty fields.
 * @throws {ProtocolError} `ERR_SDP_COUNT` for too many formats
 */
export function parseMediaLine(value: string, notes: Notes): MediaLine {
  const [media = '', port = '', protocol = '', ...formats] = value.split(/\s+/);
  if (formats.length > MAX_SDP_FORMATS) {
    throw new ProtocolError('ERR_SDP_COUNT', `more than ${MAX_SDP_FORMATS} formats on an m= line`, {
      limit: MAX_SDP_FORMATS,
    });
  }
  return { media: media.toLowerCase(), port: parsePort(port, notes), protocol, formats };
}

function parsePort(text: string, notes: Notes): number {
  const digits = /^(\d{1,5})(?:\/\d+)?$/.exec(text)?.[1];
  const port = digits === undefined ? MAX_PORT + 1 : Number(digits);
  if (port <= MAX_PORT) return port;
  notes.add('the m= line has no usable port');
  return 0;
}

/** The value of an `m=` line; nothing for one that could not be read. */
export function serializeMediaLine(line: MediaLine): string {
  if (line.media === '') return '';
  return [line.media, line.port, line.protocol, ...line.formats].join(' ');
}
