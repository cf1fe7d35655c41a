import { Counter, Gauge, Registry } from 'prom-client';
import type { MetricFamily, MetricSample } from './metric-family.ts';

/** What Prometheus is told about the text. */
export const METRICS_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** The families' values, all of `source`, in the text format of Prometheus. */
export class MetricRegistry<Source> {
  readonly #registry = new Registry();
  #source: Source | undefined;

  constructor(families: readonly MetricFamily<Source>[]) {
    for (const family of families) this.#register(family);
  }

  /** One after the other: there is one source at a time. */
  async text(source: Source): Promise<string> {
    this.#source = source;
    try {
      return await this.#registry.metrics();
    } finally {
      this.#source = undefined;
    }
  }

  #register({ name, type, help, labels = [], read }: MetricFamily<Source>): void {
    const samples = (): Iterable<MetricSample> => {
      const values = read(this.#source!);
      return typeof values === 'number' ? [{ value: values }] : values;
    };
    const options = { name, help, labelNames: labels, registers: [] };
    const metric =
      type === 'gauge'
        ? new Gauge({
            ...options,
            collect() {
              this.reset();
              for (const { labels: own = {}, value } of samples()) this.set(own, value);
            },
          })
        : new Counter({
            ...options,
            collect() {
              this.reset();
              for (const { labels: own = {}, value } of samples()) this.inc(own, value);
            },
          });
    this.#registry.registerMetric(metric);
  }
}
