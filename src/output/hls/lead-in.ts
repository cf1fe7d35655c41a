/** Beyond this a player might take the first fragment for one without pictures. */
const MAX_LEAD_US = 500_000;
/** Times may stand still. */
const MAX_LEAD_BYTES = 1024 * 1024;

/**
 * Sound that comes before the first picture. Encoders begin with a few frames of it, which the first fragment starts
 * with; more is left out.
 */
export class LeadIn {
  #startUs: number | undefined;
  #isTooLong = false;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  get hasBegun(): boolean {
    return this.#startUs !== undefined;
  }

  /** A unit of sound begins here. */
  mark(timeUs: number): void {
    this.#startUs ??= timeUs;
    if (timeUs - this.#startUs > MAX_LEAD_US || this.#bytes > MAX_LEAD_BYTES) this.#isTooLong = true;
    if (this.#isTooLong) this.#chunks = [];
  }

  /** @param bytes from the newest mark on; kept as they are. Dropped before the first mark. */
  add(bytes: Uint8Array): void {
    if (this.#startUs === undefined || this.#isTooLong || bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  }

  /** What belongs before the picture at `pictureUs`, and when the whole begins. It is forgotten. */
  take(pictureUs: number): { readonly startUs: number; readonly chunks: Uint8Array[] } {
    this.mark(pictureUs);
    const chunks = this.#chunks;
    const startUs = chunks.length > 0 ? this.#startUs! : pictureUs;
    this.clear();
    return { startUs, chunks };
  }

  clear(): void {
    this.#startUs = undefined;
    this.#isTooLong = false;
    this.#chunks = [];
    this.#bytes = 0;
  }
}
