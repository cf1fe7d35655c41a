import type { MetricFamily } from './metric-family.ts';
import type { Scrape } from './scrape.ts';

/** HTTP callbacks. */
export const callbackFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_callbacks_sent_total',
    type: 'counter',
    help: 'HTTP callbacks that were answered with a status of 200 to 299.',
    read: ({ callbacks }) => callbacks.counters.sent,
  },
  {
    name: 'lal_callbacks_failed_total',
    type: 'counter',
    help: 'HTTP callbacks that were given up: no answer, or another status.',
    read: ({ callbacks }) => callbacks.counters.failed,
  },
  {
    name: 'lal_callbacks_retried_total',
    type: 'counter',
    help: 'Attempts at HTTP callbacks after which another one was made.',
    read: ({ callbacks }) => callbacks.counters.retried,
  },
  {
    name: 'lal_callbacks_dropped_total',
    type: 'counter',
    help: 'HTTP callbacks that were left out because too many were pending.',
    read: ({ callbacks }) => callbacks.counters.dropped,
  },
  {
    name: 'lal_callbacks_queued',
    type: 'gauge',
    help: 'HTTP callbacks that are under way or wait.',
    read: ({ callbacks }) => callbacks.counters.queued,
  },
  {
    name: 'lal_callback_decisions_total',
    type: 'counter',
    help: 'Answers of blocking HTTP callbacks: `allowed`, `refused`, `undecided` (none, or none that says anything).',
    labels: ['result'],
    read: ({ callbacks }) =>
      (['allowed', 'refused', 'undecided'] as const).map((result) => ({
        labels: { result },
        value: callbacks.decisions[result],
      })),
  },
  {
    name: 'lal_callback_decisions_pending',
    type: 'gauge',
    help: 'Publishers and viewers that wait for the answer of a blocking HTTP callback.',
    read: ({ callbacks }) => callbacks.decisions.pending,
  },
];
