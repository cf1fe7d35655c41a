import type { StreamState } from '../../hub/packager.ts';
import type { Patch } from './recording-file.ts';

/** The kinds of files that streams are recorded to. */
export type RecordKind = 'flv' | 'mpegts';

/** What a file begins with, as its packager sees it. */
export interface FileOpening {
  readonly fileHeader: Uint8Array | undefined;
  /** What a decoder needs before the first unit; empty where the units that follow bring it along. */
  readonly headers: Uint8Array;
  readonly state: StreamState;
  /** Media time of the first unit. */
  readonly timeUs: number;
}

/** How long a file is, and what is in it. */
export interface FileExtent {
  readonly durationUs: number;
  readonly bytes: number;
  readonly state: StreamState;
}

/** What is special about one kind of file. */
export interface RecordFormat {
  readonly kind: RecordKind;
  /** Without dot. */
  readonly extension: string;
  begin(opening: FileOpening): RecordContent;
}

/** What one file of that kind needs beside the packager's bytes. */
export interface RecordContent {
  /** The bytes in front of the first unit. */
  readonly opening: readonly Uint8Array[];
  /** What is to be written of the flush that the file began with, or of a part of it. */
  firstUnits(bytes: Uint8Array): readonly Uint8Array[];
  /** A random access point was written. @param unit its bytes, and others after them */
  randomAccess(position: number, timeUs: number, unit: Uint8Array): void;
  /** What to write over the file when it ends. */
  completion(extent: FileExtent): readonly Patch[];
}
