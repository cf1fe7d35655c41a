import type { ByteReader } from '../../bytes/byte-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { AmfBudget } from './amf-limits.ts';
import { AmfEcmaArray, AmfObject, AmfXml } from './amf-value.ts';
import type { AmfValue } from './amf-value.ts';

/**
 * Reading of AMF 3 ("AMF 3", Adobe, 2013), as it appears inside AMF 0 behind the avmplus marker. Left out on purpose:
 * externalizable objects and dictionaries, which only carry application objects, and writing, since every peer that
 * speaks AMF 3 also takes AMF 0 answers.
 */
const Marker = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  double: 0x05,
  string: 0x06,
  xmlDocument: 0x07,
  date: 0x08,
  array: 0x09,
  object: 0x0a,
  xml: 0x0b,
  byteArray: 0x0c,
  vectorInt: 0x0d,
  vectorUint: 0x0e,
  vectorDouble: 0x0f,
  vectorObject: 0x10,
} as const;

interface Traits {
  readonly className: string;
  readonly dynamic: boolean;
  readonly names: readonly string[];
}

/** Stands in the object table for a value that is still being read; a reference to it would be a cycle. */
const INCOMPLETE = Symbol('incomplete');

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One AMF 3 context: the reference tables of clause 2.2 live as long as it. */
export class Amf3Decoder {
  readonly #reader: ByteReader;
  readonly #budget: AmfBudget;
  readonly #strings: string[] = [];
  readonly #objects: (AmfValue | typeof INCOMPLETE)[] = [];
  readonly #traits: Traits[] = [];

  constructor(reader: ByteReader, budget: AmfBudget) {
    this.#reader = reader;
    this.#budget = budget;
  }

  /** @throws ProtocolError `ERR_AMF_…`, `ERR_TRUNCATED` */
  read(): AmfValue {
    this.#budget.enter();
    const value = this.#readMarked(this.#reader.u8());
    this.#budget.leave();
    return value;
  }

  #readMarked(marker: number): AmfValue {
    switch (marker) {
      case Marker.undefined:
        return undefined;
      case Marker.null:
        return null;
      case Marker.false:
        return false;
      case Marker.true:
        return true;
      case Marker.integer:
        // 29 bits, signed.
        return (this.#u29() << 3) >> 3;
      case Marker.double:
        return this.#reader.f64();
      case Marker.string:
        return this.#string();
      case Marker.xmlDocument:
      case Marker.xml:
        return this.#complex((length) => new AmfXml(textDecoder.decode(this.#reader.view(length))));
      case Marker.date:
        return this.#complex(() => new Date(this.#reader.f64()));
      case Marker.byteArray:
        return this.#complex((length) => this.#reader.view(length));
      case Marker.array:
        return this.#complex((count) => this.#array(count));
      case Marker.object:
        return this.#complex((flags) => this.#object(flags));
      case Marker.vectorInt:
        return this.#complex((count) => this.#vector(count, () => this.#reader.u32() | 0));
      case Marker.vectorUint:
        return this.#complex((count) => this.#vector(count, () => this.#reader.u32()));
      case Marker.vectorDouble:
        return this.#complex((count) => this.#vector(count, () => this.#reader.f64()));
      case Marker.vectorObject:
        return this.#complex((count) => this.#objectVector(count));
      default:
        throw new ProtocolError('ERR_AMF_MARKER', `AMF 3 type ${marker} is not supported`, { marker });
    }
  }

  /** U29 of clause 1.3.1: 7 bits a byte, the fourth byte gives 8. */
  #u29(): number {
    let value = 0;
    for (let index = 0; index < 3; index += 1) {
      const byte = this.#reader.u8();
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return (value << 8) | this.#reader.u8();
  }

  #string(): string {
    const header = this.#u29();
    if ((header & 1) === 0) {
      const known = this.#strings[header >>> 1];
      if (known === undefined) throw badReference('string', header >>> 1);
      return known;
    }
    const text = textDecoder.decode(this.#reader.view(header >>> 1));
    if (text !== '') this.#strings.push(text);
    return text;
  }

  /** A value that is either a reference into the object table or, with the low bit set, spelled out. */
  #complex(readValue: (header: number) => AmfValue): AmfValue {
    const header = this.#u29();
    if ((header & 1) === 0) {
      const known = this.#objects[header >>> 1];
      if (header >>> 1 >= this.#objects.length || known === INCOMPLETE) {
        throw badReference('object', header >>> 1);
      }
      return known;
    }
    const index = this.#objects.push(INCOMPLETE) - 1;
    const value = readValue(header >>> 1);
    this.#objects[index] = value;
    return value;
  }

  /** Clause 3.11: named values up to an empty name, then `count` values by position. */
  #array(count: number): AmfValue {
    const named = this.#namedValues();
    const dense: AmfValue[] = [];
    for (let index = 0; index < count; index += 1) dense.push(this.read());
    if (named.length === 0) return dense;
    return new AmfEcmaArray([
      ...named,
      ...dense.map((value, index): [string, AmfValue] => [String(index), value]),
    ]);
  }

  #namedValues(): [string, AmfValue][] {
    const entries: [string, AmfValue][] = [];
    for (let name = this.#string(); name !== ''; name = this.#string()) entries.push([name, this.read()]);
    return entries;
  }

  /** Clause 3.12. @param flags the U29 behind the object's own reference bit */
  #object(flags: number): AmfValue {
    const traits = this.#readTraits(flags);
    const entries: [string, AmfValue][] = traits.names.map((name) => [name, this.read()]);
    if (traits.dynamic) entries.push(...this.#namedValues());
    return new AmfObject(entries, traits.className === '' ? undefined : traits.className);
  }

  #readTraits(flags: number): Traits {
    if ((flags & 1) === 0) {
      const known = this.#traits[flags >>> 1];
      if (known === undefined) throw badReference('traits', flags >>> 1);
      return known;
    }
    if ((flags & 2) !== 0) {
      throw new ProtocolError('ERR_AMF_EXTERNALIZABLE', 'AMF 3 externalizable objects are not supported');
    }
    const className = this.#string();
    const names: string[] = [];
    for (let left = flags >>> 3; left > 0; left -= 1) {
      this.#budget.enter();
      names.push(this.#string());
      this.#budget.leave();
    }
    const traits: Traits = { className, dynamic: (flags & 4) !== 0, names };
    this.#traits.push(traits);
    return traits;
  }

  /** Clause 3.15: a "fixed length" flag, then the elements. */
  #vector(count: number, readElement: () => number): number[] {
    this.#reader.skip(1);
    const elements: number[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#budget.enter();
      elements.push(readElement());
      this.#budget.leave();
    }
    return elements;
  }

  #objectVector(count: number): AmfValue[] {
    this.#reader.skip(1);
    this.#string();
    const elements: AmfValue[] = [];
    for (let index = 0; index < count; index += 1) elements.push(this.read());
    return elements;
  }
}

function badReference(table: string, index: number): ProtocolError {
  return new ProtocolError('ERR_AMF_REFERENCE', `AMF 3 ${table} reference ${index} leads nowhere`, {
    table,
    index,
  });
}
