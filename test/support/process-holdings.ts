/** What a server process holds right now, as the system and its own diagnostics pages show it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parsePrometheusText } from '../../src/testing/prometheus-text.ts';

/** Where a server's pages are. */
export interface HoldingsSource {
  readonly pid: number;
  readonly pprofPort: number;
  readonly apiPort: number;
}

/** Full collections before memory is looked at: buffers are freed a turn after the objects that held them. */
const collections = 3;

/** How many there are of each kind of what Node's event loop waits for: sockets, timers, files. */
export async function activeResources({ pprofPort }: HoldingsSource): Promise<Record<string, number>> {
  const page = await text(`http://127.0.0.1:${pprofPort}/debug/pprof/goroutine?debug=1`);
  const lines = [...page.matchAll(/^(\d+) (\w+)$/gm)].map(
    ([, count, kind]) => [kind!, Number(count)] as const,
  );
  return Object.fromEntries(lines.toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Open file descriptors by what they are: `socket`, `pipe`, `anon_inode`, or the path of a file. */
export function openFiles({ pid }: HoldingsSource): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      // Closed since the folder was read.
      continue;
    }
    const kind = /^(\w+):/.exec(target)?.[1] ?? target;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly unknown[] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/**
 * How many there are of each kind of object that lives: by class, closures by the name of their function. What V8 makes for
 * itself, compiled code above all, is left out: it grows for as long as a program meets something new.
 */
export async function livingObjects({ pprofPort }: HoldingsSource): Promise<ReadonlyMap<string, number>> {
  const json = await text(`http://127.0.0.1:${pprofPort}/debug/pprof/heapsnapshot`);
  const { snapshot, nodes, strings } = JSON.parse(json) as HeapSnapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt] = [fields.indexOf('type'), fields.indexOf('name')];
  const typeNames = types[typeAt] as readonly string[];
  const counts = new Map<string, number>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = typeNames[nodes[at + typeAt]!]!;
    if (!livingTypes.has(type)) continue;
    const kind = type.endsWith('string') ? 'string' : `${type} ${strings[nodes[at + nameAt]!]!.slice(0, 80)}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

const livingTypes: ReadonlySet<string> = new Set([
  'object',
  'closure',
  'array',
  'string',
  'concatenated string',
  'sliced string',
  'native',
]);

/** Bytes of the JavaScript heap and of buffers outside of it that are in use after a garbage collection. */
export async function memoryInUse(source: HoldingsSource): Promise<number> {
  for (let round = 0; round < collections; round += 1) {
    // A heap profile begins with a full collection.
    await text(`http://127.0.0.1:${source.pprofPort}/debug/pprof/heap`);
  }
  const metrics = await metricsOf(source);
  return metrics.sum('lal_heap_used_bytes') + metrics.sum('lal_buffers_bytes');
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** The metrics of one moment. */
export interface Metrics {
  /** Over all series of a name whose labels are as given. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

export async function metricsOf({ apiPort }: HoldingsSource): Promise<Metrics> {
  const families = parsePrometheusText(await text(`http://127.0.0.1:${apiPort}/metrics`));
  return {
    sum(name, wanted = {}) {
      const family = families.get(name);
      if (family === undefined) throw new Error(`there is no metric ${name}`);
      return family.samples
        .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { headers: { Connection: 'close' } });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${url} was answered with ${response.status}: ${body}`);
  return body;
}
