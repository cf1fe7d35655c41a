import { Counter, Gauge, Registry } from 'prom-client';
import { callbackFamilies } from './callback-families.ts';
import { EventLoopWatch } from './event-loop-watch.ts';
import { fileFamilies } from './file-families.ts';
import type { MetricFamily, MetricSample } from './metric-family.ts';
import { processFamilies } from './process-families.ts';
import { PublicationTotals } from './publication-totals.ts';
import { relayFamilies } from './relay-families.ts';
import type { MetricSources, Scrape } from './scrape.ts';
import { sessionFamilies } from './session-families.ts';
import { SessionTotals } from './session-totals.ts';
import { streamFamilies } from './stream-families.ts';
import { viewerSums } from './viewer-sums.ts';

/** Everything that is exposed, in this order. */
export const METRIC_FAMILIES: readonly MetricFamily[] = [
  ...processFamilies,
  ...streamFamilies,
  ...sessionFamilies,
  ...relayFamilies,
  ...callbackFamilies,
  ...fileFamilies,
];

/** An answer for Prometheus. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/**
 * The server's metrics. Values are read when somebody asks; between two questions the beginnings and ends of sessions and
 * publications are all that is noticed.
 */
export class ServerMetrics {
  readonly #sources: MetricSources;
  readonly #sessions = new SessionTotals();
  readonly #publications = new PublicationTotals();
  readonly #eventLoop = new EventLoopWatch();
  readonly #registry = new Registry();
  readonly #stopObserving: readonly (() => void)[];
  #scrape: Scrape | undefined;
  #answer: Promise<MetricsText> | undefined;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#stopObserving = [sources.registry.observe(this.#sessions), sources.hub.observe(this.#publications)];
    for (const family of METRIC_FAMILIES) this.#register(family);
  }

  /** In the text format of Prometheus. Who asks while an answer is being made gets that one. */
  text(): Promise<MetricsText> {
    this.#answer ??= this.#makeAnswer().finally(() => {
      this.#answer = undefined;
    });
    return this.#answer;
  }

  close(): void {
    for (const stop of this.#stopObserving) stop();
    this.#eventLoop.close();
  }

  async #makeAnswer(): Promise<MetricsText> {
    this.#scrape = {
      ...this.#sources,
      sessions: this.#sessions.kinds(),
      publications: this.#publications.sums(this.#sources.hub),
      viewers: viewerSums(this.#sources.hub),
      eventLoop: this.#eventLoop.read(),
      memory: process.memoryUsage(),
    };
    const text = await this.#registry.metrics();
    return { contentType: this.#registry.contentType, text };
  }

  #register({ name, type, help, labels = [], read }: MetricFamily): void {
    const series = (): Iterable<MetricSample> => {
      const values = read(this.#scrape!);
      return typeof values === 'number' ? [{ value: values }] : values;
    };
    const options = { name, help, labelNames: labels, registers: [] };
    const metric =
      type === 'gauge'
        ? new Gauge({
            ...options,
            collect() {
              this.reset();
              for (const { labels: own = {}, value } of series()) this.set(own, value);
            },
          })
        : new Counter({
            ...options,
            collect() {
              this.reset();
              for (const { labels: own = {}, value } of series()) this.inc(own, value);
            },
          });
    this.#registry.registerMetric(metric);
  }
}
