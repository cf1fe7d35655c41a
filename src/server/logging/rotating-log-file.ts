import { existsSync, fstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { LineWriter } from './line-writer.ts';

/** Pause before a file that could not be opened is tried again. */
const REOPEN_AFTER_MS = 5000;

/** How often the file gets a new name. */
export type Rotation = 'none' | 'daily' | 'hourly';

/**
 * A log file that is renamed as lal does it: with the first line of a new day (or hour) the file becomes
 * `<filename>.YYYYMMDD` (or `…YYYYMMDDHH`), with the local date of the finished period, and a new one begins.
 *
 * Not rotating-file-stream: see docs/dependencies.md.
 *
 * Trouble with the disk never reaches the caller: lines are lost, `onProblem` hears of it once until it works again.
 */
export class RotatingLogFile {
  readonly #filename: string;
  readonly #rotation: Rotation;
  readonly #onProblem: (text: string) => void;
  #writer: LineWriter | undefined;
  /** Older files whose last lines are still being written. */
  readonly #closing = new Set<Promise<void>>();
  /** Name of the period the open file belongs to. */
  #period = '';
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #isInTrouble = false;
  /** Of files that were left, and while none could be opened. */
  #lostLines = 0;
  #isClosed = false;

  constructor(filename: string, rotation: Rotation, onProblem: (text: string) => void) {
    this.#filename = filename;
    this.#rotation = rotation;
    this.#onProblem = onProblem;
  }

  /** Lines that never reached a file. */
  get lostLines(): number {
    return this.#lostLines + (this.#writer?.lostLines ?? 0);
  }

  /**
   * @param line with its line feed
   * @param wallMs when it was logged; decides about the rotation
   */
  write(line: string, wallMs: number): void {
    if (this.#isClosed) return;
    const period = periodName(wallMs, this.#rotation);
    // A clock that was set back does not rotate: the name would be that of a day to come.
    if (this.#writer !== undefined && period > this.#period) this.#rotate();
    this.#writer ??= this.#open(period, wallMs);
    if (this.#writer === undefined) this.#lostLines += 1;
    else this.#writer.write(line);
  }

  /** Closes the file and opens it again by name with the next line: for tools that move log files away. */
  reopen(): void {
    this.#leave();
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  flushSync(): void {
    this.#writer?.flushSync();
  }

  /** Resolves when every line is written. Later lines are dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave();
    await Promise.all(this.#closing);
  }

  /** The descriptor follows the renamed file, so lines still pending end up where they belong. */
  #rotate(): void {
    this.#leave();
    this.#rename(this.#period);
  }

  #leave(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return;
    const closed = writer.close().finally(() => {
      this.#lostLines += writer.lostLines;
      this.#closing.delete(closed);
    });
    this.#closing.add(closed);
  }

  #open(period: string, wallMs: number): LineWriter | undefined {
    if (wallMs < this.#retryAtMs && wallMs > this.#retryAtMs - REOPEN_AFTER_MS) return undefined;
    try {
      mkdirSync(dirname(this.#filename), { recursive: true });
      let fd = openSync(this.#filename, 'a');
      // The server was not running when the period changed: the file found belongs to an earlier one.
      const { size, mtimeMs } = fstatSync(fd);
      const foundPeriod = periodName(mtimeMs, this.#rotation);
      if (size > 0 && foundPeriod < period) {
        this.#rename(foundPeriod);
        void new LineWriter(fd, () => {}).close();
        fd = openSync(this.#filename, 'a');
      }
      this.#period = period;
      this.#isInTrouble = false;
      return new LineWriter(fd, (error) => this.#report(`cannot be written: ${error.message}`));
    } catch (error) {
      this.#retryAtMs = wallMs + REOPEN_AFTER_MS;
      this.#report(`cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #rename(period: string): void {
    const name = `${this.#filename}.${period}`;
    let target = name;
    // Lines of a period that was rotated before are never overwritten.
    for (let count = 1; existsSync(target); count += 1) target = `${name}.${count}`;
    try {
      renameSync(this.#filename, target);
    } catch (error) {
      this.#report(
        `cannot be renamed to ${target}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #report(text: string): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#onProblem(`log file ${this.#filename} ${text}`);
  }
}

/** `20240810`, `2024081013` or nothing; later periods compare greater. Local time, as in the lines. */
function periodName(wallMs: number, rotation: Rotation): string {
  if (rotation === 'none') return '';
  const time = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return rotation === 'daily' ? day : day + two(time.getHours());
}
