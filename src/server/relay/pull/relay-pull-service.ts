import { endReason, type EndReason } from '../../../media/end-reason.ts';
import type { ServerContext } from '../../server-context.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';
import type { StreamAddress } from '../../stream-address.ts';
import { PullAttempt } from './pull-attempt.ts';
import { PullSlot, type PullSlotHost, type StreamFacts } from './pull-slot.ts';
import { PULL_OBJECTION_TEXTS, type PullOrigin, type PullSettings } from './pull-settings.ts';
import { networkSources, type OpenSource } from './open-source.ts';
import { StaticPull } from './static-pull.ts';

/** A pull that was ordered and is under way. */
export interface PullStarted {
  readonly sessionId: string;
}

/** Why a pull is not started, or not stopped, in lal's words where it has some. */
export interface PullRefusal {
  readonly text: string;
  /** Which limit, for example. */
  readonly detail?: string | undefined;
}

/** Streams that come from other servers: because the config says so and somebody watches, or by order. */
export class RelayPullService implements PullSlotHost {
  readonly #context: ServerContext;
  readonly #openSource: OpenSource;
  /** By stream key. */
  readonly #slots = new Map<string, PullSlot>();
  readonly #attempts = new Set<PullAttempt>();
  /** Files that are being closed. */
  readonly #dumps = new Set<Promise<void>>();
  #static: StaticPull;
  #isClosed = false;

  constructor(context: ServerContext, openSource: OpenSource = networkSources(context)) {
    const { config, configStore, registry, gate } = context;
    this.#context = context;
    this.#openSource = openSource;
    this.#static = new StaticPull(config);
    configStore.onChange(() => (this.#static = new StaticPull(config)));
    registry.observe({ sessionStarted: (record) => this.#sessionStarted(record) });
    gate.beforePublishers((key) => this.#slots.get(key)?.makeWay());
  }

  /** Tries under way, and pulls that are up. */
  get pullCount(): number {
    return this.#attempts.size;
  }

  get isFull(): boolean {
    const { max_relay_pulls: maxPulls } = this.#context.config.limits;
    return maxPulls > 0 && this.#attempts.size >= maxPulls;
  }

  /**
   * Orders a pull. That it is started does not mean that the origin answers; who comes later is told by the registry.
   * @param address what the stream is called here
   */
  start(address: StreamAddress, settings: PullSettings): PullStarted | PullRefusal {
    const refusal = this.#isClosed ? endReason('server-shutdown') : this.#context.gate.refusalOf(address);
    if (refusal !== undefined) return { text: refusal.message, detail: refusal.detail };
    const result = this.#slotOf(address).order(settings);
    return typeof result === 'string' ? { text: PULL_OBJECTION_TEXTS[result] } : result;
  }

  /**
   * Takes an order back and ends the pull of a stream, also one that has not been established yet.
   * @returns the id of the session; `undefined` when there was none
   */
  stop(streamKey: string): string | undefined {
    return this.#slots.get(streamKey)?.stop(endReason('kicked'));
  }

  /** To be called once a second, before the hub forgets streams. */
  tick(): void {
    if (this.#isClosed) return;
    if (this.#static.isOn) this.#findWatched();
    for (const [key, slot] of this.#slots) {
      slot.tick();
      const isForgotten = this.#context.hub.get(key) !== slot.stream;
      if (!slot.isHolding && isForgotten) this.#slots.delete(key);
    }
  }

  close(reason: EndReason): void {
    this.#isClosed = true;
    for (const slot of this.#slots.values()) slot.close(reason);
    this.#slots.clear();
  }

  /** Resolves when the dumps of what has ended are written, which a sick disk may never do. */
  async whenWritten(): Promise<void> {
    await Promise.all(this.#dumps);
  }

  facts(slot: PullSlot): StreamFacts {
    const { clock, registry, hub } = this.#context;
    const { key } = slot.stream;
    const staticPull = this.#static;
    return {
      nowMs: clock.monotonicMs(),
      hasInput: registry.hasInput(key) || hub.get(key)?.publication !== undefined,
      hasViewer: registry.hasViewer(key),
      hasOutput: registry.hasOutput(key),
      get staticSettings() {
        return staticPull.isOn ? staticPull.settingsFor(registry.firstOf(key) ?? slot.address) : undefined;
      },
    };
  }

  open(slot: PullSlot, settings: PullSettings, origin: PullOrigin): PullAttempt {
    const { timeoutMs, dumpPath } = settings;
    const { insecure_tls: takesAnyCertificate } = this.#context.config.relay;
    const attempt = new PullAttempt(
      {
        streamKey: slot.stream.key,
        address: slot.address,
        origin: takesAnyCertificate ? { ...origin, verifyCertificate: false } : origin,
        timeoutMs,
        dumpPath,
        memory: slot.memory,
      },
      this.#openSource,
      this.#context,
      {
        established: () => slot.established(),
        ended: (ended, reason) => {
          this.#attempts.delete(ended);
          this.#follow(ended.dumped);
          slot.ended(ended, reason);
        },
      },
    );
    this.#attempts.add(attempt);
    return attempt;
  }

  #follow(dumped: Promise<void> | undefined): void {
    if (dumped === undefined) return;
    this.#dumps.add(dumped);
    void dumped.then(() => this.#dumps.delete(dumped));
  }

  /** The same failure again and again, once a second, is worth one line. */
  failed(slot: PullSlot, attempt: PullAttempt, reason: EndReason, isNew: boolean): void {
    const { code, detail, message, cause } = reason;
    const level = code === 'internal-error' ? 'error' : isNew ? 'warn' : 'debug';
    const { key: stream } = slot.stream;
    this.#context.logger[level](
      { session: attempt.id, stream, code, detail, err: cause },
      `relay pull failed: ${message}`,
    );
  }

  /** Streams that somebody watches, and whose input is gone, or is to come from an origin that the config names only now. */
  #findWatched(): void {
    const { hub, registry } = this.#context;
    for (const [key, stream] of hub.streams) {
      if (stream.publication !== undefined || this.#currentSlot(key) !== undefined) continue;
      const first = registry.hasViewer(key) ? registry.firstOf(key) : undefined;
      if (first !== undefined) this.#slotOf(first);
    }
  }

  #sessionStarted({ baseType, streamKey, appName, streamName, urlParam }: SessionRecord): void {
    if (this.#isClosed) return;
    if (baseType === 'PUB') {
      this.#slots.get(streamKey)?.publisherCame();
    } else if (baseType === 'SUB') {
      const isWanted = this.#static.isOn && !this.#context.registry.hasInput(streamKey);
      const slot = isWanted ? this.#slotOf({ appName, streamName, urlParam }) : this.#currentSlot(streamKey);
      slot?.viewerCame();
    }
  }

  /** The slot of a stream, made if need be. */
  #slotOf({ appName, streamName, urlParam }: StreamAddress): PullSlot {
    const address = { appName, streamName, urlParam };
    const { gate, hub, clock } = this.#context;
    const key = gate.streamKeyOf(address);
    const known = this.#currentSlot(key);
    if (known !== undefined) return known;
    const slot = new PullSlot(hub.open(key), address, this, clock.monotonicMs());
    this.#slots.set(key, slot);
    return slot;
  }

  /** A stream that was forgotten has taken its slot along. */
  #currentSlot(key: string): PullSlot | undefined {
    const slot = this.#slots.get(key);
    return slot?.stream === this.#context.hub.get(key) ? slot : undefined;
  }
}
