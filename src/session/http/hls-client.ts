import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { sleep } from '../../media/sleep.ts';
import { chooseVariant } from '../../protocol/hls/choose-variant.ts';
import {
  PlaylistFollower,
  type FollowedFragment,
  type FollowerCounters,
  type FragmentSequel,
} from '../../protocol/hls/playlist-follower.ts';
import {
  parseSourcePlaylist,
  type SourceFragment,
  type SourceMasterPlaylist,
  type SourceMediaPlaylist,
} from '../../protocol/hls/source-playlist.ts';
import { fetchBytes, type FetchedBytes } from './fetch-bytes.ts';
import type { HttpClient } from './http-client.ts';
import { HttpFailure } from './http-failure.ts';

/** What to receive, and how patiently. */
export interface HlsClientOptions {
  /** Of a master or media playlist; a user in it is sent as Basic credentials. */
  readonly url: string;
  readonly client: HttpClient;
  readonly userAgent: string;
  /** For the answer to a request, and again for each piece of its body. */
  readonly requestTimeoutMs: number;
  /** How long the list may have nothing new. */
  readonly idleTimeoutMs: number;
  /** The `lastFragment` of a list that was received to its end: an ended list with no other end is nothing new. */
  readonly finished?: string | undefined;
  readonly clock: Clock;
  /** Ends it; its reason must be an `EndReason`. */
  readonly signal: AbortSignal;
}

/** A fragment, whole. */
export interface ReceivedFragment {
  readonly bytes: Uint8Array;
  readonly sequel: FragmentSequel;
}

/** A list of a week has some megabytes. */
const MAX_PLAYLIST_BYTES = 16 << 20;
/** Ten seconds of 50 Mbit/s. */
const MAX_FRAGMENT_BYTES = 64 << 20;
/** Attempts for one fragment, and the time between them, longer with each. */
const MAX_ATTEMPTS = 3;
const RETRY_MS = 500;
/** A list whose fragments cannot be had is not worth following. */
const MAX_LOST_IN_A_ROW = 5;

/** Receives a stream by HLS: follows its list and fetches the fragments, one after the other. */
export class HlsClient {
  readonly #options: HlsClientOptions;
  readonly #follower = new PlaylistFollower();
  #bytesRead = 0;

  constructor(options: HlsClientOptions) {
    this.#options = options;
  }

  /** Bodies of lists and fragments. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** What the list ends with, without its query; `undefined` while there is nothing. */
  get lastFragment(): string | undefined {
    return this.#follower.lastFragment;
  }

  get counters(): Readonly<FollowerCounters> {
    return this.#follower.counters;
  }

  /**
   * The fragments in their order, each fetched when it is asked for; it ends with the list.
   * @throws {HttpFailure} when there is nothing more to be had, or the signal fired
   * @throws {ProtocolError} `ERR_HLS_…`, `ERR_HTTP_BODY_TOO_LARGE`
   */
  async *fragments(): AsyncGenerator<ReceivedFragment, void> {
    const { clock, finished } = this.#options;
    let listUrl = await this.#begin();
    if (this.#follower.isEnded && finished !== undefined && finished === this.lastFragment) {
      throw new HttpFailure(endReason('source-ended', undefined, 'the list has come to its end'));
    }
    let lostInARow = 0;
    while (!this.#follower.isFinished) {
      this.#checkAlive();
      const { reloadMs } = this.#follower;
      if (reloadMs !== undefined && reloadMs <= clock.monotonicMs()) listUrl = await this.#reload(listUrl);
      const next = this.#follower.next();
      if (next === undefined) {
        await this.#waitForReload();
        continue;
      }
      const bytes = await this.#fragmentBytes(next, lostInARow + 1 >= MAX_LOST_IN_A_ROW);
      lostInARow = bytes === undefined ? lostInARow + 1 : 0;
      if (bytes !== undefined) yield { bytes, sequel: next.sequel };
    }
  }

  /** Loads the list for the first time. @returns where it is */
  async #begin(): Promise<string> {
    const { clock, url } = this.#options;
    const first = await this.#loadList(url);
    const askedMs = clock.monotonicMs();
    if (first.list.kind === 'media') {
      this.#follower.update(first.list, askedMs);
      return first.url;
    }
    const chosen = await this.#loadList(chooseVariant(first.list).url);
    this.#follower.update(mediaOf(chosen.list), askedMs);
    return chosen.url;
  }

  /** @returns where the list is now */
  async #reload(listUrl: string): Promise<string> {
    const { clock, idleTimeoutMs } = this.#options;
    const askedMs = clock.monotonicMs();
    try {
      const { list, url } = await this.#loadList(listUrl);
      this.#follower.update(mediaOf(list), askedMs);
      if (!this.#isIdle(askedMs)) return url;
    } catch (error) {
      this.#checkAlive();
      if (!mayPass(error) || this.#isIdle(askedMs)) throw error;
      this.#follower.missed(askedMs);
      return listUrl;
    }
    const text = `the list has had nothing new for ${Math.round(idleTimeoutMs / 1000)} s`;
    throw new HttpFailure(endReason('idle-timeout', undefined, text));
  }

  #isIdle(nowMs: number): boolean {
    return !this.#follower.isFinished && nowMs - this.#follower.changedMs > this.#options.idleTimeoutMs;
  }

  async #waitForReload(): Promise<void> {
    const { clock, signal } = this.#options;
    const { reloadMs } = this.#follower;
    const waitMs = reloadMs === undefined ? 0 : reloadMs - clock.monotonicMs();
    // A list that came slowly may be due again already.
    if (waitMs > 0) await sleep(clock, waitMs, signal);
  }

  /** @param isLastTry what cannot be had is an error then; else `undefined` */
  async #fragmentBytes(
    { fragment, url, sequel }: FollowedFragment,
    isLastTry: boolean,
  ): Promise<Uint8Array | undefined> {
    const { clock, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const fetched = await this.#fetch(url, MAX_FRAGMENT_BYTES, rangeHeader(fragment));
        return partOf(fetched, fragment);
      } catch (error) {
        this.#checkAlive();
        if (error instanceof ProtocolError) throw error;
        if (attempt === MAX_ATTEMPTS && isLastTry) throw error;
        if (attempt === MAX_ATTEMPTS) break;
        await sleep(clock, RETRY_MS * attempt, signal);
        this.#checkAlive();
      }
    }
    this.#follower.lost(sequel);
    return undefined;
  }

  async #loadList(url: string): Promise<{ list: SourceMasterPlaylist | SourceMediaPlaylist; url: string }> {
    const fetched = await this.#fetch(url, MAX_PLAYLIST_BYTES);
    const list = parseSourcePlaylist(new TextDecoder().decode(fetched.bytes), fetched.url);
    return { list, url: fetched.url };
  }

  #fetch(url: string, maxBytes: number, headers: Record<string, string> = {}): Promise<FetchedBytes> {
    const { client, clock, requestTimeoutMs, signal, userAgent } = this.#options;
    return fetchBytes(url, {
      client,
      clock,
      headers: { 'User-Agent': userAgent, Accept: '*/*', ...headers },
      maxBytes,
      timeoutMs: requestTimeoutMs,
      signal,
      onBytes: (length) => (this.#bytesRead += length),
    });
  }

  #checkAlive(): void {
    const { signal } = this.#options;
    if (signal.aborted) throw new HttpFailure(signal.reason as EndReason);
  }
}

/** Whether a list that was there before may be there again: not when it turns out to be of a kind that cannot be received. */
function mayPass(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.code === 'ERR_HLS_PLAYLIST';
  return error instanceof HttpFailure;
}

function mediaOf(list: SourceMasterPlaylist | SourceMediaPlaylist): SourceMediaPlaylist {
  if (list.kind === 'media') return list;
  throw new ProtocolError('ERR_HLS_PLAYLIST', 'a master playlist in place of a media playlist');
}

function rangeHeader({ range }: SourceFragment): Record<string, string> {
  return range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
}

/** A server without ranges sends everything. */
function partOf({ bytes, status }: FetchedBytes, { range }: SourceFragment): Uint8Array {
  if (range === undefined || status === 206) return bytes;
  return bytes.subarray(range.offset, range.offset + range.length);
}

/** Why `HlsClient.fragments` threw. */
export function hlsEndReason(error: unknown): EndReason {
  return error instanceof HttpFailure ? error.endReason : endReasonOfError(error);
}
