import type { PushStatus } from '../relay/push/push-status.ts';
import type { MetricFamily } from './metric-family.ts';
import type { Scrape } from './scrape.ts';

const NO_PUSHES: Readonly<Record<PushStatus['state'], number>> = {
  waiting: 0,
  connecting: 0,
  pushing: 0,
  finishing: 0,
  pausing: 0,
  stopped: 0,
};

/** Relays; those that are established are sessions too. */
export const relayFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'lal_relay_pulls',
    type: 'gauge',
    help: 'Relay pulls that are up, and attempts at one.',
    read: ({ relayPulls }) => relayPulls.pullCount,
  },
  {
    name: 'lal_relay_pushes',
    type: 'gauge',
    help: 'Relay pushes, those that are not established included, by state: `waiting`, `connecting`, `pushing`, `finishing`, `pausing`, `stopped`.',
    labels: ['state'],
    read: ({ relayPushes, hub }) => {
      const counts = { ...NO_PUSHES };
      for (const key of hub.streams.keys()) {
        for (const { state } of relayPushes.pushesOf(key)) counts[state] += 1;
      }
      return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
    },
  },
];
