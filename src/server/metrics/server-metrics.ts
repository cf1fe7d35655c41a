import { callbackFamilies } from './callback-families.ts';
import { EventLoopWatch } from './event-loop-watch.ts';
import { fileFamilies } from './file-families.ts';
import type { MetricFamily } from './metric-family.ts';
import { METRICS_CONTENT_TYPE, MetricRegistry } from './metric-registry.ts';
import { processFamilies } from './process-families.ts';
import { PublicationTotals } from './publication-totals.ts';
import { relayFamilies } from './relay-families.ts';
import type { MetricSources, Scrape } from './scrape.ts';
import { sessionFamilies } from './session-families.ts';
import { SessionTotals } from './session-totals.ts';
import { streamFamilies } from './stream-families.ts';
import {
  scrapeStreams,
  streamSeriesFamilies,
  type StreamScrape,
  type StreamSelection,
} from './stream-series.ts';
import { viewerSums } from './viewer-sums.ts';

/** Everything that every answer has, in this order. */
export const METRIC_FAMILIES: readonly MetricFamily<Scrape>[] = [
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
  readonly #families = new MetricRegistry<Scrape>(METRIC_FAMILIES);
  readonly #streamFamilies = new MetricRegistry<StreamScrape>(streamSeriesFamilies);
  readonly #stopObserving: readonly (() => void)[];
  /** Answers are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#stopObserving = [sources.registry.observe(this.#sessions), sources.hub.observe(this.#publications)];
  }

  /**
   * In the text format of Prometheus.
   * @param streams to show one by one besides; none unless said otherwise
   */
  text(streams: StreamSelection = []): Promise<MetricsText> {
    const answer = this.#last.then(() => this.#makeAnswer(streams));
    // The next one need not mind what became of this one.
    this.#last = answer.catch(() => {});
    return answer;
  }

  close(): void {
    for (const stop of this.#stopObserving) stop();
    this.#eventLoop.close();
  }

  async #makeAnswer(streams: StreamSelection): Promise<MetricsText> {
    const { hub } = this.#sources;
    const text = await this.#families.text({
      ...this.#sources,
      sessions: this.#sessions.kinds(),
      publications: this.#publications.sums(hub),
      viewers: viewerSums(hub),
      eventLoop: this.#eventLoop.read(),
      memory: process.memoryUsage(),
    });
    if (streams.length === 0) return { contentType: METRICS_CONTENT_TYPE, text };
    const ofStreams = await this.#streamFamilies.text(scrapeStreams(this.#sources, streams));
    return { contentType: METRICS_CONTENT_TYPE, text: `${text}\n${ofStreams}` };
  }
}
