import type { Track } from '../media/track.ts';
import type { LiveStream } from './live-stream.ts';
import type { Publication } from './publication.ts';

/** Learns when publishers come and leave, in the same turn; to attach and remove consumers. */
export interface StreamObserver {
  /** Before the publication has sent anything. */
  publicationStarted(stream: LiveStream, publication: Publication): void;
  /** The tracks are known, in so far as they were waited for; frames follow. */
  publicationOpened?(stream: LiveStream, publication: Publication): void;
  /** `track` appeared, or its parameters changed. */
  trackChanged?(stream: LiveStream, publication: Publication, track: Track): void;
  /** After consumers and viewers have been given everything. The stream may be published again from here on. */
  publicationEnded(stream: LiveStream, publication: Publication): void;
}
