/**
 * Session descriptions (SDP, RFC 8866, and RFC 2326, appendix C, for RTSP), read as devices write them: lines in any
 * order, missing ones, broken ones. A section that cannot be used is kept with a note and does not harm the others.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { RtpFormat } from '../rtp/rtp-format.ts';
import { rtpFormatsOf, type RtpMedia } from './media-formats.ts';
import { parseMediaLine } from './media-line.ts';
import { Notes } from './notes.ts';
import { MAX_SDP_ATTRIBUTES, MAX_SDP_MEDIA } from './sdp-limits.ts';
import { splitSdpLines, type SdpLine } from './sdp-lines.ts';
import {
  MediaDirection,
  attributeValue,
  type MediaSection,
  type SdpAttribute,
  type SessionSection,
} from './sections.ts';

/** One media of a description that was parsed. */
export interface MediaDescription extends MediaSection {
  /** `a=control` as written, to be resolved against the base URL; `undefined` where it is missing or empty. */
  readonly control: string | undefined;
  /** Of the media, else of the session; `undefined` where neither says it. */
  readonly direction: MediaDirection | undefined;
  /**
   * What RTP may carry here, in the order of the `m=` line, which is that of preference. Error correction,
   * retransmission, comfort noise and telephone events are left out. Empty: this media cannot be used, `notes` says why.
   */
  readonly rtpFormats: readonly RtpFormat[];
  /** What was wrong and how it was read, for a log; English, without words of the sender. */
  readonly notes: readonly string[];
}

/** A description that was parsed. */
export interface SessionDescription extends SessionSection<MediaDescription> {
  /** `a=control` of the session. */
  readonly control: string | undefined;
  /** `a=tool`. */
  readonly tool: string | undefined;
  readonly notes: readonly string[];
}

/** RTP in the clear over any transport; SRTP (`SAVP`) needs keys that RTSP peers here do not exchange. */
const PLAIN_RTP = /^(?:TCP\/)?RTP\/AVPF?(?:\/(?:UDP|TCP))?$/i;

/**
 * Parses a description.
 * @param input text, or bytes in UTF-8; other encodings only harm the session's name
 * @throws {ProtocolError} `ERR_SDP_SYNTAX` for text that is no description at all, `ERR_SDP_TOO_LARGE`, `ERR_SDP_COUNT`
 */
export function parseSessionDescription(input: string | Uint8Array): SessionDescription {
  const notes = new Notes();
  const lines = splitSdpLines(input, notes);
  if (!lines.some(({ type }) => type === 'v' || type === 'm')) {
    throw new ProtocolError('ERR_SDP_SYNTAX', 'no session description: neither a v= nor an m= line', {
      length: input.length,
    });
  }
  const sections = splitSections(lines);
  const session = readSection(sections[0]!);
  const direction = directionOf(session.attributes);
  return {
    origin: session.values.get('o') ?? '',
    name: session.values.get('s') ?? '',
    connection: session.values.get('c'),
    bandwidth: session.bandwidth,
    attributes: session.attributes,
    control: attributeValue(session, 'control') || undefined,
    tool: attributeValue(session, 'tool') || undefined,
    media: sections.slice(1).map((section) => readMedia(section, direction)),
    notes: notes.list(),
  };
}

/** The session's lines, then those of each media, `m=` first. */
function splitSections(lines: readonly SdpLine[]): SdpLine[][] {
  const sections: SdpLine[][] = [[]];
  for (const line of lines) {
    if (line.type !== 'm') sections.at(-1)!.push(line);
    else if (sections.length <= MAX_SDP_MEDIA) sections.push([line]);
    else throw tooMany('m= lines', MAX_SDP_MEDIA);
  }
  return sections;
}

interface Section {
  /** The first line of each type but `a=` and `b=`. */
  readonly values: ReadonlyMap<string, string>;
  readonly bandwidth: readonly string[];
  readonly attributes: readonly SdpAttribute[];
}

function readSection(lines: readonly SdpLine[]): Section {
  const values = new Map<string, string>();
  const bandwidth: string[] = [];
  const attributes: SdpAttribute[] = [];
  for (const { type, value } of lines) {
    if (type === 'a') attributes.push(parseAttribute(value));
    else if (type === 'b') bandwidth.push(value);
    else if (!values.has(type)) values.set(type, value);
  }
  if (attributes.length > MAX_SDP_ATTRIBUTES) throw tooMany('attributes in one section', MAX_SDP_ATTRIBUTES);
  return { values, bandwidth, attributes };
}

/** `name:value`, or `name` alone; white space in the place of the colon is taken for one. */
function parseAttribute(text: string): SdpAttribute {
  const end = text.search(/[:\s]/);
  if (end < 0) return { name: text, value: '' };
  const rest = text.slice(end).trimStart();
  return { name: text.slice(0, end), value: (rest.startsWith(':') ? rest.slice(1) : rest).trim() };
}

function readMedia(
  lines: readonly SdpLine[],
  sessionDirection: MediaDirection | undefined,
): MediaDescription {
  const notes = new Notes();
  const section = readSection(lines);
  const line = parseMediaLine(section.values.get('m') ?? '', notes);
  const media = usableMedia(line.media, line.protocol, notes);
  return {
    ...line,
    connection: section.values.get('c'),
    bandwidth: section.bandwidth,
    attributes: section.attributes,
    control: attributeValue(section, 'control') || undefined,
    direction: directionOf(section.attributes) ?? sessionDirection,
    rtpFormats: media === undefined ? [] : rtpFormatsOf(media, line.formats, section.attributes, notes),
    notes: notes.list(),
  };
}

function usableMedia(media: string, protocol: string, notes: Notes): RtpMedia | undefined {
  if (media !== 'video' && media !== 'audio' && media !== 'application') {
    notes.add('the m= line names neither video nor audio nor application');
    return undefined;
  }
  if (PLAIN_RTP.test(protocol)) return media;
  notes.add('the m= line does not name plain RTP');
  return undefined;
}

function directionOf(attributes: readonly SdpAttribute[]): MediaDirection | undefined {
  for (const { name } of attributes) {
    const direction = MediaDirection.find((known) => known === name.toLowerCase());
    if (direction !== undefined) return direction;
  }
  return undefined;
}

function tooMany(what: string, limit: number): ProtocolError {
  return new ProtocolError('ERR_SDP_COUNT', `more than ${limit} ${what} in a session description`, { limit });
}
