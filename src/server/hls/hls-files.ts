import type { Clock } from '../../media/clock.ts';
import type { HlsOutput } from '../../output/hls/hls-output.ts';
import type { HlsStorage, StoredFile } from '../../output/hls/hls-storage.ts';
import { PLAYLIST_FILE, PlaylistDocument, type PlaylistKind } from '../../output/hls/playlist-document.ts';
import type { CachedFile, FileCache } from './file-cache.ts';

/** A list that lies on disk is read whole; larger ones than this are none of ours. */
const MAX_PLAYLIST_BYTES = 64 * 1024 * 1024;

/** Lists of ended streams that are kept in memory, so that they are not read and hashed for each request. */
const MAX_KEPT_LISTS = 16;
/** Of all of them: the largest list that is served may be kept, alone. */
const MAX_KEPT_BYTES = MAX_PLAYLIST_BYTES;

/** A fragment: in memory, or as an open file, which the receiver closes. */
export type FoundFragment = CachedFile | StoredFile;

/** Finds what is to be served: of running streams in memory, of others, and what was put there by hand, on disk. */
export class HlsFiles {
  readonly #output: HlsOutput;
  readonly #storage: HlsStorage;
  readonly #clock: Clock;
  readonly #cache: FileCache;
  /** Newest last. */
  readonly #lists = new Map<string, PlaylistDocument>();
  #listBytes = 0;

  constructor(output: HlsOutput, storage: HlsStorage, cache: FileCache, clock: Clock) {
    this.#output = output;
    this.#storage = storage;
    this.#cache = cache;
    this.#clock = clock;
  }

  async playlist(folder: string, kind: PlaylistKind): Promise<PlaylistDocument | undefined> {
    const document = this.#output.get(folder)?.document(kind);
    if (document !== undefined) return document;
    const file = await this.#storage.open(folder, PLAYLIST_FILE[kind]);
    if (file === undefined) return undefined;
    try {
      return await this.#list(`${folder}/${kind}`, file);
    } finally {
      await file.close();
    }
  }

  /** Of those in a live list each is read from disk at most once. */
  async fragment(folder: string, name: string): Promise<FoundFragment | undefined> {
    const key = `${folder}/${name}`;
    const nowMs = this.#clock.monotonicMs();
    const cached = this.#cache.get(key, nowMs);
    if (cached !== undefined) return cached;
    if (!this.#isListed(folder, name)) return this.#storage.open(folder, name);
    const loaded = await this.#cache.load(key, nowMs, () => this.#read(folder, name));
    // Too large to be kept in memory: sent piece by piece.
    return loaded ?? this.#storage.open(folder, name);
  }

  /** Of lists that are kept. */
  get listBytes(): number {
    return this.#listBytes;
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    this.#cache.tick(nowMs, (key) => {
      const slash = key.lastIndexOf('/');
      return this.#isListed(key.slice(0, slash), key.slice(slash + 1));
    });
  }

  async #list(key: string, file: StoredFile): Promise<PlaylistDocument | undefined> {
    const { length, modifiedMs } = file;
    const known = this.#lists.get(key);
    if (known?.length === length && known.modifiedMs === modifiedMs) return known;
    if (length > MAX_PLAYLIST_BYTES) return undefined;
    const document = new PlaylistDocument([await file.readAll()], modifiedMs);
    this.#forgetList(key);
    this.#lists.set(key, document);
    this.#listBytes += document.length;
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MAX_KEPT_LISTS && this.#listBytes <= MAX_KEPT_BYTES) break;
      this.#forgetList(oldest);
    }
    return document;
  }

  #forgetList(key: string): void {
    this.#listBytes -= this.#lists.get(key)?.length ?? 0;
    this.#lists.delete(key);
  }

  #isListed(folder: string, name: string): boolean {
    return this.#output.get(folder)?.isListed(name) === true;
  }

  async #read(folder: string, name: string): Promise<CachedFile | undefined> {
    const file = await this.#storage.open(folder, name);
    if (file === undefined) return undefined;
    try {
      if (!this.#cache.hasRoomFor(file.length)) return undefined;
      return { bytes: await file.readAll(), modifiedMs: file.modifiedMs };
    } finally {
      await file.close();
    }
  }
}
