import { VERSION } from '../version.ts';
import type { MetricFamily } from './metric-family.ts';
import type { Scrape } from './scrape.ts';

/** The process, the event loop, the ports. */
export const processFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_info',
    type: 'gauge',
    help: 'Always 1; the labels say what is running.',
    labels: ['version', 'node_version', 'server_id'],
    read: ({ config }) => [
      { labels: { version: VERSION, node_version: process.version, server_id: config.server_id }, value: 1 },
    ],
  },
  {
    name: 'lal_start_time_seconds',
    type: 'gauge',
    help: 'When the server was made, in seconds since 1970.',
    read: ({ startedMs }) => startedMs / 1000,
  },
  {
    name: 'lal_event_loop_delay_p50_seconds',
    type: 'gauge',
    help: 'How late the event loop was since the last scrape: the median.',
    read: ({ eventLoop }) => eventLoop.delayP50,
  },
  {
    name: 'lal_event_loop_delay_p99_seconds',
    type: 'gauge',
    help: 'The same: what 99 of 100 looks were below.',
    read: ({ eventLoop }) => eventLoop.delayP99,
  },
  {
    name: 'lal_event_loop_delay_max_seconds',
    type: 'gauge',
    help: 'The same: the worst.',
    read: ({ eventLoop }) => eventLoop.delayMax,
  },
  {
    name: 'lal_event_loop_active_seconds_total',
    type: 'counter',
    help: 'Time in which the event loop had something to do; its rate is the utilisation, 0 to 1.',
    read: ({ eventLoop }) => eventLoop.active,
  },
  {
    name: 'lal_event_loop_idle_seconds_total',
    type: 'counter',
    help: 'Time in which the event loop waited.',
    read: ({ eventLoop }) => eventLoop.idle,
  },
  {
    name: 'lal_process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of all threads of the process.',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  {
    name: 'lal_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the process that is in RAM.',
    read: ({ memory }) => memory.rss,
  },
  {
    name: 'lal_heap_used_bytes',
    type: 'gauge',
    help: "JavaScript objects on V8's heap.",
    read: ({ memory }) => memory.heapUsed,
  },
  {
    name: 'lal_buffers_bytes',
    type: 'gauge',
    help: "Byte buffers, which lie outside of V8's heap: media, mostly.",
    read: ({ memory }) => memory.arrayBuffers,
  },
  {
    name: 'lal_connections',
    type: 'gauge',
    help: 'Sockets that are open on all ports.',
    read: ({ guard }) => guard.open,
  },
  {
    name: 'lal_connections_refused_total',
    type: 'counter',
    help: 'Sockets turned away by `limits.max_connections` and `limits.max_connections_per_address`.',
    read: ({ guard }) => guard.refused,
  },
  {
    name: 'lal_blacklisted_addresses',
    type: 'gauge',
    help: 'Addresses that are kept out.',
    read: ({ blacklist }) => blacklist.list().length,
  },
  {
    name: 'lal_log_lines_lost_total',
    type: 'counter',
    help: 'Log lines that had no room while the disk or the reader was slow, or could not be written.',
    read: ({ lostLogLines }) => lostLogLines(),
  },
];
