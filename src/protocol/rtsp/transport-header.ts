/**
 * The `Transport` header (RFC 2326, 12.39): one or more ways of carrying media, by preference, with commas between.
 * Left out on purpose: `append`, `layers`, and the addresses of RTSP 2.0, which belong to multicast or to files.
 */

/** Two ports, or two channels, of one track. */
export interface PortPair {
  readonly rtp: number;
  readonly rtcp: number;
}

/** One transport specification. */
export interface RtspTransport {
  /** As spelled, such as `RTP/AVP` or `RTP/AVP/TCP`. */
  readonly specifier: string;
  /** In upper case, without the lower transport: `RTP/AVP`, `RTP/SAVP`. */
  readonly profile: string;
  /** TCP means interleaved in the RTSP connection. Devices say so by either of the two signs, or both. */
  readonly lowerTransport: 'tcp' | 'udp';
  /** Unicast unless said otherwise: RFC 2326 has it the other way round, but no device means that. */
  readonly delivery: 'unicast' | 'multicast';
  /** Channels, 0 to 255; `undefined` where none are named or they make no sense. */
  readonly interleaved?: PortPair | undefined;
  /** Ports, 1 to 65535; `undefined` as above. */
  readonly clientPort?: PortPair | undefined;
  readonly serverPort?: PortPair | undefined;
  /** Unsigned 32 bits. */
  readonly ssrc?: number | undefined;
  readonly mode?: 'play' | 'record' | undefined;
  /** Address that the server sends from. */
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
}

/** Real clients offer up to three. */
const MAX_ALTERNATIVES = 16;
/** What would begin the next specification, or end the value. */
const UNSAFE_TEXT = /[\s,;"]/;

/** All alternatives in order, those that are no transport left out. Never throws. */
export function parseTransportHeader(value: string): RtspTransport[] {
  return splitOutsideQuotes(value, ',')
    .slice(0, MAX_ALTERNATIVES)
    .map(parseTransport)
    .filter((transport) => transport !== undefined);
}

/** One specification, in the order and spelling that clients know from lal and from others. */
export function serializeTransport(transport: RtspTransport): string {
  const { interleaved, clientPort, serverPort, ssrc, mode, source, destination } = transport;
  let text = `${transport.specifier};${transport.delivery}`;
  if (destination !== undefined && !UNSAFE_TEXT.test(destination)) text += `;destination=${destination}`;
  if (source !== undefined && !UNSAFE_TEXT.test(source)) text += `;source=${source}`;
  if (interleaved !== undefined) text += `;interleaved=${pairText(interleaved)}`;
  if (clientPort !== undefined) text += `;client_port=${pairText(clientPort)}`;
  if (serverPort !== undefined) text += `;server_port=${pairText(serverPort)}`;
  if (ssrc !== undefined) text += `;ssrc=${ssrc.toString(16).toUpperCase().padStart(8, '0')}`;
  if (mode !== undefined) text += `;mode=${mode}`;
  return text;
}

function parseTransport(text: string): RtspTransport | undefined {
  const [first = '', ...rest] = splitOutsideQuotes(text, ';').map((part) => part.trim());
  const specifier = first.replaceAll(/\s/g, '');
  const [protocol = '', profileName, lower] = specifier.toUpperCase().split('/');
  if (protocol === '' || profileName === undefined || UNSAFE_TEXT.test(specifier)) return undefined;
  const parameters = parseParameters(rest);
  const isTcp = lower === 'TCP' || parameters.has('interleaved');
  return {
    specifier,
    profile: `${protocol}/${profileName}`,
    lowerTransport: isTcp ? 'tcp' : 'udp',
    delivery: parameters.has('multicast') ? 'multicast' : 'unicast',
    interleaved: parsePair(parameters.get('interleaved'), 0, 0xff),
    clientPort: parsePair(parameters.get('client_port'), 1, 0xffff),
    serverPort: parsePair(parameters.get('server_port'), 1, 0xffff),
    ssrc: parseSsrc(parameters.get('ssrc')),
    mode: parseMode(parameters.get('mode')),
    source: parameters.get('source'),
    destination: parameters.get('destination'),
  };
}

/** By lower-case name; parameters without a value have an empty one. */
function parseParameters(parts: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const equalsAt = part.indexOf('=');
    const name = equalsAt < 0 ? part : part.slice(0, equalsAt);
    const value = equalsAt < 0 ? '' : part.slice(equalsAt + 1);
    parameters.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ''));
  }
  return parameters;
}

/** `a-b`, or `a` alone, which stands for itself and the next. Both within the bounds and different, else `undefined`. */
function parsePair(text: string | undefined, min: number, max: number): PortPair | undefined {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text ?? '');
  if (match === null) return undefined;
  const rtp = Number(match[1]);
  const rtcp = match[2] === undefined ? rtp + 1 : Number(match[2]);
  const isSound = rtp !== rtcp && Math.min(rtp, rtcp) >= min && Math.max(rtp, rtcp) <= max;
  return isSound ? { rtp, rtcp } : undefined;
}

function parseSsrc(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** `receive` is how old encoders say RECORD. A list of both is a player's. */
function parseMode(text: string | undefined): 'play' | 'record' | undefined {
  const modes = (text ?? '').toLowerCase();
  if (modes.includes('play')) return 'play';
  return modes.includes('record') || modes.includes('receive') ? 'record' : undefined;
}

function pairText({ rtp, rtcp }: PortPair): string {
  return `${rtp}-${rtcp}`;
}

/** `mode="PLAY,RECORD"` holds a comma that separates nothing. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (text[at] !== separator || isQuoted) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start));
  return parts;
}
