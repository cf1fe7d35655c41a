import type { Scrape } from './scrape.ts';

/** One series of a family. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A name under which values are exposed. docs/metrics.md has the same name, type, labels and text. */
export interface MetricFamily {
  /** Counters end in `_total`; units are in the name, and are base units: seconds, bytes. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels?: readonly string[];
  /** A number is the only series, without labels. */
  readonly read: (scrape: Scrape) => number | Iterable<MetricSample>;
}
