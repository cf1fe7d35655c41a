import type { Runtime } from 'node:inspector';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  Function as ProfileFunction,
  Line,
  Location,
  Mapping,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import type { CallNode } from './call-tree.ts';

const compress = promisify(gzip);

/** What the values of a call tree are, and when they were taken. */
export interface PprofHead {
  /** `['cpu', 'nanoseconds']`; the last one is what viewers show first. */
  readonly valueTypes: readonly (readonly [type: string, unit: string])[];
  /** Distance of two samples, in the unit of the last type. */
  readonly period: number;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** A call tree in the format of pprof: a gzipped protocol buffer that `go tool pprof` opens. */
export async function encodePprof(tree: readonly CallNode[], head: PprofHead): Promise<Uint8Array> {
  const stringTable = new StringTable();
  const valueTypes = head.valueTypes.map(
    ([type, unit]) => new ValueType({ type: stringTable.dedup(type), unit: stringTable.dedup(unit) }),
  );
  const places = new PlaceTable(stringTable);
  const sample = tree
    .filter(({ values }) => values.some((value) => value !== 0))
    .map((node) => new Sample({ locationId: stackOf(node, places), value: [...node.values] }));
  const profile = new Profile({
    sampleType: valueTypes,
    sample,
    mapping: [places.mapping],
    location: places.locations,
    function: places.functions,
    stringTable,
    timeNanos: BigInt(Math.round(head.startMs)) * 1_000_000n,
    durationNanos: Math.round(head.durationMs * 1e6),
    periodType: valueTypes.at(-1)!,
    period: head.period,
  });
  return compress(profile.encode());
}

/** Location ids, from the place itself to the bottom of the stack. */
function stackOf(node: CallNode, places: PlaceTable): number[] {
  const ids: number[] = [];
  for (let at: CallNode | undefined = node; at !== undefined; at = at.caller) ids.push(places.idOf(at.frame));
  return ids;
}

/** Functions, each a location of its own. */
class PlaceTable {
  readonly locations: Location[] = [];
  readonly functions: ProfileFunction[] = [];
  readonly mapping: Mapping;
  readonly #strings: StringTable;
  readonly #ids = new Map<string, number>();

  constructor(strings: StringTable) {
    this.#strings = strings;
    // Says that there is nothing to look up in a binary.
    this.mapping = new Mapping({
      id: 1,
      filename: strings.dedup('node'),
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
    });
  }

  idOf(frame: Runtime.CallFrame): number {
    const { functionName, url, lineNumber, columnNumber } = frame;
    const key = `${url}:${lineNumber}:${columnNumber}:${functionName}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.locations.length + 1;
    this.#ids.set(key, id);
    // V8 counts lines from 0.
    const startLine = lineNumber + 1;
    this.functions.push(
      new ProfileFunction({
        id,
        name: this.#strings.dedup(shownName(frame)),
        systemName: this.#strings.dedup(functionName),
        filename: this.#strings.dedup(url),
        startLine,
      }),
    );
    this.locations.push(
      new Location({ id, mappingId: 1, line: [new Line({ functionId: id, line: startLine })] }),
    );
    return id;
  }
}

/** Viewers join what has the same name, and half of all functions have none: the place makes it one of a kind. */
function shownName({ functionName, url, lineNumber }: Runtime.CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.split('/').slice(-2).join('/');
  return `${name} ${place}:${lineNumber + 1}`;
}
