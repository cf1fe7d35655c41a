import type { EndReason } from '../../media/end-reason.ts';
import type { RtspSink } from './server-handler.ts';

/** Keeps what a feed writes until the reply to PLAY is out: before it, packets would be for nobody. */
export class HeldSink implements RtspSink {
  readonly #sink: RtspSink;
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;

  constructor(sink: RtspSink) {
    this.#sink = sink;
  }

  get queuedBytes(): number {
    return this.#heldBytes + this.#sink.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#held === undefined) return this.#sink.write(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return true;
  }

  end(reason: EndReason): void {
    this.#sink.end(reason);
  }

  /** Hands on what was kept, and from now on everything at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const bytes of held) this.#sink.write(bytes);
  }
}
