/**
 * The RTP formats of one media: `m=`, `a=rtpmap` and `a=fmtp` put together (RFC 8866, 6.6 and 6.15; RFC 3551, 6). What
 * contradicts itself is read as most receivers read it: the payload types of the `m=` line are what packets will carry.
 */
import type { RtpFormat } from '../rtp/rtp-format.ts';
import { parseFormatParameters } from './format-parameters.ts';
import type { Notes } from './notes.ts';
import { MAX_SDP_FORMATS } from './sdp-limits.ts';
import type { SdpAttribute } from './sections.ts';
import { staticPayloadType, usualClockRate, type RtpMap } from './static-payload-types.ts';

/** What an `RtpFormat` can be of. */
export type RtpMedia = RtpFormat['media'];

/** RTP has 7 bits for a payload type. */
const MAX_PAYLOAD_TYPE = 127;
/** No payload format counts faster; the fastest in use is 27 MHz. */
const MAX_CLOCK_RATE = 100_000_000;
/** More than any sound has. */
const MAX_CHANNELS = 255;

/** A token of RFC 8866, 9, of a sensible length: it goes into other descriptions. */
const ENCODING_NAME = /^[\w!#$%&'*+.^`{|}~-]{1,64}$/;

/**
 * Formats that say something about packets of other formats, or about their absence. On their own they are no track:
 * error correction and retransmission speak of sequence numbers that end at this receiver.
 */
const AUXILIARY_ENCODINGS: ReadonlySet<string> = new Set([
  'rtx',
  'red',
  'ulpfec',
  'x-ulpfecuc',
  'flexfec',
  'flexfec-03',
  'parityfec',
  '1d-interleaved-parityfec',
  'telephone-event',
  'tone',
  'cn',
]);

/** Attributes by payload type; those of payload types that the `m=` line has not are told apart later. */
interface PayloadAttributes {
  readonly maps: Map<number, RtpMap>;
  readonly parameters: Map<number, string>;
}

/** Where a payload type should stand, but does not. */
const NO_PAYLOAD_TYPE = -1;

/**
 * @param formats of the `m=` line
 * @returns in the order of the `m=` line, without auxiliary formats; empty when nothing is left
 * @throws {ProtocolError} `ERR_SDP_COUNT`
 */
export function rtpFormatsOf(
  media: RtpMedia,
  formats: readonly string[],
  attributes: readonly SdpAttribute[],
  notes: Notes,
): RtpFormat[] {
  const found = readAttributes(attributes, notes);
  const payloadTypes = payloadTypesOf(formats, found, notes);
  adoptStrays(payloadTypes, found, notes);
  const rtpFormats: RtpFormat[] = [];
  let hasAuxiliary = false;
  for (const payloadType of payloadTypes) {
    const format = formatOf(media, payloadType, found, notes);
    if (format === undefined) continue;
    if (AUXILIARY_ENCODINGS.has(format.encodingName.toLowerCase())) hasAuxiliary = true;
    else rtpFormats.push(format);
  }
  if (rtpFormats.length === 0 && hasAuxiliary) {
    notes.add('only error correction or other auxiliary formats');
  }
  return rtpFormats;
}

function readAttributes(attributes: readonly SdpAttribute[], notes: Notes): PayloadAttributes {
  const maps = new Map<number, RtpMap>();
  const parameters = new Map<number, string>();
  for (const attribute of attributes) {
    const name = attribute.name.toLowerCase();
    if (name !== 'rtpmap' && name !== 'fmtp') continue;
    const { payloadType, rest } = splitPayloadType(attribute.value);
    if (name === 'rtpmap') {
      const map = parseRtpMap(rest);
      if (map === undefined) notes.add('a=rtpmap without a usable encoding name');
      else if (!maps.has(payloadType)) maps.set(payloadType, map);
      else notes.add('a=rtpmap more than once for a payload type; the first counts');
    } else if (rest !== '') {
      const before = parameters.get(payloadType);
      parameters.set(payloadType, before === undefined ? rest : `${before};${rest}`);
    }
  }
  return { maps, parameters };
}

/** `96 H264/90000` or, with the payload type forgotten, `H264/90000`. */
function splitPayloadType(value: string): { payloadType: number; rest: string } {
  const digits = /^\d+(?=\s|$)/.exec(value)?.[0];
  if (digits === undefined) return { payloadType: NO_PAYLOAD_TYPE, rest: value };
  const payloadType = Number(digits);
  return {
    payloadType: payloadType <= MAX_PAYLOAD_TYPE ? payloadType : NO_PAYLOAD_TYPE,
    rest: value.slice(digits.length).trim(),
  };
}

/** `H264/90000`, `opus/48000/2`. */
function parseRtpMap(text: string): RtpMap | undefined {
  const [encodingName = '', clockRate = '', channels = ''] = text.split('/', 3).map((part) => part.trim());
  if (!ENCODING_NAME.test(encodingName)) return undefined;
  return {
    encodingName,
    clockRate: wholeNumber(clockRate, MAX_CLOCK_RATE),
    channels: wholeNumber(channels, MAX_CHANNELS) ?? 1,
  };
}

/** 1 to `max`; `undefined` for anything else. */
function wholeNumber(text: string, max: number): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 1 && value <= max ? value : undefined;
}

/** The payload types of the `m=` line, each once; where it has none, those that have an `a=rtpmap`. */
function payloadTypesOf(formats: readonly string[], found: PayloadAttributes, notes: Notes): number[] {
  const payloadTypes = new Set<number>();
  for (const format of formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : MAX_PAYLOAD_TYPE + 1;
    if (payloadType > MAX_PAYLOAD_TYPE) notes.add('the m= line has a format that is no payload type');
    else if (payloadTypes.has(payloadType)) notes.add('the m= line has a payload type more than once');
    else payloadTypes.add(payloadType);
  }
  if (payloadTypes.size > 0) return [...payloadTypes];
  const mapped = [...found.maps.keys()].filter((payloadType) => payloadType !== NO_PAYLOAD_TYPE);
  if (mapped.length > 0) notes.add('the m= line has no payload type; those of a=rtpmap are used');
  return mapped.slice(0, MAX_SDP_FORMATS);
}

/**
 * Where the `m=` line has one payload type only, attributes that name another one, or none, can be meant for no other.
 * (Hikvision: `a=rtpmap:104` with `a=fmtp:97`.)
 */
function adoptStrays(payloadTypes: readonly number[], found: PayloadAttributes, notes: Notes): void {
  const [only] = payloadTypes;
  if (only === undefined || payloadTypes.length > 1) {
    if (hasStrays(payloadTypes, found))
      notes.add('attributes of a payload type that the m= line does not have');
    return;
  }
  const needsMap = !found.maps.has(only) && staticPayloadType(only) === undefined;
  if (needsMap && found.maps.size === 1) {
    found.maps.set(only, [...found.maps.values()][0]!);
    notes.add('a=rtpmap names no payload type of the m= line');
  }
  if (!found.parameters.has(only) && found.parameters.size > 0) {
    found.parameters.set(only, [...found.parameters.values()].join(';'));
    notes.add('a=fmtp names no payload type of the m= line');
  }
}

function hasStrays(payloadTypes: readonly number[], found: PayloadAttributes): boolean {
  const known = new Set(payloadTypes);
  return [...found.maps.keys(), ...found.parameters.keys()].some((payloadType) => !known.has(payloadType));
}

function formatOf(
  media: RtpMedia,
  payloadType: number,
  found: PayloadAttributes,
  notes: Notes,
): RtpFormat | undefined {
  const formatParameters = found.parameters.get(payloadType) ?? '';
  const parameters = parseFormatParameters(formatParameters);
  const map =
    found.maps.get(payloadType) ?? staticPayloadType(payloadType) ?? guessedMap(media, parameters, notes);
  if (map === undefined) {
    notes.add('a payload type without a=rtpmap, whose meaning is not known');
    return undefined;
  }
  const { encodingName } = map;
  const clockRate = map.clockRate ?? usualClockRate(media, encodingName);
  if (clockRate === undefined) {
    notes.add('a=rtpmap without a clock rate');
    return undefined;
  }
  if (map.clockRate === undefined) notes.add('a=rtpmap without a clock rate; the usual one is assumed');
  const channels = media === 'audio' ? map.channels : 1;
  return { media, payloadType, encodingName, clockRate, channels, parameters, formatParameters };
}

/** The parameters of H.264 and H.265 have names that no other format uses. */
function guessedMap(
  media: RtpMedia,
  parameters: ReadonlyMap<string, string>,
  notes: Notes,
): RtpMap | undefined {
  if (media !== 'video') return undefined;
  const isH265 = parameters.has('sprop-vps') || parameters.has('sprop-sps');
  if (!isH265 && !parameters.has('sprop-parameter-sets')) return undefined;
  notes.add('a=rtpmap is missing; the parameters tell the encoding');
  return { encodingName: isH265 ? 'H265' : 'H264', clockRate: undefined, channels: 1 };
}
