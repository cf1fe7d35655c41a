import { MAX_SDP_NOTES } from './sdp-limits.ts';

/** Collects what was wrong in a section and how it was read; the same remark once, and not more than anybody would read. */
export class Notes {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (this.#texts.size < MAX_SDP_NOTES) this.#texts.add(text);
  }

  list(): readonly string[] {
    return [...this.#texts];
  }
}
