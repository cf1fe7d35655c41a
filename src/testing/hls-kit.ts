/** A hub with HLS on a clock turned by hand, whose playlists are all checked. */
import { Buffer } from 'node:buffer';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import type { Publication } from '../hub/publication.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import type { HlsFailure } from '../output/hls/hls-failure.ts';
import type { HlsFragmentEvent, HlsObserver } from '../output/hls/hls-options.ts';
import { HlsOutput } from '../output/hls/hls-output.ts';
import type { HlsSettings } from '../output/hls/hls-settings.ts';
import { readStoredFile, type HlsStorage } from '../output/hls/hls-storage.ts';
import { MemoryStorage } from '../output/hls/memory-storage.ts';
import { FakeClock } from './fake-clock.ts';
import { LivePlaylistHistory, RecordPlaylistHistory, type CheckedPlaylist } from './hls-rules.ts';
import { frameOf, videoTrack } from './hub-kit.ts';
import { settled } from './settled.ts';
import { tsLikeVariant } from './ts-like.ts';

const track = videoTrack();

/** Files are written between frames, but not after each one, which would take its time. */
const SETTLE_FRAMES = 5;

/** lal's shipped values. */
const shippedSettings: HlsSettings = {
  fragmentDurationMs: 3000,
  fragmentNum: 6,
  deleteThreshold: 6,
  cleanupMode: 1,
  graceMs: 0,
};

/** Memory that remembers which files it has, and fails when told to. */
export class TestStorage extends MemoryStorage {
  readonly names = new Map<string, Set<string>>();
  /** Every playlist written, newest last. */
  readonly playlists: { readonly path: string; readonly parts: readonly Uint8Array[] }[] = [];
  writes = new Map<string, number>();
  /** Bytes of playlists that were made anew for a write: not those in pieces that a version before had already. */
  freshListBytes = 0;
  readonly #known = new WeakSet<Uint8Array>();
  failure: string | undefined;
  /** While set, nothing gets done. */
  blocked: Promise<void> | undefined;

  override async makeFolder(): Promise<void> {
    this.#mayFail();
  }

  override async write(folder: string, name: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.blocked;
    this.#mayFail();
    await super.write(folder, name, parts);
    const names = this.names.get(folder) ?? new Set();
    this.names.set(folder, names.add(name));
    this.writes.set(name, (this.writes.get(name) ?? 0) + 1);
    if (!name.endsWith('.m3u8')) return;
    this.playlists.push({ path: `${folder}/${name}`, parts });
    for (const part of parts) {
      if (!this.#known.has(part)) this.freshListBytes += part.length;
      this.#known.add(part);
    }
  }

  override async remove(folder: string, name: string): Promise<void> {
    this.names.get(folder)?.delete(name);
    await super.remove(folder, name);
  }

  override async removeFolder(folder: string): Promise<void> {
    await this.blocked;
    this.names.delete(folder);
    await super.removeFolder(folder);
  }

  /** Numbers in the names of a folder's fragments, in the order in which they were written. */
  ids(folder = 's'): number[] {
    const names = [...(this.names.get(folder) ?? [])].filter((name) => name.endsWith('.ts'));
    return names.map((name) => Number(/-(\d+)\.ts$/.exec(name)![1]));
  }

  #mayFail(): void {
    if (this.failure === undefined) return;
    throw Object.assign(new Error(this.failure), { code: this.failure });
  }
}

/** Streams published by hand, HLS made of them. */
export class HlsBench {
  readonly clock = new FakeClock();
  readonly hub: StreamHub;
  readonly events: string[] = [];
  readonly closed: HlsFragmentEvent[] = [];
  readonly failures: HlsFailure[] = [];
  output: HlsOutput;
  /** What lists that begin take. */
  readonly settings: { -readonly [Key in keyof HlsSettings]: HlsSettings[Key] };
  isAutomatic = true;
  readonly storage: HlsStorage;
  #stopObserving: () => void;

  constructor(settings: Partial<HlsSettings> = {}, storage?: HlsStorage) {
    this.settings = { ...shippedSettings, ...settings };
    this.hub = new StreamHub(new FlushScheduler(this.clock, 60, 0), {
      gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 },
      graceMs: this.settings.graceMs,
    });
    this.storage = storage ?? new TestStorage(1e9, () => this.clock.wallMs());
    this.output = this.#createOutput();
    this.#stopObserving = this.hub.observe(this.output);
  }

  /** The memory that the bench made for itself. */
  get memory(): TestStorage {
    return this.storage as TestStorage;
  }

  /** As if the process had ended and another begun: only files are left. */
  restart(): void {
    this.#stopObserving();
    this.output = this.#createOutput();
    this.#stopObserving = this.hub.observe(this.output);
  }

  publish(name = 's'): Publication {
    const publication = this.hub.open(name).publish()!;
    publication.announce({ video: true, audio: false });
    publication.setTrack(track);
    return publication;
  }

  /** Video with a key frame each second, or of key frames alone, in real time. */
  async send(publication: Publication, fromSec: number, toSec: number, fps = 5): Promise<void> {
    for (let index = fromSec * fps; index < toSec * fps; index += 1) {
      publication.write(frameOf(track, (index * 1000) / fps, { isKey: fps < 1 || index % fps === 0 }));
      this.clock.advance(1000 / fps);
      if (index % Math.max(fps, SETTLE_FRAMES) === 0) await settled();
    }
    await settled();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  async read(name: string, folder = 's'): Promise<string | undefined> {
    const bytes = await readStoredFile(this.storage, folder, name);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** The live list on storage, after every version written so far has been checked against the one before. */
  checkLists(folder = 's'): { live: CheckedPlaylist | undefined; record: CheckedPlaylist | undefined } {
    const live = new LivePlaylistHistory();
    const record = new RecordPlaylistHistory();
    let newestLive: CheckedPlaylist | undefined;
    let newestRecord: CheckedPlaylist | undefined;
    for (const { path, parts } of this.memory.playlists) {
      const text = Buffer.concat(parts).toString();
      if (path === `${folder}/playlist.m3u8`) newestLive = live.check(text);
      if (path === `${folder}/record.m3u8`) newestRecord = record.check(text);
    }
    return { live: newestLive, record: newestRecord };
  }

  #createOutput(): HlsOutput {
    const observer: HlsObserver = {
      fragmentOpened: ({ id }) => void this.events.push(`open ${id}`),
      fragmentClosed: (event) => {
        this.events.push(`close ${event.id}`);
        this.closed.push(event);
      },
      failed: (_, failure) => {
        this.events.push(`failed ${failure.code} ${failure.detail}`);
        this.failures.push(failure);
      },
      recovered: (_, lost) => void this.events.push(`recovered ${lost}`),
    };
    const { clock, storage } = this;
    return new HlsOutput({
      settings: this.settings,
      storage,
      clock,
      variant: tsLikeVariant,
      observer,
      isAutomatic: () => this.isAutomatic,
    });
  }
}

/** Numbers of the fragments that a list names. */
export function idsOf(playlist: CheckedPlaylist | undefined): number[] {
  return (playlist?.entries ?? []).map(({ uri }) => Number(/-(\d+)\.ts$/.exec(uri)![1]));
}
