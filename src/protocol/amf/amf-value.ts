/**
 * Values of the Action Message Format as RTMP commands and FLV script tags use them.
 * Source: "Action Message Format -- AMF 0" (Adobe, 2007) and "AMF 3" (Adobe, 2013).
 */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | AmfObject
  | AmfXml
  | Uint8Array
  | readonly AmfValue[];

/**
 * An ordered list of named values: an anonymous object, or a typed one when `className` is set. A Map rather than a
 * plain object, so that names from the wire such as `__proto__` are harmless and the order survives.
 */
export class AmfObject {
  readonly entries: ReadonlyMap<string, AmfValue>;
  readonly className: string | undefined;

  /** @param entries in wire order; of two entries with one name the later wins */
  constructor(
    entries: Iterable<readonly [string, AmfValue]> | Readonly<Record<string, AmfValue>> = [],
    className?: string,
  ) {
    this.entries = new Map(Symbol.iterator in entries ? entries : Object.entries(entries));
    this.className = className;
  }

  get(name: string): AmfValue {
    return this.entries.get(name);
  }

  /** The text under `name`; `undefined` when it is absent or of another type. */
  string(name: string): string | undefined {
    const value = this.entries.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The number under `name`; `undefined` when it is absent or of another type. */
  number(name: string): number | undefined {
    const value = this.entries.get(name);
    return typeof value === 'number' ? value : undefined;
  }
}

/** Named values written with a count in front (AMF 0, 2.10); `onMetaData` usually comes as one. Reads like an object. */
export class AmfEcmaArray extends AmfObject {}

/** An XML document, kept as text (AMF 0, 2.17; AMF 3, 3.9 and 3.13). */
export class AmfXml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
