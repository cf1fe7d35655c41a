import type { LiveStream } from './live-stream.ts';
import type { Publication } from './publication.ts';

/** Learns when publishers come and leave, in the same turn; to attach and remove consumers. */
export interface StreamObserver {
  /** Before the publication has sent anything. */
  publicationStarted(stream: LiveStream, publication: Publication): void;
  /** After consumers and viewers have been given everything. The stream may be published again from here on. */
  publicationEnded(stream: LiveStream, publication: Publication): void;
}
