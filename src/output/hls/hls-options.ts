import type { Clock } from '../../media/clock.ts';
import type { HlsFailure } from './hls-failure.ts';
import type { HlsSettings } from './hls-settings.ts';
import type { HlsStorage } from './hls-storage.ts';
import type { WriteQueueShare } from './write-queue.ts';

/** One fragment, as callbacks show it. */
export interface HlsFragmentEvent {
  readonly streamKey: string;
  /** Below the root. */
  readonly folder: string;
  readonly name: string;
  readonly id: number;
  /** 0 for a fragment that has just been opened. */
  readonly durationMs: number;
}

/** Told what happens to the files of all streams. */
export interface HlsObserver {
  fragmentOpened(event: HlsFragmentEvent): void;
  /** The fragment and the lists that name it are written. */
  fragmentClosed(event: HlsFragmentEvent): void;
  /** Something is not done; where it is a fragment, more are lost until the next try, which comes by itself. Once for each failure. */
  failed(streamKey: string, failure: HlsFailure): void;
  recovered(streamKey: string, lostFragments: number): void;
}

/** What became of the fragments of all streams. */
export interface HlsCounters {
  fragments: number;
  lostFragments: number;
  failures: number;
}

/** What a presentation is made with. */
export interface HlsPresentationOptions {
  readonly streamKey: string;
  readonly folder: string;
  readonly storage: HlsStorage;
  readonly settings: HlsSettings;
  readonly clock: Clock;
  readonly observer: HlsObserver;
  /** Written to. */
  readonly counters: HlsCounters;
  readonly queue: WriteQueueShare;
  /** The stream has ended, and nothing of it is left to do. */
  forgotten(): void;
}
