import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Owns what one test (or one `describe` block) has started: processes, sockets, folders. `close` ends them in reverse
 * order and reports the first failure after all were tried.
 */
export class Scope {
  #closers: (() => Promise<void> | void)[] = [];
  #folder: string | undefined;

  defer(closer: () => Promise<void> | void): void {
    this.#closers.push(closer);
  }

  /** A folder that goes away with the scope. */
  folder(): string {
    if (this.#folder === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'lal-e2e-'));
      this.#folder = folder;
      this.#closers.unshift(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    }
    return this.#folder;
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.toReversed()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#closers = [];
    this.#folder = undefined;
    if (failures.length > 0) throw failures[0];
  }
}
