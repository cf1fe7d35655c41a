import type { StreamHub } from '../../hub/stream-hub.ts';
import type { SubscriptionCounters } from '../../hub/subscription.ts';

/** What viewers and relay pushes of all streams got, lost and wait for. */
export interface ViewerSums {
  readonly subscriptions: number;
  readonly queuedBytes: number;
  /** Of the viewer for whom most waits. */
  readonly largestQueueBytes: number;
  /** Those who have left included. */
  readonly counters: Readonly<SubscriptionCounters>;
  /** Groups of pictures kept for new viewers, as frames and in each format. */
  readonly gopCacheBytes: number;
}

export function viewerSums(hub: StreamHub): ViewerSums {
  const counters = { ...hub.scheduler.pastCounters };
  let subscriptions = 0;
  let queuedBytes = 0;
  let largestQueueBytes = 0;
  let gopCacheBytes = 0;
  for (const stream of hub.streams.values()) {
    gopCacheBytes += stream.cachedBytes;
    for (const fanout of stream.fanouts.values()) {
      for (const subscription of fanout.subscriptions) {
        subscriptions += 1;
        const { queuedBytes: ownBytes, counters: own } = subscription;
        queuedBytes += ownBytes;
        largestQueueBytes = Math.max(largestQueueBytes, ownBytes);
        counters.sentBytes += own.sentBytes;
        counters.drops += own.drops;
        counters.droppedUnits += own.droppedUnits;
        counters.droppedBytes += own.droppedBytes;
      }
    }
  }
  return { subscriptions, queuedBytes, largestQueueBytes, counters, gopCacheBytes };
}
