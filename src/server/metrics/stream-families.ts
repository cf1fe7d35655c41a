import type { MetricFamily } from './metric-family.ts';
import type { Scrape } from './scrape.ts';

/** Streams, what comes in and what goes out. */
export const streamFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_streams',
    type: 'gauge',
    help: 'Streams that somebody publishes, plays or waits for.',
    read: ({ hub }) => hub.streams.size,
  },
  {
    name: 'lal_streams_published',
    type: 'gauge',
    help: 'Streams that somebody publishes.',
    read: ({ hub }) =>
      [...hub.streams.values()].filter(({ publication }) => publication !== undefined).length,
  },
  {
    name: 'lal_frames_received_total',
    type: 'counter',
    help: 'Frames of publishers, by kind: `video`, `audio`, `data`, `opaque` (RTP of codecs that nobody knows).',
    labels: ['kind'],
    read: ({ publications }) =>
      Object.entries(publications.frames).map(([kind, value]) => ({ labels: { kind }, value })),
  },
  {
    name: 'lal_timestamp_jumps_repaired_total',
    type: 'counter',
    help: 'Leaps of publishers’ clocks that were closed.',
    read: ({ publications }) => publications.jumpsRepaired,
  },
  {
    name: 'lal_frames_out_of_order_total',
    type: 'counter',
    help: 'Frames whose time was behind that of the frame before, and was raised to it.',
    read: ({ publications }) => publications.nonMonotonicFrames,
  },
  {
    name: 'lal_subscriptions',
    type: 'gauge',
    help: 'Viewers and relay pushes that get a live stream. HLS viewers are none.',
    read: ({ viewers }) => viewers.subscriptions,
  },
  {
    name: 'lal_subscription_queue_bytes',
    type: 'gauge',
    help: 'Bytes that wait for all of them together, those in their sockets included.',
    read: ({ viewers }) => viewers.queuedBytes,
  },
  {
    name: 'lal_subscription_queue_max_bytes',
    type: 'gauge',
    help: 'Bytes that wait for the one for whom most waits.',
    read: ({ viewers }) => viewers.largestQueueBytes,
  },
  {
    name: 'lal_subscription_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of media handed to their sockets.',
    read: ({ viewers }) => viewers.counters.sentBytes,
  },
  {
    name: 'lal_subscription_drops_total',
    type: 'counter',
    help: 'Times that a queue was full, and was dropped up to the next key frame.',
    read: ({ viewers }) => viewers.counters.drops,
  },
  {
    name: 'lal_subscription_dropped_units_total',
    type: 'counter',
    help: 'What that cost, in frames (RTMP messages, FLV tags, TS and RTP access units).',
    read: ({ viewers }) => viewers.counters.droppedUnits,
  },
  {
    name: 'lal_subscription_dropped_bytes_total',
    type: 'counter',
    help: 'The same in bytes.',
    read: ({ viewers }) => viewers.counters.droppedBytes,
  },
  {
    name: 'lal_gop_cache_bytes',
    type: 'gauge',
    help: 'Groups of pictures kept for new viewers, as frames and in each format.',
    read: ({ viewers }) => viewers.gopCacheBytes,
  },
  {
    name: 'lal_flush_window_seconds',
    type: 'gauge',
    help: 'How long output is collected into one write per viewer.',
    read: ({ hub }) => hub.scheduler.windowMs / 1000,
  },
];
