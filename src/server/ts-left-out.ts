import type { Logger } from 'pino';
import { mpegTsCanCarry } from '../container/mpegts/muxed-stream.ts';
import type { LiveStream } from '../hub/live-stream.ts';
import type { Publication } from '../hub/publication.ts';
import type { StreamObserver } from '../hub/stream-observer.ts';
import type { Track } from '../media/track.ts';
import type { ServerConfig } from './config/server-config.ts';
import { codecNameOf } from './stats/codec-names.ts';

/** Codecs of the audio and video that transport streams cannot carry. */
export function codecsLeftOutOfTs(tracks: readonly Track[]): string[] {
  return tracks.filter((track) => !mpegTsCanCarry(track)).flatMap(nameOf);
}

function nameOf({ config, sourceTag }: Track): string[] {
  if (config.kind === 'data') return [];
  if (config.kind === 'opaque') return [config.encodingName];
  return [codecNameOf(config) || (sourceTag ?? 'unknown')];
}

/** Says in the log what HTTP-TS, HLS and TS recordings leave out of a publication: once for each codec. */
export class TsLeftOutLog implements StreamObserver {
  readonly #logger: Logger;
  readonly #isOfInterest: () => boolean;
  readonly #said = new WeakMap<Publication, Set<string>>();

  /** @param isOfInterest whether anything makes transport streams right now */
  constructor(logger: Logger, isOfInterest: () => boolean) {
    this.#logger = logger;
    this.#isOfInterest = isOfInterest;
  }

  publicationStarted(): void {}

  publicationEnded(): void {}

  trackChanged(stream: LiveStream, publication: Publication, track: Track): void {
    if (!this.#isOfInterest()) return;
    for (const codec of codecsLeftOutOfTs([track])) {
      const said = this.#said.get(publication) ?? new Set();
      if (said.has(codec)) continue;
      this.#said.set(publication, said.add(codec));
      this.#logger.warn(
        { stream: stream.key, codec },
        'a transport stream cannot carry this codec: HTTP-TS, HLS and TS recordings go on without it',
      );
    }
  }
}

/** Whether anything in this config makes transport streams. */
export function makesTs({ httpts, hls, record }: ServerConfig): boolean {
  return [httpts.enable, httpts.enable_https, hls.enable, hls.enable_https, record.enable_mpegts].includes(
    true,
  );
}
