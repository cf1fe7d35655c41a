import { Buffer } from 'node:buffer';
import { LivePlaylist } from '../../protocol/hls/live-playlist.ts';
import { fragmentUri, type PlaylistEntry } from '../../protocol/hls/playlist-entry.ts';
import { parsePlaylist } from '../../protocol/hls/playlist-text.ts';
import { RecordPlaylist } from '../../protocol/hls/record-playlist.ts';
import type { ClosedFragment } from './fragment.ts';
import { hlsFailureOf, type HlsFailure } from './hls-failure.ts';
import type { HlsFragmentEvent, HlsPresentationOptions } from './hls-options.ts';
import type { HlsSettings } from './hls-settings.ts';
import { readStoredFile } from './hls-storage.ts';
import { PLAYLIST_FILE, PlaylistDocument, type PlaylistKind } from './playlist-document.ts';

/** `record.m3u8` is written to disk at most this often, so that its length does not count; HTTP has it from memory. */
const RECORD_WRITE_INTERVAL_MS = 10_000;

const FOREIGN_RECORD: HlsFailure = {
  code: 'ERR_HLS_RECORD_LIST',
  detail: PLAYLIST_FILE.record,
  message: 'the file is no playlist; it is left as it is, and the list of this stream is kept in memory only',
};

const NOT_REMOVED = 'a fragment cannot be removed; it stays until the stream has ended';

/** The part of an event that is known before the fragment's length is. */
export type HlsFragmentName = Omit<HlsFragmentEvent, 'durationMs'>;

/**
 * The files of one stream: fragments and both lists, and which of them are to go. Its methods are called one after the
 * other; each throws what the storage throws, and can be tried again.
 */
export class HlsFolder {
  readonly #options: HlsPresentationOptions;
  /** Last part of the stream key: what fragments are named after. */
  readonly #stem: string;
  /** Of the present list. */
  #settings: HlsSettings;
  #live: LivePlaylist | undefined;
  /** Not in mode 2, whose fragments do not stay. */
  #record: RecordPlaylist | undefined;
  #isLoaded = false;
  /** `record.m3u8` holds something else; it is left alone. */
  #isRecordForeign = false;
  #isRecordDirty = false;
  #recordWrittenMs = -Infinity;
  /** Fragments that mode 2 has to remove one day, oldest first. */
  readonly #removable: string[] = [];
  #isRemovalFailing = false;
  #hasFragments = false;
  #isEnded = false;
  /** Something between the last entry and the next was lost. */
  #hasGap = false;
  #changedMs = 0;
  readonly #documents = new Map<PlaylistKind, { version: string; document: PlaylistDocument }>();

  constructor(options: HlsPresentationOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#stem = options.folder.slice(options.folder.lastIndexOf('/') + 1);
  }

  /** The last list has ended, another begins. */
  async startOver(settings: HlsSettings): Promise<void> {
    this.#settings = settings;
    this.#live?.startOver(liveListOptions(settings));
    this.#hasFragments = false;
    if (settings.cleanupMode === 2) this.#forgetRecord();
    else if (this.#record === undefined) this.#isLoaded = false;
    await this.prepare();
  }

  /** Makes the folder, and finds out what there is to go on with. */
  async prepare(): Promise<void> {
    const { storage, folder } = this.#options;
    if (this.#isLoaded) return;
    await storage.makeFolder(folder);
    await this.#load();
    this.#isLoaded = true;
  }

  nextFragment(openedMs: number): HlsFragmentName {
    const { streamKey, folder } = this.#options;
    const id = this.#live!.nextSequence;
    return { streamKey, folder, name: `${this.#stem}-${openedMs}-${id}.ts`, id };
  }

  /** Writes a fragment, and adds it to the lists. When this throws, the fragment is lost. */
  async add(fragment: ClosedFragment): Promise<HlsFragmentName> {
    const { storage, folder, clock } = this.#options;
    await this.prepare();
    const fragmentName = this.nextFragment(fragment.openedMs);
    await storage.write(folder, fragmentName.name, fragment.parts);
    const entry: PlaylistEntry = {
      uri: fragmentUri(fragmentName.name),
      durationMs: fragment.durationMs,
      discontinuity: fragment.discontinuity || this.#hasGap,
      isIndependent: fragment.isIndependent,
      programDateTimeMs: fragment.programDateTimeMs,
    };
    this.#live!.add(entry);
    this.#record?.append(entry, this.#settings.fragmentDurationMs);
    this.#hasGap = false;
    this.#isRecordDirty = true;
    this.#hasFragments = true;
    this.#isEnded = false;
    this.#changedMs = clock.wallMs();
    this.#removable.push(fragmentName.name);
    return fragmentName;
  }

  /** Writes the lists, then removes what is not needed any more. */
  async update(): Promise<void> {
    await this.#writeLists(false);
    await this.#removeOld();
  }

  /** Whether the live list names the fragment. */
  isListed(name: string): boolean {
    const uri = fragmentUri(name);
    return this.#live?.entries.some((entry) => entry.uri === uri) === true;
  }

  /** A fragment did not make it into the lists. */
  fragmentLost(): void {
    this.#hasGap = true;
  }

  /** The storage has given up the oldest fragment of this stream. */
  fragmentEvicted(): void {
    this.#record?.removeOldest(1);
  }

  /** Nothing more will come: `EXT-X-ENDLIST`, unless there was nothing at all. */
  async finish(): Promise<void> {
    if (!this.#hasFragments) return;
    this.#isEnded = true;
    this.#changedMs = this.#options.clock.wallMs();
    await this.#writeLists(true);
  }

  /** Removes all files. The numbers run on if the stream comes back at this very moment. */
  async removeAll(): Promise<void> {
    this.#isLoaded = false;
    this.#live?.startOver();
    this.#record = undefined;
    this.#hasFragments = false;
    this.#removable.length = 0;
    // The next record list counts its versions from 0 again.
    this.#documents.clear();
    await this.#options.storage.removeFolder(this.#options.folder);
  }

  /** The newest version of a list, or `undefined` while it has no entries. */
  document(kind: PlaylistKind): PlaylistDocument | undefined {
    const list = kind === 'live' ? this.#live : this.#record;
    if (list === undefined || list.entryCount === 0) return undefined;
    const version = `${list.version} ${kind === 'live' && this.#isEnded}`;
    const known = this.#documents.get(kind);
    if (known?.version === version) return known.document;
    const parts =
      'serializeParts' in list ? list.serializeParts() : [Buffer.from(list.serialize(this.#isEnded))];
    const document = new PlaylistDocument(parts, this.#changedMs);
    this.#documents.set(kind, { version, document });
    return document;
  }

  async #load(): Promise<void> {
    if (this.#live === undefined) {
      const last = parsePlaylist((await this.#read('live')) ?? '');
      const start = last && {
        mediaSequence: last.mediaSequence + last.entries.length,
        discontinuitySequence: last.discontinuitySequence + last.discontinuities,
      };
      this.#live = new LivePlaylist({
        ...liveListOptions(this.#settings),
        ...(start && { start }),
      });
    }
    if (this.#settings.cleanupMode === 2 || this.#record !== undefined) return;
    const text = await this.#read('record');
    const record = text === undefined ? new RecordPlaylist() : RecordPlaylist.parse(text);
    this.#isRecordForeign = record === undefined;
    if (this.#isRecordForeign) this.#options.observer.failed(this.#options.streamKey, FOREIGN_RECORD);
    this.#record = record ?? new RecordPlaylist();
  }

  #forgetRecord(): void {
    this.#record = undefined;
    this.#documents.delete('record');
  }

  async #read(kind: PlaylistKind): Promise<string | undefined> {
    const { storage, folder } = this.#options;
    const bytes = await readStoredFile(storage, folder, PLAYLIST_FILE[kind]);
    return bytes && Buffer.from(bytes).toString();
  }

  async #writeLists(isLast: boolean): Promise<void> {
    await this.#writeList('live');
    if (this.#record === undefined || this.#isRecordForeign || !this.#isRecordDirty) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (!isLast && nowMs - this.#recordWrittenMs < RECORD_WRITE_INTERVAL_MS) return;
    this.#recordWrittenMs = nowMs;
    await this.#writeList('record');
    this.#isRecordDirty = false;
  }

  async #writeList(kind: PlaylistKind): Promise<void> {
    const { storage, folder } = this.#options;
    const document = this.document(kind);
    if (document !== undefined) await storage.write(folder, PLAYLIST_FILE[kind], document.parts);
  }

  async #removeOld(): Promise<void> {
    const { cleanupMode, fragmentNum, deleteThreshold } = this.#settings;
    if (cleanupMode !== 2) this.#removable.length = 0;
    while (this.#removable.length > fragmentNum + deleteThreshold) {
      await this.#remove(this.#removable.shift()!);
    }
  }

  /** What cannot be removed takes room, but keeps nothing new from being written. */
  async #remove(name: string): Promise<void> {
    const { storage, folder, observer, streamKey } = this.#options;
    try {
      await storage.remove(folder, name);
      this.#isRemovalFailing = false;
    } catch (error) {
      if (!this.#isRemovalFailing) {
        observer.failed(streamKey, { ...hlsFailureOf(error), code: 'ERR_HLS_REMOVE', message: NOT_REMOVED });
      }
      this.#isRemovalFailing = true;
    }
  }
}

function liveListOptions(settings: HlsSettings): { maxEntries: number; fragmentDurationMs: number } {
  return { maxEntries: settings.fragmentNum, fragmentDurationMs: settings.fragmentDurationMs };
}
