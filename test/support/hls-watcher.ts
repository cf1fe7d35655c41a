import { setTimeout as sleep } from 'node:timers/promises';
import { LivePlaylistHistory, RecordPlaylistHistory } from '../../src/testing/hls-rules.ts';
import type { TestServer } from './server.ts';
import { Waiters } from './waiters.ts';

/** How often the lists are looked at: no version of a list with fragments of a second is missed. */
const pollMs = 100;

/** Looks at both lists of a stream over and over again, checks each version, and takes every fragment of the live list. */
export class HlsWatcher {
  readonly #server: TestServer;
  readonly #streamName: string;
  readonly #live = new LivePlaylistHistory();
  readonly #record = new RecordPlaylistHistory();
  readonly #fragments = new Map<string, Buffer>();
  readonly #watching: Promise<void>;
  #isWanted = true;
  readonly #waiters = new Waiters(() => `${this.#fragments.size} fragments so far`);
  #isEnded = false;
  #recordEntries = 0;

  /** Starts at once; the stream need not be there yet. */
  constructor(server: TestServer, streamName: string) {
    this.#server = server;
    this.#streamName = streamName;
    this.#watching = this.#watch();
    this.#watching.catch((error: unknown) => this.#waiters.fail(String(error)));
  }

  /** Resolves when the live list has had so many fragments. */
  async untilListed(fragments: number, timeoutMs = 30_000): Promise<void> {
    const describe = `${fragments} fragments of ${this.#streamName}`;
    await this.#waiters.until(() => this.#fragments.size >= fragments, describe, timeoutMs);
  }

  /** Resolves when the live list says that it has ended. */
  async untilEnded(timeoutMs = 30_000): Promise<void> {
    await this.#waiters.until(() => this.#isEnded, `the end of ${this.#streamName}'s list`, timeoutMs);
  }

  /** Looks once more, whatever the lists say, and stops. Fails if a list broke a rule of RFC 8216 at any time. */
  async finish(): Promise<void> {
    this.#isWanted = false;
    await this.#watching;
  }

  /** All fragments of the live list in their order, as one stream. */
  get bytes(): Buffer {
    return Buffer.concat([...this.#fragments.values()]);
  }

  get liveEntries(): number {
    return this.#fragments.size;
  }

  get recordEntries(): number {
    return this.#recordEntries;
  }

  async #watch(): Promise<void> {
    let isLast = false;
    while (!isLast) {
      isLast = !this.#isWanted;
      await this.#look();
      if (!isLast) await sleep(pollMs);
    }
  }

  async #look(): Promise<void> {
    const live = await this.#get(`${this.#streamName}.m3u8`);
    if (live === undefined) return;
    const { entries, isEnded } = this.#live.check(live.toString());
    for (const { uri } of entries) {
      if (this.#fragments.has(uri)) continue;
      const fragment = await this.#get(`${this.#streamName}/${uri}`);
      if (fragment === undefined) throw new Error(`${uri} is in the list and not to be had`);
      this.#fragments.set(uri, fragment);
    }
    const record = await this.#get(`${this.#streamName}/record.m3u8`);
    if (record === undefined) throw new Error('there is a live list and no record list');
    this.#recordEntries = this.#record.check(record.toString()).entries.length;
    this.#isEnded = isEnded;
    this.#waiters.wake();
  }

  /** @returns `undefined` when it is not there */
  async #get(path: string): Promise<Buffer | undefined> {
    const response = await fetch(this.#server.hlsUrl('http', path));
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status === 200) return body;
    if (response.status !== 404) throw new Error(`${path} was answered with ${response.status}`);
    return undefined;
  }
}
