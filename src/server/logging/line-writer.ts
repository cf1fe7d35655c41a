import { close, write, writeSync } from 'node:fs';

/** Lines kept while the disk or the reader of a pipe is slow; further ones are lost rather than fill the memory. */
const MAX_PENDING_CHARACTERS = 4 * 1024 * 1024;

/** Pause before a pipe that is full is tried again. */
const RETRY_MS = 50;

/** Codes that say the reader will never come back. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EBADF', 'EIO', 'ECONNRESET']);

/**
 * Appends lines to a file descriptor without ever blocking the event loop: one write is under way at a time, what comes
 * meanwhile is joined into the next. A failed write loses its lines and is reported; the next lines are tried again, so
 * that a disk that was full does not silence the log for good.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  #pending = '';
  #isWriting = false;
  #isGone = false;
  /** A failed write may have left half a line. */
  #isTorn = false;
  #lostLines = 0;
  #onIdle: (() => void)[] = [];

  /** @param onError called for each failed write; it decides how often to say so */
  constructor(fd: number, onError: (error: NodeJS.ErrnoException) => void) {
    this.#fd = fd;
    this.#onError = onError;
  }

  /** Lines that never reached the file. */
  get lostLines(): number {
    return this.#lostLines;
  }

  /** @param line with its line feed */
  write(line: string): void {
    if (this.#isGone || this.#pending.length + line.length > MAX_PENDING_CHARACTERS) {
      this.#lostLines += 1;
      return;
    }
    this.#pending += line;
    if (!this.#isWriting) this.#writePending();
  }

  /** Resolves when everything handed in so far is written or lost. */
  idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Writes what is pending before returning: for the last moment of a process. */
  flushSync(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text === '' || this.#isGone) return;
    try {
      writeSync(this.#fd, text);
    } catch (error) {
      this.#onError(error as NodeJS.ErrnoException);
    }
  }

  /** Writes what is pending, then closes the descriptor. */
  async close(): Promise<void> {
    await this.idle();
    this.#isGone = true;
    await new Promise<void>((resolve) => {
      close(this.#fd, () => resolve());
    });
  }

  #writePending(): void {
    if (this.#pending === '') {
      for (const resolve of this.#onIdle.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    const text = this.#isTorn ? `\n${this.#pending}` : this.#pending;
    this.#pending = '';
    this.#writeBytes(Buffer.from(text));
  }

  #writeBytes(bytes: Uint8Array): void {
    write(this.#fd, bytes, (error, written) => {
      if (error === null) {
        this.#isTorn = false;
        if (written < bytes.length) {
          this.#isTorn = true;
          this.#writeBytes(bytes.subarray(written));
          return;
        }
      } else if (error.code === 'EAGAIN') {
        setTimeout(() => this.#writeBytes(bytes), RETRY_MS);
        return;
      } else {
        this.#fail(error, bytes);
      }
      this.#isWriting = false;
      this.#writePending();
    });
  }

  #fail(error: NodeJS.ErrnoException, bytes: Uint8Array): void {
    for (const byte of bytes) if (byte === 0x0a) this.#lostLines += 1;
    if (GONE.has(error.code ?? '')) {
      this.#isGone = true;
      this.#pending = '';
    }
    this.#onError(error);
  }
}
