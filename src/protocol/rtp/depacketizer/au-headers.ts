/** The AU header section of MPEG-4 elementary streams in RTP (RFC 3640, 3.2.1 and 4.1). */
import { BitReader } from '../../../bytes/bit-reader.ts';
import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';

/** How the sender writes AU headers: lengths of their fields in bits, 0 for fields that are not there. */
export interface AuHeaderFormat {
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
  readonly ctsDeltaLength: number;
  readonly dtsDeltaLength: number;
  readonly randomAccessIndication: boolean;
  readonly streamStateLength: number;
  readonly auxiliaryDataSizeLength: number;
  /** Bytes of each access unit where there is no AU-size; 0 for one unit that fills the packet. */
  readonly constantSize: number;
}

/** What stands in front of the access units of one packet. */
export interface AuHeaders {
  /** Bytes of each access unit: of all of it, where the packet holds a fragment. */
  readonly sizes: readonly number[];
  /** For each access unit, how many places it stands behind the first: 0, 1, 2 … unless they are interleaved. */
  readonly places: readonly number[];
  /** Where the first access unit begins. */
  readonly dataAt: number;
}

/** No field has more bits. */
const MAX_FIELD_BITS = 32;
/** A packet of 64 KiB could claim 32768 headers; real ones have fewer than 64. */
const MAX_UNITS_IN_PACKET = 256;
const HEADERS_LENGTH_BYTES = 2;

/** Lengths of AU-size, AU-Index and AU-Index-delta that a `mode` fixes (3.3.5 and 3.3.6). */
const FIELD_LENGTHS: Readonly<Record<string, readonly [number, number, number]>> = {
  'aac-hbr': [13, 3, 3],
  'aac-lbr': [6, 2, 2],
};

/**
 * Reads the format out of `a=fmtp`. Where neither lengths nor a mode are given, it is AAC-hbr: devices leave them out.
 * @param parameters by their names in lower case
 * @returns `undefined` for values that make no sense
 */
export function auHeaderFormatOf(parameters: ReadonlyMap<string, string>): AuHeaderFormat | undefined {
  const number = (name: string, ifMissing = 0): number => Number(parameters.get(name) ?? ifMissing);
  const mode = parameters.get('mode')?.toLowerCase() ?? '';
  const saysLengths = parameters.has('sizelength') || parameters.has('constantsize');
  const [size, index, indexDelta] =
    FIELD_LENGTHS[mode] ?? (saysLengths ? [0, 0, 0] : FIELD_LENGTHS['aac-hbr']!);
  const format: AuHeaderFormat = {
    sizeLength: number('sizelength', parameters.has('constantsize') ? 0 : size),
    indexLength: number('indexlength', index),
    indexDeltaLength: number('indexdeltalength', indexDelta),
    ctsDeltaLength: number('ctsdeltalength'),
    dtsDeltaLength: number('dtsdeltalength'),
    randomAccessIndication: number('randomaccessindication') === 1,
    streamStateLength: number('streamstateindication'),
    auxiliaryDataSizeLength: number('auxiliarydatasizelength'),
    constantSize: number('constantsize'),
  };
  const { constantSize, randomAccessIndication: _flag, ...lengths } = format;
  const isSound =
    Object.values(lengths).every(isFieldLength) && Number.isInteger(constantSize) && constantSize >= 0;
  return isSound ? format : undefined;
}

function isFieldLength(bits: number): boolean {
  return Number.isInteger(bits) && bits >= 0 && bits <= MAX_FIELD_BITS;
}

/**
 * Reads the AU headers of a packet, and skips the auxiliary section behind them.
 * @returns `undefined` when they are cut off, or tell of no access unit
 */
export function readAuHeaders(payload: Uint8Array, format: AuHeaderFormat): AuHeaders | undefined {
  return undefinedIfMalformed(() => {
    const headers = hasHeaders(format)
      ? readHeaderSection(payload, format)
      : { sizes: [], places: [], dataAt: 0 };
    const dataAt = headers.dataAt + auxiliaryBytes(payload.subarray(headers.dataAt), format);
    if (dataAt >= payload.length) return undefined;
    if (hasHeaders(format)) return headers.sizes.length === 0 ? undefined : { ...headers, dataAt };
    return withoutHeaders(payload.length - dataAt, dataAt, format.constantSize);
  });
}

function hasHeaders(format: AuHeaderFormat): boolean {
  return format.indexLength > 0 || headerBits(format, format.indexDeltaLength) > 0;
}

/** The shortest an AU header can be. @param indexLength of AU-Index or AU-Index-delta */
function headerBits(format: AuHeaderFormat, indexLength: number): number {
  return (
    format.sizeLength +
    indexLength +
    (format.ctsDeltaLength > 0 ? 1 : 0) +
    (format.dtsDeltaLength > 0 ? 1 : 0) +
    (format.randomAccessIndication ? 1 : 0) +
    format.streamStateLength
  );
}

/** AU-headers-length 16 bits, then the headers, filled up to a whole byte. */
function readHeaderSection(payload: Uint8Array, format: AuHeaderFormat): AuHeaders {
  const lengthBits = (payload[0]! << 8) | (payload[1] ?? 0);
  const dataAt = HEADERS_LENGTH_BYTES + Math.ceil(lengthBits / 8);
  const reader = new BitReader(payload.subarray(HEADERS_LENGTH_BYTES, dataAt));
  const sizes: number[] = [];
  const places: number[] = [];
  let needed = headerBits(format, format.indexLength);
  while (needed > 0 && reader.position + needed <= lengthBits && sizes.length < MAX_UNITS_IN_PACKET) {
    const isFirst = sizes.length === 0;
    sizes.push(format.sizeLength === 0 ? format.constantSize : reader.bits(format.sizeLength));
    const index = reader.bits(isFirst ? format.indexLength : format.indexDeltaLength);
    places.push(isFirst ? 0 : places.at(-1)! + 1 + index);
    skipOptionalFields(reader, format);
    needed = headerBits(format, format.indexDeltaLength);
  }
  return { sizes, places, dataAt };
}

function skipOptionalFields(reader: BitReader, format: AuHeaderFormat): void {
  if (format.ctsDeltaLength > 0 && reader.flag()) reader.skip(format.ctsDeltaLength);
  if (format.dtsDeltaLength > 0 && reader.flag()) reader.skip(format.dtsDeltaLength);
  if (format.randomAccessIndication) reader.skip(1); // RAP-flag
  reader.skip(format.streamStateLength); // Stream-state
}

/** 3.2.2: auxiliary-data-size, then as many bits, filled up to a whole byte. */
function auxiliaryBytes(data: Uint8Array, format: AuHeaderFormat): number {
  if (format.auxiliaryDataSizeLength === 0) return 0;
  const size = new BitReader(data).bits(format.auxiliaryDataSizeLength);
  return Math.ceil((format.auxiliaryDataSizeLength + size) / 8);
}

function withoutHeaders(dataBytes: number, dataAt: number, constantSize: number): AuHeaders {
  const size = constantSize === 0 ? dataBytes : constantSize;
  const count = Math.min(Math.max(1, Math.floor(dataBytes / size)), MAX_UNITS_IN_PACKET);
  const places = Array.from({ length: count }, (_, index) => index);
  return { sizes: places.map(() => size), places, dataAt };
}
