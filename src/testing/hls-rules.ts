/**
 * The rules of RFC 8216 that a playlist of ours has to keep, looked at from outside: the text alone, and each version
 * against the one before. m3u8-parser, which others wrote, must read the same from each.
 */
import { Parser } from 'm3u8-parser';

/** One media playlist, as this checker read it. */
export interface CheckedPlaylist {
  readonly targetSec: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly isIndependent: boolean;
  readonly isEnded: boolean;
  readonly entries: readonly CheckedEntry[];
}

/** One media segment of it. */
export interface CheckedEntry {
  readonly uri: string;
  readonly durationSec: number;
  readonly discontinuity: boolean;
  readonly programDateTimeMs: number | undefined;
}

function must(condition: boolean, rule: string, text: string): asserts condition {
  if (!condition) throw new Error(`${rule}\n---\n${text}`);
}

/** @throws when `text` breaks a rule that one version alone can break, or when m3u8-parser reads something else */
export function checkPlaylist(text: string): CheckedPlaylist {
  must(text.startsWith('#EXTM3U\n'), '4.3.1.1: EXTM3U must be the first line', text);
  must(text.endsWith('\n') && !text.includes('\r'), '4.1: lines end with a line feed', text);
  const single = (tag: string): string | undefined => {
    const found = [...text.matchAll(new RegExp(`^#EXT-X-${tag}(?::(.*))?$`, 'gm'))];
    must(found.length <= 1, `4.3.3: at most one EXT-X-${tag}`, text);
    return found[0] === undefined ? undefined : (found[0][1] ?? '');
  };
  must(Number(single('VERSION')) >= 3, '4.3.2.1: decimal EXTINF needs version 3', text);
  const target = single('TARGETDURATION');
  must(target !== undefined && /^\d+$/.test(target), '4.3.3.1: a target duration, in whole seconds', text);
  const playlist: CheckedPlaylist = {
    targetSec: Number(target),
    mediaSequence: Number(single('MEDIA-SEQUENCE') ?? 0),
    discontinuitySequence: Number(single('DISCONTINUITY-SEQUENCE') ?? 0),
    isIndependent: single('INDEPENDENT-SEGMENTS') !== undefined,
    isEnded: single('ENDLIST') !== undefined,
    entries: readEntries(text),
  };
  for (const { durationSec } of playlist.entries) {
    must(durationSec > 0, 'a fragment lasts longer than nothing', text);
    must(
      Math.round(durationSec) <= playlist.targetSec,
      '4.3.3.1: EXTINF is at most the target duration',
      text,
    );
  }
  checkDates(playlist, text);
  checkAgainstParser(playlist, text);
  return playlist;
}

function readEntries(text: string): CheckedEntry[] {
  const entries: CheckedEntry[] = [];
  let durationSec: number | undefined;
  let programDateTimeMs: number | undefined;
  let discontinuity = false;
  for (const line of text.split('\n')) {
    if (/^#EXT-X-(MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE):/.test(line)) {
      must(
        entries.length === 0 && !discontinuity,
        '4.3.3.2, 4.3.3.3: sequences stand before all entries',
        text,
      );
    } else if (line === '#EXT-X-DISCONTINUITY') {
      discontinuity = true;
    } else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
      programDateTimeMs = Date.parse(line.slice(line.indexOf(':') + 1));
      must(Number.isFinite(programDateTimeMs), '4.3.2.6: a date as in ISO 8601', text);
    } else if (line.startsWith('#EXTINF:')) {
      const value = /^#EXTINF:(\d+\.\d{3}),$/.exec(line)?.[1];
      must(value !== undefined, '4.3.2.1: EXTINF has a decimal duration and a comma', text);
      durationSec = Number(value);
    } else if (line !== '' && !line.startsWith('#')) {
      must(durationSec !== undefined, '4.3.2.1: each URI has an EXTINF', text);
      entries.push({ uri: line, durationSec, discontinuity, programDateTimeMs });
      durationSec = programDateTimeMs = undefined;
      discontinuity = false;
    }
  }
  return entries;
}

/** Dates go on with the durations, where nothing is cut. Our clock may be set right by less than two seconds. */
function checkDates({ entries }: CheckedPlaylist, text: string): void {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before?.programDateTimeMs === undefined || entry.programDateTimeMs === undefined) continue;
    if (entry.discontinuity) continue;
    const expectedMs = before.programDateTimeMs + before.durationSec * 1000;
    must(Math.abs(entry.programDateTimeMs - expectedMs) < 2000, '4.3.2.6: dates follow the durations', text);
  }
}

function checkAgainstParser(playlist: CheckedPlaylist, text: string): void {
  const parser = new Parser();
  parser.on('warn', ({ message }) => must(false, `m3u8-parser warns: ${message}`, text));
  parser.push(text);
  parser.end();
  const { manifest } = parser;
  const theirs = {
    targetSec: manifest.targetDuration,
    mediaSequence: manifest.mediaSequence ?? 0,
    discontinuitySequence: manifest.discontinuitySequence ?? 0,
    isIndependent: manifest.independentSegments === true,
    isEnded: manifest.endList === true,
    entries: manifest.segments.map(({ uri, duration, discontinuity = false }) => [
      uri,
      duration,
      discontinuity,
    ]),
  };
  const ours = {
    ...playlist,
    entries: playlist.entries.map(({ uri, durationSec, discontinuity }) => [uri, durationSec, discontinuity]),
  };
  const isSame = JSON.stringify(theirs) === JSON.stringify(ours);
  must(
    isSame,
    `m3u8-parser reads\n${JSON.stringify(theirs)}\nand this checker\n${JSON.stringify(ours)}`,
    text,
  );
}

/** Looks at one URL's playlist again and again, as a player does. */
export class LivePlaylistHistory {
  /** Every entry ever listed, by its media sequence number. */
  readonly entries = new Map<number, CheckedEntry>();
  /** Discontinuities up to and including each entry, from the first one seen. */
  readonly #discontinuities = new Map<number, number>();
  #last: { playlist: CheckedPlaylist; text: string } | undefined;

  /** @throws when `text` is no playlist that may follow the last one */
  check(text: string): CheckedPlaylist {
    const playlist = checkPlaylist(text);
    if (this.#last !== undefined && this.#last.text !== text) checkStep(this.#last.playlist, playlist, text);
    this.#remember(playlist, text);
    this.#last = { playlist, text };
    return playlist;
  }

  #remember(playlist: CheckedPlaylist, text: string): void {
    let discontinuities = playlist.discontinuitySequence;
    for (const [index, entry] of playlist.entries.entries()) {
      const sequence = playlist.mediaSequence + index;
      if (entry.discontinuity) discontinuities += 1;
      const known = this.entries.get(sequence);
      const isSame = known === undefined || JSON.stringify(known) === JSON.stringify(entry);
      must(isSame, `6.2.1: number ${sequence} names another fragment than before`, text);
      const before = this.#discontinuities.get(sequence) ?? discontinuities;
      must(
        before === discontinuities,
        `6.2.2: discontinuity sequence of ${sequence} changed from ${before}`,
        text,
      );
      this.entries.set(sequence, entry);
      this.#discontinuities.set(sequence, discontinuities);
    }
  }
}

function checkStep(before: CheckedPlaylist, after: CheckedPlaylist, text: string): void {
  const end = (playlist: CheckedPlaylist): number => playlist.mediaSequence + playlist.entries.length;
  must(after.mediaSequence >= before.mediaSequence, '6.2.2: the media sequence went back', text);
  must(end(after) >= end(before), '6.2.1: entries were taken away at the end', text);
  const isLater = after.discontinuitySequence >= before.discontinuitySequence;
  must(isLater, '6.2.2: the discontinuity sequence went back', text);
  const isOver = before.isEnded && (end(after) > end(before) || !after.isEnded);
  must(!isOver || after.mediaSequence >= end(before), '6.2.1: entries were added after ENDLIST', text);
  if (after.targetSec >= before.targetSec || before.isEnded) return;
  const listedSec = after.entries.reduce((sum, { durationSec }) => sum + durationSec, 0);
  must(listedSec < 3 * before.targetSec, '6.2.1: the target duration was lowered without need', text);
}

/** Each version of `record.m3u8` against the one before: it only grows. */
export class RecordPlaylistHistory {
  #last: CheckedPlaylist | undefined;

  /** @throws when `text` is not what the last version has grown to */
  check(text: string): CheckedPlaylist {
    const playlist = checkPlaylist(text);
    const before = this.#last;
    if (before !== undefined) {
      const kept = playlist.entries.slice(0, before.entries.length);
      must(JSON.stringify(kept) === JSON.stringify(before.entries), 'earlier entries changed', text);
      must(playlist.targetSec >= before.targetSec, 'the target duration was lowered', text);
    }
    must(playlist.isEnded, 'a record list always ends with ENDLIST', text);
    this.#last = playlist;
    return playlist;
  }
}
