/** What two runs of one script do not have in common, field by field. */
import { isObject } from './json.ts';
import type { Json } from './json.ts';

/** What was seen in a run: values under names that are the same in both. */
export type Observations = ReadonlyMap<string, Json>;

export interface Difference {
  /** Name of the observation, then the way to the field: `group of a › data.pub.url`. */
  readonly where: string;
  readonly kind: 'value' | 'only lal' | 'only ours' | 'order';
  /** What lal has there; undefined when it has nothing. */
  readonly lal: Json | undefined;
  readonly ours: Json | undefined;
}

export function differencesOf(lal: Observations, ours: Observations): Difference[] {
  const names = new Set([...lal.keys(), ...ours.keys()]);
  return [...names].flatMap((name) => compare(name, lal.get(name), ours.get(name), ' › '));
}

function compare(
  where: string,
  lal: Json | undefined,
  ours: Json | undefined,
  separator = '.',
): Difference[] {
  if (lal === undefined) return [{ where, kind: 'only ours', lal, ours }];
  if (ours === undefined) return [{ where, kind: 'only lal', lal, ours }];
  if (Array.isArray(lal) && Array.isArray(ours)) {
    const length = Math.max(lal.length, ours.length);
    return Array.from({ length }, (_, index) =>
      compare(`${where}[${index}]`, lal[index], ours[index]),
    ).flat();
  }
  if (isObject(lal) && isObject(ours)) {
    const keys = new Set([...Object.keys(lal), ...Object.keys(ours)]);
    const fields = [...keys].flatMap((key) => compare(`${where}${separator}${key}`, lal[key], ours[key]));
    return [...orderOf(where, Object.keys(lal), Object.keys(ours)), ...fields];
  }
  return lal === ours ? [] : [{ where, kind: 'value', lal, ours }];
}

/** The order of the keys that both have. */
function orderOf(where: string, lal: readonly string[], ours: readonly string[]): Difference[] {
  const inLal = lal.filter((key) => ours.includes(key));
  const inOurs = ours.filter((key) => lal.includes(key));
  if (inLal.join(' ') === inOurs.join(' ')) return [];
  return [{ where, kind: 'order', lal: inLal, ours: inOurs }];
}

export function describeDifference({ where, kind, lal, ours }: Difference): string {
  const show = (value: Json | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return `${where} (${kind})\n    lal:  ${show(lal)}\n    ours: ${show(ours)}`;
}
