/** A file's content, shared by all who send it. */
export interface CachedFile {
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

interface Entry extends CachedFile {
  usedMs: number;
}

/** How long a file stays that is not in a list any more and that nobody asks for. */
const IDLE_MS = 10_000;

/**
 * Files that are being watched, in memory: each is read once, however many ask for it at once or one after the other.
 * Bounded in bytes; the one not used for longest goes first.
 */
export class FileCache {
  /** May be changed at any time; it is kept to from the next file on. */
  maxBytes: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<CachedFile | undefined>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a file of that length may be kept: one alone must not push out all others. */
  hasRoomFor(length: number): boolean {
    return length <= this.maxBytes / 4;
  }

  get(key: string, nowMs: number): CachedFile | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.usedMs = nowMs;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** The file, from the cache or by `load`; those who ask while it is being loaded wait for the same. */
  load(
    key: string,
    nowMs: number,
    load: () => Promise<CachedFile | undefined>,
  ): Promise<CachedFile | undefined> {
    const known = this.get(key, nowMs);
    if (known !== undefined) return Promise.resolve(known);
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(key, nowMs, load).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** Drops what is idle; to be called about once a second. @param isListed whether a file is in a live list */
  tick(nowMs: number, isListed: (key: string) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (nowMs - entry.usedMs > IDLE_MS && !isListed(key)) this.#delete(key);
    }
  }

  async #load(
    key: string,
    nowMs: number,
    load: () => Promise<CachedFile | undefined>,
  ): Promise<CachedFile | undefined> {
    const file = await load();
    if (file === undefined || !this.hasRoomFor(file.bytes.length)) return file;
    this.#entries.set(key, { ...file, usedMs: nowMs });
    this.#bytes += file.bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#delete(oldest);
    }
    return file;
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)!.bytes.length;
    this.#entries.delete(key);
  }
}
