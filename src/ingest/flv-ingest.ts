import { FlvTagToFrames } from '../container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../container/flv/flv-types.ts';
import type { PublicationInput } from '../hub/publication.ts';

/** FLV messages, as RTMP and HTTP-FLV bring them, become the frames of a publication. */
export class FlvIngest {
  readonly #reader = new FlvTagToFrames();
  readonly #publication: PublicationInput;

  constructor(publication: PublicationInput) {
    this.#publication = publication;
  }

  /** Messages that could not be understood and were left out. */
  get damagedMessages(): number {
    return this.#reader.damagedTags;
  }

  /** @param timestampMs unwrapped @param body must not change afterwards */
  receive(type: FlvTagType, timestampMs: number, body: Uint8Array): void {
    this.#reader.read({ type, timestampMs, body });
    for (const event of this.#reader.takeEvents()) {
      if (event.type === 'frame') this.#publication.write(event.frame);
      else if (event.type === 'track') this.#publication.setTrack(event.track);
      else this.#publication.announce(event);
    }
  }
}
