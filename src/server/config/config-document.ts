import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { ConfigError, type ConfigFinding } from './config-finding.ts';
import { schemaTree, type SchemaNode } from './json-schema.ts';
import { nearestKey } from './nearest-key.ts';
import { RENAMED_KEYS, type RenamedKey } from './renamed-keys.ts';

/**
 * A config file's text, read with lal's rules for keys (exact name first, then any case; `#…` is a comment), brought to
 * the newest key names. Types are not checked yet, except that an integer must be written as one.
 */
export interface ConfigDocument {
  /** Known keys only, in the schema's spelling. */
  readonly values: Record<string, unknown>;
  readonly warnings: ConfigFinding[];
  readonly problems: ConfigFinding[];
  /** Whether the file has this key, by whichever of its names. */
  has(path: string): boolean;
  /** Where a key's value is; of its section when the key is missing; nothing when that is missing too. */
  placeOf(path: string): { line?: number; column?: number };
  /** The value as a person would name it: `string "x"`, `number 3.0`, `a list`. */
  describe(path: string): string;
}

/**
 * @param fileName only for messages
 * @throws {ConfigError} ERR_CONFIG_SYNTAX with every syntax error
 */
export function readConfigDocument(text: string, fileName: string): ConfigDocument {
  const errors: ParseError[] = [];
  // A byte order mark is harmless; a blank keeps the offsets right.
  const clean = text.replace(/^\uFEFF/, ' ');
  const root = parseTree(clean, errors, { allowTrailingComma: true, disallowComments: false });
  const places = new LineIndex(clean, fileName);
  if (root === undefined || errors.length > 0) {
    // One mistake often makes the parser complain several times at the same spot; the first complaint is the best.
    const firsts = errors.filter(
      ({ offset }, index) => errors.findIndex((e) => e.offset === offset) === index,
    );
    const problems = firsts.map(({ error, offset }) => places.finding(offset, syntaxText(error)));
    throw new ConfigError(
      'ERR_CONFIG_SYNTAX',
      problems.length > 0 ? problems : [{ file: fileName, text: 'the file is empty' }],
    );
  }
  if (root.type !== 'object') {
    const text = `expected an object in braces, found ${describeNode(root, clean)}`;
    throw new ConfigError('ERR_CONFIG_SYNTAX', [places.finding(root.offset, text)]);
  }
  return new DocumentReader(clean, places).read(root);
}

class DocumentReader implements ConfigDocument {
  readonly values: Record<string, unknown> = {};
  readonly warnings: ConfigFinding[] = [];
  readonly problems: ConfigFinding[] = [];
  readonly #text: string;
  readonly #places: LineIndex;
  /** Newest key path to the value's node; also for elements of lists. */
  readonly #nodes = new Map<string, Node>();

  constructor(text: string, places: LineIndex) {
    this.#text = text;
    this.#places = places;
  }

  read(root: Node): ConfigDocument {
    this.#readObject(root, schemaWithOldNames(), '');
    for (const key of RENAMED_KEYS) this.#rename(key);
    for (const [path, node] of this.#nodes) this.#store(path, node);
    return this;
  }

  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  placeOf(path: string): { line?: number; column?: number } {
    const node = this.#nodes.get(path) ?? this.#nodes.get(path.slice(0, Math.max(0, path.lastIndexOf('.'))));
    return node === undefined ? {} : this.#places.at(node.offset);
  }

  describe(path: string): string {
    const node = this.#nodes.get(path);
    if (node === undefined) return 'nothing';
    return describeNode(node, this.#text, mayBeSecret(schemaAt(path)));
  }

  /** Notes where each known key is; the schema decides how deep to look. */
  #readObject(object: Node, schema: SchemaNode, prefix: string): void {
    const known = Object.keys(schema.properties ?? {});
    const exact = new Set<string>();
    for (const property of object.children ?? []) {
      const [keyNode, valueNode] = property.children ?? [];
      if (keyNode === undefined || valueNode === undefined) continue;
      const written = String(keyNode.value);
      if (written.startsWith('#') || (prefix === '' && written === '$schema')) continue;
      const key = known.includes(written)
        ? written
        : known.find((name) => name.toLowerCase() === written.toLowerCase());
      if (key === undefined) {
        this.#warnUnknown(keyNode, written, known, prefix);
        continue;
      }
      const path = prefix + key;
      if (this.#nodes.has(path)) {
        this.#warn(
          keyNode,
          path,
          `given more than once; the ${exact.has(path) ? 'exact spelling' : 'last one'} counts`,
        );
        if (exact.has(path) && written !== key) continue;
      }
      if (written === key) exact.add(path);
      this.#readValue(valueNode, schema.properties![key]!, path);
    }
  }

  #readValue(node: Node, schema: SchemaNode, path: string): void {
    // As in lal, a null section is a missing section. A null extension key is a missing key.
    if (node.type === 'null' && (schema.type === 'object' || isExtension(path))) return;
    if (schema.type === 'object' && node.type !== 'object') {
      const text = `expected object, found ${describeNode(node, this.#text)}; allowed: keys in braces`;
      this.problems.push({ ...this.#places.finding(node.offset, text), key: path });
      return;
    }
    this.#nodes.set(path, node);
    if (schema.type === 'object') this.#readObject(node, schema, `${path}.`);
    if (schema.type === 'array' && node.type === 'array') this.#readList(node, schema.items ?? {}, path);
  }

  #readList(node: Node, schema: SchemaNode, path: string): void {
    // Given twice, the last one counts as a whole.
    for (const known of this.#nodes.keys()) if (known.startsWith(`${path}.`)) this.#nodes.delete(known);
    for (const [index, item] of (node.children ?? []).entries()) {
      const itemPath = `${path}.${index}`;
      this.#nodes.set(itemPath, item);
      if (schema.type === 'object' && item.type === 'object') this.#readObject(item, schema, `${itemPath}.`);
    }
  }

  #rename({ from, to, orElse = to }: RenamedKey): void {
    const node = this.#nodes.get(from);
    if (node === undefined) return;
    this.#nodes.delete(from);
    const newer = [to, orElse].find((name) => this.#nodes.has(name));
    if (newer === undefined) this.#nodes.set(to, node);
    else this.#warn(node, from, `the newer name ${newer} is there too and counts`);
  }

  #store(path: string, node: Node): void {
    const schema = schemaAt(path);
    if (schema === undefined) return; // an old section that only holds renamed keys
    const keys = path.split('.');
    const last = keys.pop()!;
    let target = this.values;
    for (const key of keys) {
      if (typeof target[key] !== 'object' || target[key] === null) target[key] = {};
      target = target[key] as Record<string, unknown>;
    }
    if (schema.type === 'object' && node.type === 'object') target[last] ??= {};
    else target[last] = this.#plainValue(node, schema);
  }

  #plainValue(node: Node, schema: SchemaNode): unknown {
    if (node.type === 'null') return zeroValue(schema);
    // An element of null is the zero value of an element.
    if (node.type === 'array')
      return (node.children ?? []).map((item) => this.#plainValue(item, schema.items ?? {}));
    // The keys of what may be an object are stored one by one; what may not is found out by the schema.
    if (node.type === 'object') return {};
    if (schema.type === 'integer' && node.type === 'number') {
      // Go's decoder takes neither 3.0 nor 3e0 for an integer; NaN makes the schema refuse it too.
      return /^-?\d+$/.test(this.#source(node)) ? node.value : Number.NaN;
    }
    return node.value;
  }

  #source(node: Node): string {
    return this.#text.slice(node.offset, node.offset + node.length);
  }

  #warn(node: Node, key: string, text: string): void {
    this.warnings.push({ ...this.#places.finding(node.offset, text), key });
  }

  #warnUnknown(node: Node, written: string, known: readonly string[], prefix: string): void {
    const near = nearestKey(written, known);
    const hint = near === undefined ? '' : `; did you mean ${prefix}${near}?`;
    this.#warn(node, prefix + printable(written), `unknown key, ignored${hint}`);
  }
}

/** The schema's node of a key path in the newest names; elements of lists are numbered. */
export function schemaAt(path: string): SchemaNode | undefined {
  let node: SchemaNode | undefined = schemaTree;
  for (const key of path.split('.')) {
    if (node?.items !== undefined && /^\d+$/.test(key)) {
      node = node.items;
    } else {
      if (node?.properties === undefined || !Object.hasOwn(node.properties, key)) return undefined;
      node = node.properties[key];
    }
  }
  return node;
}

/** A secret, or what should be an object with one: who forgets the object writes the secret itself. */
function mayBeSecret(schema: SchemaNode | undefined): boolean {
  return schema?.secret === true || Object.values(schema?.properties ?? {}).some((child) => child.secret);
}

/** A key, or what it is in, that lal does not have. */
function isExtension(path: string): boolean {
  const keys = path.split('.');
  return keys.some((_, index) => schemaAt(keys.slice(0, index + 1).join('.'))?.extension === true);
}

/** For looking up keys only: the schema plus the names it replaced. */
function schemaWithOldNames(): SchemaNode {
  const properties: Record<string, SchemaNode> = { ...schemaTree.properties };
  for (const { from, to } of RENAMED_KEYS) {
    const [section, key] = from.split('.') as [string, string];
    const old = properties[section];
    properties[section] = {
      type: 'object',
      ...old,
      properties: { ...old?.properties, [key]: schemaAt(to)! },
    };
  }
  return { type: 'object', properties };
}

/** What Go's decoder leaves in a field for `null`. */
function zeroValue(schema: SchemaNode): unknown {
  if (schema.type === 'integer') return 0;
  if (schema.type === 'boolean') return false;
  return schema.type === 'array' ? [] : '';
}

function describeNode(node: Node, text: string, isSecret = false): string {
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'an object';
  if (node.type === 'null') return 'null';
  if (isSecret) return `a ${node.type} (not shown: it is a secret)`;
  return `${node.type} ${printable(text.slice(node.offset, node.offset + node.length))}`;
}

/** Short, and without control characters: the text goes to a terminal. */
function printable(text: string): string {
  const clean = text.replaceAll(/\p{C}/gu, '?');
  return clean.length > 60 ? `${clean.slice(0, 57)}...` : clean;
}

const SYNTAX_TEXT: Readonly<Record<string, string>> = {
  InvalidSymbol: 'unexpected word; strings need double quotes',
  InvalidNumberFormat: 'not a valid number',
  PropertyNameExpected: 'expected a key in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected a colon after the key',
  CommaExpected: 'expected a comma',
  CloseBraceExpected: 'expected a closing brace',
  CloseBracketExpected: 'expected a closing bracket',
  EndOfFileExpected: 'text after the end of the object',
  UnexpectedEndOfComment: 'comment without an end',
  UnexpectedEndOfString: 'string without an end on its line',
  UnexpectedEndOfNumber: 'number without an end',
  InvalidUnicode: 'invalid \\u escape in a string',
  InvalidEscapeCharacter: 'invalid escape in a string',
  InvalidCharacter: 'invalid character',
};

function syntaxText(code: ParseError['error']): string {
  const name = printParseErrorCode(code);
  return `not valid JSON: ${SYNTAX_TEXT[name] ?? name}`;
}

/** Offsets to lines and columns. */
class LineIndex {
  readonly #file: string;
  readonly #starts: number[] = [0];

  constructor(text: string, file: string) {
    this.#file = file;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Both from 1. */
  at(offset: number): { line: number; column: number } {
    let line = 0;
    while (line + 1 < this.#starts.length && this.#starts[line + 1]! <= offset) line += 1;
    return { line: line + 1, column: offset - this.#starts[line]! + 1 };
  }

  finding(offset: number, text: string): ConfigFinding {
    return { file: this.#file, ...this.at(offset), text };
  }
}
