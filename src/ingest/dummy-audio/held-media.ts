import type { PublicationInput } from '../../hub/publication.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';

/** No one waits for audio at the price of more memory than this. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ITEMS = 2048;

type Item = { readonly track: Track } | { readonly frame: SourceFrame };

/** Tracks and frames of a publication that are held back, in order and within bounds. */
export class HeldMedia {
  #items: Item[] = [];
  #bytes = 0;

  /** It is time to let go. */
  get isFull(): boolean {
    return this.#bytes >= MAX_BYTES || this.#items.length >= MAX_ITEMS;
  }

  addTrack(track: Track): void {
    this.#items.push({ track });
  }

  addFrame(frame: SourceFrame): void {
    this.#items.push({ frame });
    this.#bytes += frame.data.length;
  }

  /** Hands everything on, and holds nothing any more. */
  releaseTo(target: Pick<PublicationInput, 'setTrack' | 'write'>): void {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    for (const item of items) {
      if ('track' in item) target.setTrack(item.track);
      else target.write(item.frame);
    }
  }
}
