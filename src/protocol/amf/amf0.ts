import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { Amf3Decoder } from './amf3.ts';
import { AmfBudget } from './amf-limits.ts';
import { AmfEcmaArray, AmfObject, AmfXml } from './amf-value.ts';
import type { AmfValue } from './amf-value.ts';

/** Source: "Action Message Format -- AMF 0" (Adobe, 2007), clause 2. Left out: movie clip and record set, reserved there. */
const Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmplusObject: 0x11,
} as const;

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const textEncoder = new TextEncoder();

/**
 * Reads one value and advances. Strings are decoded as UTF-8 with invalid bytes replaced; "unsupported" reads as
 * `undefined`; behind the avmplus marker one AMF 3 value is read.
 * @throws ProtocolError `ERR_AMF_…` or `ERR_TRUNCATED`
 */
export function readAmf0(reader: ByteReader): AmfValue {
  return new Amf0Decoder(reader).read();
}

/**
 * Reads values until the bytes end: the body of a command or data message, or of an FLV script tag.
 * @throws ProtocolError `ERR_AMF_…` or `ERR_TRUNCATED`
 */
export function readAllAmf0(bytes: Uint8Array): AmfValue[] {
  const reader = new ByteReader(bytes);
  const decoder = new Amf0Decoder(reader);
  const values: AmfValue[] = [];
  while (reader.remaining > 0) values.push(decoder.read());
  return values;
}

/** One AMF 0 context: references (clause 2.9) count the complex values read through it. */
class Amf0Decoder {
  readonly #reader: ByteReader;
  readonly #budget = new AmfBudget();
  /** `undefined` while the value is still being read: a reference to it would be a cycle. */
  readonly #complexValues: (AmfValue | undefined)[] = [];

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  read(): AmfValue {
    this.#budget.enter();
    const value = this.#readMarked(this.#reader.u8());
    this.#budget.leave();
    return value;
  }

  #readMarked(marker: number): AmfValue {
    const reader = this.#reader;
    switch (marker) {
      case Marker.number:
        return reader.f64();
      case Marker.boolean:
        return reader.u8() !== 0;
      case Marker.string:
        return this.#text(reader.u16());
      case Marker.longString:
        return this.#text(reader.u32());
      case Marker.null:
        return null;
      case Marker.undefined:
      case Marker.unsupported:
        return undefined;
      case Marker.xmlDocument:
        return new AmfXml(this.#text(reader.u32()));
      case Marker.date:
        return this.#date();
      case Marker.reference:
        return this.#reference(reader.u16());
      case Marker.object:
        return this.#complex(() => new AmfObject(this.#namedValues(false)));
      case Marker.typedObject:
        return this.#complex(() => {
          const className = this.#text(reader.u16());
          return new AmfObject(this.#namedValues(false), className);
        });
      case Marker.ecmaArray:
        return this.#complex(() => {
          // The count: writers put 0 or nonsense there, so only the end marker decides.
          reader.skip(4);
          return new AmfEcmaArray(this.#namedValues(true));
        });
      case Marker.strictArray:
        return this.#complex(() => this.#strictArray(reader.u32()));
      case Marker.avmplusObject:
        return new Amf3Decoder(reader, this.#budget).read();
      default:
        throw new ProtocolError('ERR_AMF_MARKER', `AMF 0 type ${marker} is not supported`, {
          marker,
          offset: reader.position - 1,
        });
    }
  }

  #text(length: number): string {
    return textDecoder.decode(this.#reader.view(length));
  }

  /** Milliseconds since 1970; the time zone field is reserved and ignored (clause 2.13). */
  #date(): Date {
    const milliseconds = this.#reader.f64();
    this.#reader.skip(2);
    return new Date(milliseconds);
  }

  #reference(index: number): AmfValue {
    const value = this.#complexValues[index];
    if (value === undefined) {
      throw new ProtocolError('ERR_AMF_REFERENCE', `AMF 0 reference ${index} leads nowhere`, { index });
    }
    return value;
  }

  #complex(readValue: () => AmfValue): AmfValue {
    const index = this.#complexValues.push(undefined) - 1;
    const value = readValue();
    this.#complexValues[index] = value;
    return value;
  }

  /** @param mayEndWithInput some encoders leave out the end marker of an array that closes the message */
  #namedValues(mayEndWithInput: boolean): [string, AmfValue][] {
    const reader = this.#reader;
    const entries: [string, AmfValue][] = [];
    for (;;) {
      if (mayEndWithInput && reader.remaining === 0) return entries;
      const name = this.#text(reader.u16());
      const marker = reader.u8();
      if (name === '' && marker === Marker.objectEnd) return entries;
      this.#budget.enter();
      entries.push([name, this.#readMarked(marker)]);
      this.#budget.leave();
    }
  }

  #strictArray(count: number): AmfValue[] {
    const values: AmfValue[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.read());
    return values;
  }
}

/** Values to fresh bytes, one after the other. Throws as `writeAmf0`. */
export function serializeAmf0(...values: readonly AmfValue[]): Uint8Array {
  const writer = new ByteWriter(256);
  for (const value of values) writeAmf0(writer, value);
  return writer.finish();
}

/**
 * Writes one value. Strings beyond 65535 bytes become long strings; shared values are written each time anew.
 * @throws ProtocolError `ERR_AMF_UNWRITABLE` for bytes (AMF 0 has no type for them) and names beyond 65535 bytes,
 * `ERR_AMF_DEPTH` and `ERR_AMF_COUNT` for values beyond the limits of reading
 */
export function writeAmf0(writer: ByteWriter, value: AmfValue): void {
  writeValue(writer, value, new AmfBudget());
}

function writeValue(writer: ByteWriter, value: AmfValue, budget: AmfBudget): void {
  budget.enter();
  if (value === null) writer.u8(Marker.null);
  else if (value === undefined) writer.u8(Marker.undefined);
  else if (typeof value === 'number') writer.u8(Marker.number).f64(value);
  else if (typeof value === 'boolean') writer.u8(Marker.boolean).u8(value ? 1 : 0);
  else if (typeof value === 'string') writeString(writer, value);
  else writeComplex(writer, value, budget);
  budget.leave();
}

function writeComplex(
  writer: ByteWriter,
  value: Exclude<AmfValue, null | undefined | number | boolean | string>,
  budget: AmfBudget,
): void {
  if (value instanceof Date) {
    writer.u8(Marker.date).f64(value.getTime()).u16(0);
  } else if (value instanceof AmfXml) {
    const text = textEncoder.encode(value.text);
    writer.u8(Marker.xmlDocument).u32(text.length).bytes(text);
  } else if (value instanceof AmfEcmaArray) {
    writer.u8(Marker.ecmaArray).u32(value.entries.size);
    writeNamedValues(writer, value, budget);
  } else if (value instanceof AmfObject) {
    if (value.className === undefined) writer.u8(Marker.object);
    else writeName(writer.u8(Marker.typedObject), value.className);
    writeNamedValues(writer, value, budget);
  } else if (value instanceof Uint8Array) {
    throw new ProtocolError('ERR_AMF_UNWRITABLE', 'AMF 0 has no type for bytes', { length: value.length });
  } else {
    writer.u8(Marker.strictArray).u32(value.length);
    for (const element of value) writeValue(writer, element, budget);
  }
}

function writeNamedValues(writer: ByteWriter, value: AmfObject, budget: AmfBudget): void {
  for (const [name, element] of value.entries) {
    writeName(writer, name);
    writeValue(writer, element, budget);
  }
  writer.u16(0).u8(Marker.objectEnd);
}

function writeName(writer: ByteWriter, name: string): void {
  const text = textEncoder.encode(name);
  if (text.length > 0xffff) {
    throw new ProtocolError('ERR_AMF_UNWRITABLE', 'a name of more than 65535 bytes cannot be written', {
      length: text.length,
    });
  }
  writer.u16(text.length).bytes(text);
}

function writeString(writer: ByteWriter, value: string): void {
  const text = textEncoder.encode(value);
  if (text.length > 0xffff) writer.u8(Marker.longString).u32(text.length);
  else writer.u8(Marker.string).u16(text.length);
  writer.bytes(text);
}
