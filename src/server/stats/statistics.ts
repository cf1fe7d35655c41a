import type { Clock } from '../../media/clock.ts';
import type { StreamHub } from '../../hub/stream-hub.ts';
import type { PushStatus } from '../relay/push-status.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { BITRATE_WINDOW_SEC, BitrateMeter } from './bitrate-meter.ts';
import { FrameRateHistory } from './frame-rate-history.ts';
import { statGroup, type Bitrates, type StatGroup } from './stat-group.ts';

interface SessionMeters {
  readonly read: BitrateMeter;
  readonly write: BitrateMeter;
}

/** Rates over time, and the view of all streams that the log, the API and the callbacks give. */
export class Statistics {
  readonly #hub: StreamHub;
  readonly #registry: SessionRegistry;
  readonly #clock: Clock;
  readonly #pushesOf: (streamKey: string) => readonly PushStatus[];
  /** Keyed by session: gone with it. */
  readonly #meters = new WeakMap<SessionRecord, SessionMeters>();
  readonly #frameRates = new Map<string, FrameRateHistory>();
  /** Names that a stream was first asked for by: lal shows them for the life of its group. */
  readonly #names = new Map<string, { streamName: string; appName: string }>();
  #ticks = 0;

  /** @param pushesOf relay pushes, of which the registry knows only those that are established */
  constructor(
    hub: StreamHub,
    registry: SessionRegistry,
    clock: Clock,
    pushesOf: (streamKey: string) => readonly PushStatus[] = () => [],
  ) {
    this.#hub = hub;
    this.#registry = registry;
    this.#clock = clock;
    this.#pushesOf = pushesOf;
  }

  /** To be called once a second, when the hub has forgotten the streams that are over. */
  tick(): void {
    this.#ticks += 1;
    this.#sampleBitrates();
    const unixSec = Math.floor(this.#clock.wallMs() / 1000) - 1;
    for (const [key, stream] of this.#hub.streams) {
      this.#historyOf(key).sample(stream.publication?.frames.video ?? 0, unixSec);
      this.#namesOf(key);
    }
    for (const key of this.#frameRates.keys()) {
      if (this.#hub.get(key) !== undefined) continue;
      this.#frameRates.delete(key);
      this.#names.delete(key);
    }
  }

  get groupCount(): number {
    return this.#hub.streams.size;
  }

  /** lal's view of the first `limit` streams. */
  groups(limit: number = Infinity): StatGroup[] {
    const groups: StatGroup[] = [];
    for (const key of this.#hub.streams.keys()) {
      if (groups.length >= limit) break;
      groups.push(this.group(key)!);
    }
    return groups;
  }

  group(key: string): StatGroup | undefined {
    const stream = this.#hub.get(key);
    if (stream === undefined) return undefined;
    return statGroup({
      stream,
      ...this.#namesOf(key),
      publisher: this.#registry.publisherOf(key),
      pull: this.#registry.pullOf(key),
      viewers: this.#registry.viewersOf(key),
      pushes: this.#pushesOf(key),
      frameRates: this.#historyOf(key).seconds,
      bitratesOf: (record) => this.#bitratesOf(record),
    });
  }

  #namesOf(key: string): { streamName: string; appName: string } {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const first = this.#registry.firstOf(key);
    if (first === undefined) return { streamName: key, appName: '' };
    const names = { streamName: first.streamName, appName: first.appName };
    this.#names.set(key, names);
    return names;
  }

  #historyOf(key: string): FrameRateHistory {
    let history = this.#frameRates.get(key);
    if (history === undefined) {
      history = new FrameRateHistory();
      this.#frameRates.set(key, history);
    }
    return history;
  }

  #bitratesOf(record: SessionRecord): Bitrates {
    const meters = this.#meters.get(record);
    return { readKbits: meters?.read.kbits ?? 0, writeKbits: meters?.write.kbits ?? 0 };
  }

  #sampleBitrates(): void {
    for (const record of this.#registry.all()) {
      const { bitrateWindowSec = BITRATE_WINDOW_SEC } = record;
      if (this.#ticks % bitrateWindowSec !== 0) continue;
      let meters = this.#meters.get(record);
      if (meters === undefined) {
        meters = { read: new BitrateMeter(bitrateWindowSec), write: new BitrateMeter(bitrateWindowSec) };
        this.#meters.set(record, meters);
      }
      meters.read.sample(record.bytesRead());
      meters.write.sample(record.bytesWritten());
    }
  }
}
