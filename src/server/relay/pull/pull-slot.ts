import { endReason, type EndCode, type EndReason } from '../../../media/end-reason.ts';
import type { LiveStream } from '../../../hub/live-stream.ts';
import type { StreamAddress } from '../../stream-address.ts';
import type { PullAttempt } from './pull-attempt.ts';
import type { PullMemory } from './pull-source.ts';
import type { PullObjection, PullOrigin, PullSettings } from './pull-settings.ts';

/** What is the case with a stream right now. */
export interface StreamFacts {
  readonly nowMs: number;
  /** Somebody publishes, or is about to. */
  readonly hasInput: boolean;
  /** Somebody watches. */
  readonly hasViewer: boolean;
  /** Somebody watches, or it is pushed on. */
  readonly hasOutput: boolean;
  /** What the config says about the stream; `undefined`: nothing. */
  readonly staticSettings: PullSettings | undefined;
}

/** The world of a slot. */
export interface PullSlotHost {
  facts(slot: PullSlot): StreamFacts;
  /** There are as many pulls as there may be. */
  readonly isFull: boolean;
  open(slot: PullSlot, settings: PullSettings, origin: PullOrigin): PullAttempt;
  /** A try has come to nothing. @param isNew the one before did not fail in the same way */
  failed(slot: PullSlot, attempt: PullAttempt, reason: EndReason, isNew: boolean): void;
}

/** Once a second, as lal; a little less, so that a tick that comes early is not one too early. */
const TRY_INTERVAL_MS = 900;

/** Longer than publishers pause or key frames take to come, as a rule; encoders go on trying for longer. */
const SILENT_AFTER_MS = 5000;

/** Ends that are not the origin's fault. */
const OWN_ENDS: ReadonlySet<EndCode> = new Set(['stream-in-use', 'no-viewers', 'kicked', 'server-shutdown']);

/**
 * All that is known about pulling one stream: what was ordered, how often it was tried, and the try that is under way. One
 * command and the config share it: the command counts until it is taken back.
 */
export class PullSlot {
  readonly stream: LiveStream;
  /** What the stream is called. */
  readonly address: StreamAddress;
  /** Of the present order, or of the config. */
  memory: PullMemory = newMemory();
  readonly #host: PullSlotHost;
  #command: PullSettings | undefined;
  /** The try under way, and what it was begun with. */
  #running: { readonly attempt: PullAttempt; readonly settings: PullSettings } | undefined;
  /** Of the last try. */
  #lastId = '';
  /** Tries since the last command or stop. */
  #tries = 0;
  /** Origins in a row from which nothing came: many servers consent to play what nobody publishes. */
  #failures = 0;
  /** How the last try failed. */
  #lastFailure = '';
  #nextTryMs = -Infinity;
  #establishedMs = 0;
  /** When somebody last watched; at first, when the slot was made. */
  #watchedMs: number;
  #letGo: (() => void) | undefined;
  /** A publisher left, and has first claim to the stream while others wait for it. */
  #isForPublisher: boolean;

  constructor(stream: LiveStream, address: StreamAddress, host: PullSlotHost, nowMs: number) {
    this.stream = stream;
    this.address = address;
    this.#host = host;
    this.#watchedMs = nowMs;
    this.#isForPublisher = stream.isInGrace;
  }

  /** The try under way, or the pull that is up. */
  get attempt(): PullAttempt | undefined {
    return this.#running?.attempt;
  }

  /** Keeps the stream, because it is pulled or to be pulled. */
  get isHolding(): boolean {
    return this.#letGo !== undefined;
  }

  /**
   * Somebody orders a pull. It is tried at once; a command that is refused changes nothing.
   * @returns the session's id
   */
  order(command: PullSettings): { readonly sessionId: string } | PullObjection {
    const facts = this.#host.facts(this);
    if (facts.hasInput || this.#running !== undefined) return 'in-use';
    if (command.autoStopMs === 0 && !facts.hasOutput) return 'auto-stop';
    if (this.#host.isFull) return 'limit-reached';
    this.#command = command;
    this.memory = newMemory();
    this.#tries = 0;
    this.#failures = 0;
    this.#watchedMs = facts.nowMs;
    return { sessionId: this.#try(command, facts.nowMs).id };
  }

  /**
   * Takes a command back, and ends what has come of it or of the config.
   * @returns the id of the session that was ended, or of the last try where the command would have led to another;
   *   `undefined`: there was nothing to stop
   */
  stop(reason: EndReason): string | undefined {
    const { attempt } = this;
    const isPending = this.#command !== undefined && this.#hasTriesLeft(this.#command);
    this.#command = undefined;
    this.#tries = 0;
    attempt?.end(reason);
    this.#hold();
    return attempt?.id ?? (isPending ? this.#lastId : undefined);
  }

  /** Somebody came to watch. */
  viewerCame(): void {
    const facts = this.#host.facts(this);
    this.#watchedMs = facts.nowMs;
    this.#tryIfWanted(facts);
  }

  /**
   * A publisher wants the stream. A pull that is up keeps it, unless it has nothing to show: the publisher at an RTMP origin
   * may have gone for good, or be this one, who comes back here.
   */
  makeWay(): void {
    const { attempt } = this;
    if (attempt?.isEstablished === true && this.#isSilent()) attempt.end(endReason('stream-in-use'));
  }

  #isSilent(): boolean {
    const lastMs = this.stream.publication?.meter.lastArrivedMs ?? this.#establishedMs;
    return this.#host.facts(this).nowMs - lastMs >= SILENT_AFTER_MS;
  }

  /** A publisher has the stream: a try that is under way would come too late. */
  publisherCame(): void {
    this.#isForPublisher = true;
    if (this.attempt?.isEstablished === false) this.attempt.end(endReason('stream-in-use'));
  }

  /** To be called once a second. */
  tick(): void {
    const facts = this.#host.facts(this);
    if (facts.hasViewer) this.#watchedMs = facts.nowMs;
    const running = this.#running;
    if (running !== undefined && this.#isUnwatched(running.settings, facts)) {
      this.#tries = 0;
      running.attempt.end(endReason('no-viewers'));
    } else {
      this.#tryIfWanted(facts);
    }
    this.#hold();
  }

  /** Whether the stream is to be pulled, as far as it is not there already: lal's conditions, in its order. */
  #isWanted(facts: StreamFacts): boolean {
    const settings = this.#settingsOf(facts);
    if (settings === undefined || this.#isUnwatched(settings, facts)) return false;
    return this.#hasTriesLeft(settings);
  }

  #hasTriesLeft({ retryNum }: PullSettings): boolean {
    return retryNum < 0 || this.#tries <= retryNum;
  }

  #settingsOf({ staticSettings }: StreamFacts): PullSettings | undefined {
    return this.#command ?? staticSettings;
  }

  #isUnwatched({ autoStopMs }: PullSettings, { hasOutput, nowMs }: StreamFacts): boolean {
    if (autoStopMs < 0 || hasOutput) return false;
    return nowMs - this.#watchedMs >= autoStopMs;
  }

  #tryIfWanted(facts: StreamFacts): void {
    if (facts.hasInput || this.#running !== undefined || facts.nowMs < this.#nextTryMs) return;
    if (this.#isForPublisher && this.stream.isInGrace) return;
    if (!this.#isWanted(facts) || this.#host.isFull) return;
    this.#try(this.#settingsOf(facts)!, facts.nowMs);
  }

  #try(settings: PullSettings, nowMs: number): PullAttempt {
    const { origins } = settings;
    this.#nextTryMs = nowMs + TRY_INTERVAL_MS;
    this.#tries += 1;
    const attempt = this.#host.open(this, settings, origins[this.#failures % origins.length]!);
    this.#running = { attempt, settings };
    this.#lastId = attempt.id;
    this.#hold();
    return attempt;
  }

  /** The attempt has the stream. */
  established(): void {
    this.#establishedMs = this.#host.facts(this).nowMs;
    this.#lastFailure = '';
    this.#isForPublisher = false;
  }

  /** The attempt is over. */
  ended(attempt: PullAttempt, reason: EndReason): void {
    this.#running = undefined;
    if (reason.code === 'kicked') {
      this.#command = undefined;
      this.#tries = 0;
    }
    const isOwnEnd = OWN_ENDS.has(reason.code);
    if (attempt.hasMedia) this.#failures = 0;
    else if (!isOwnEnd) this.#failures += 1;
    if (attempt.isEstablished) return;
    const failure = `${reason.code} ${reason.detail ?? ''}`;
    const isNew = failure !== this.#lastFailure && !isOwnEnd;
    if (!isOwnEnd) this.#lastFailure = failure;
    this.#host.failed(this, attempt, reason, isNew);
  }

  /** Keeps the stream as long as it is pulled, or will be. */
  #hold(): void {
    const isWanted = this.#running !== undefined || this.#isWanted(this.#host.facts(this));
    if (isWanted) {
      this.#letGo ??= this.stream.hold();
    } else {
      this.#letGo?.();
      this.#letGo = undefined;
    }
  }

  /** The server stops: nothing is held or tried any more. */
  close(reason: EndReason): void {
    this.attempt?.end(reason);
    this.#letGo?.();
    this.#letGo = undefined;
  }
}

function newMemory(): PullMemory {
  return { finished: undefined, dump: undefined };
}
