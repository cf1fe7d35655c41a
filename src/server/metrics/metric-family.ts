/** One series of a family. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A name under which values of `Source` are exposed. docs/metrics.md has the same name, type, labels and text. */
export interface MetricFamily<Source> {
  /** Counters end in `_total`; units are in the name, and are base units: seconds, bytes. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels?: readonly string[];
  /** A number is the only series, without labels. */
  readonly read: (source: Source) => number | Iterable<MetricSample>;
}
