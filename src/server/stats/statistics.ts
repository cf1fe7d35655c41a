import type { Clock } from '../../media/clock.ts';
import type { StreamHub } from '../../hub/stream-hub.ts';
import type { PushStatus } from '../relay/push/push-status.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { BITRATE_WINDOW_SEC, BitrateMeter } from './bitrate-meter.ts';
import { FrameRateHistory } from './frame-rate-history.ts';
import { LastEnds } from './last-ends.ts';
import { RateWindow } from './rate-window.ts';
import { statGroup, type Bitrates, type StatGroup } from './stat-group.ts';

interface SessionMeters {
  readonly read: BitrateMeter;
  readonly write: BitrateMeter;
}

/** What is remembered of a stream for as long as the hub has it. */
interface StreamMemory {
  readonly frameRates: FrameRateHistory;
  readonly frames: RateWindow;
  readonly bytes: RateWindow;
  readonly lastEnds: LastEnds;
  /** Names that it was first asked for by: lal shows them for the life of its group. */
  names: { readonly streamName: string; readonly appName: string } | undefined;
}

/** Rates over time, and the view of all streams that the log, the API and the callbacks give. */
export class Statistics {
  readonly #hub: StreamHub;
  readonly #registry: SessionRegistry;
  readonly #clock: Clock;
  readonly #pushesOf: (streamKey: string) => readonly PushStatus[];
  /** Keyed by session: gone with it. */
  readonly #meters = new WeakMap<SessionRecord, SessionMeters>();
  /** By stream key. */
  readonly #memories = new Map<string, StreamMemory>();
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
    registry.observe({
      sessionEnded: (record, reason) =>
        this.#memoryOf(record.streamKey).lastEnds.add(record, reason, clock.wallMs()),
    });
  }

  /** To be called once a second, when the hub has forgotten the streams that are over. */
  tick(): void {
    this.#ticks += 1;
    this.#sampleBitrates();
    const unixSec = Math.floor(this.#clock.wallMs() / 1000) - 1;
    for (const [key, { publication }] of this.#hub.streams) {
      const { frameRates, frames, bytes } = this.#memoryOf(key);
      frameRates.sample(publication?.frames.video ?? 0, unixSec);
      frames.sample(publication?.frames.video ?? 0);
      bytes.sample(publication?.meter.bytes ?? 0);
      this.#namesOf(key);
    }
    for (const key of this.#memories.keys()) {
      if (this.#hub.get(key) === undefined) this.#memories.delete(key);
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
      groups.push(this.#group(key)!);
    }
    return groups;
  }

  /** lal's view of one stream, with the sessions that have left it last. */
  group(key: string): StatGroup | undefined {
    const group = this.#group(key);
    return group && { ...group, last_ends: this.#memoryOf(key).lastEnds.ends };
  }

  #group(key: string): StatGroup | undefined {
    const stream = this.#hub.get(key);
    if (stream === undefined) return undefined;
    const { frameRates, frames, bytes } = this.#memoryOf(key);
    return statGroup({
      stream,
      ...this.#namesOf(key),
      publisher: this.#registry.publisherOf(key),
      pull: this.#registry.pullOf(key),
      viewers: this.#registry.viewersOf(key),
      pushes: this.#pushesOf(key),
      frameRates: frameRates.seconds,
      inputRates: { framesPerSec: frames.perSec, bytesPerSec: bytes.perSec },
      nowMs: this.#clock.monotonicMs(),
      bitratesOf: (record) => this.#bitratesOf(record),
    });
  }

  #namesOf(key: string): { streamName: string; appName: string } {
    const memory = this.#memoryOf(key);
    if (memory.names !== undefined) return memory.names;
    const first = this.#registry.firstOf(key);
    if (first === undefined) return { streamName: key, appName: '' };
    memory.names = { streamName: first.streamName, appName: first.appName };
    return memory.names;
  }

  #memoryOf(key: string): StreamMemory {
    let memory = this.#memories.get(key);
    if (memory === undefined) {
      memory = {
        frameRates: new FrameRateHistory(),
        frames: new RateWindow(),
        bytes: new RateWindow(),
        lastEnds: new LastEnds(),
        names: undefined,
      };
      this.#memories.set(key, memory);
    }
    return memory;
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
