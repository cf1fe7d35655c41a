import { endReason, type EndReason } from '../media/end-reason.ts';
import type { LiveStream } from '../hub/live-stream.ts';
import type { Publication } from '../hub/publication.ts';
import type { StreamDirectory } from '../hub/stream-directory.ts';
import type { StreamHub } from '../hub/stream-hub.ts';
import type { ServerConfig } from './config/server-config.ts';
import { nameProblemOf, streamKeyOf, type StreamAddress } from './stream-address.ts';

/** The right to publish, and the publication made with it. */
export interface PublishAdmission {
  readonly streamKey: string;
  readonly publication: Publication;
  /** Ends the publication and gives the stream back. */
  release(): void;
}

export interface PlayAdmission {
  readonly streamKey: string;
  /** The stream to attach to, made if need be; to be called when the viewer is really there. */
  open(): LiveStream;
}

/** Decides who may publish and play: one place for every protocol. */
export class StreamGate {
  readonly #config: ServerConfig;
  readonly #hub: StreamHub;
  readonly #directory: StreamDirectory;

  constructor(config: ServerConfig, hub: StreamHub, directory: StreamDirectory) {
    this.#config = config;
    this.#hub = hub;
    this.#directory = directory;
  }

  /** @returns an `EndReason` when publishing is refused */
  async publish(address: StreamAddress): Promise<PublishAdmission | EndReason> {
    const refusal = this.#refusalOf(address);
    if (refusal !== undefined) return refusal;
    const streamKey = streamKeyOf(address, this.#config.stream_key);
    const claim = await this.#directory.claim(streamKey);
    if (claim === undefined) return endReason('stream-in-use');
    // The claim may have taken time, in which others were let in.
    const publication =
      this.#limitOf(streamKey) ?? this.#hub.open(streamKey).publish() ?? endReason('stream-in-use');
    if ('code' in publication) {
      claim.release();
      return publication;
    }
    const release = (): void => {
      publication.end();
      claim.release();
    };
    return { streamKey, publication, release };
  }

  /** @returns an `EndReason` when playing is refused */
  async play(address: StreamAddress): Promise<PlayAdmission | EndReason> {
    const refusal = this.#refusalOf(address);
    if (refusal !== undefined) return refusal;
    const streamKey = streamKeyOf(address, this.#config.stream_key);
    return { streamKey, open: () => this.#hub.open(streamKey) };
  }

  /** Whether someone publishes the stream right now. */
  isLive(address: StreamAddress): boolean {
    return this.#hub.get(streamKeyOf(address, this.#config.stream_key))?.publication !== undefined;
  }

  #refusalOf(address: StreamAddress): EndReason | undefined {
    const problem = nameProblemOf(address, this.#config.limits.max_stream_name_bytes);
    if (problem !== undefined) return endReason('name-refused', undefined, problem);
    return this.#limitOf(streamKeyOf(address, this.#config.stream_key));
  }

  /** Streams that exist are never one too many. */
  #limitOf(streamKey: string): EndReason | undefined {
    const { max_streams: maxStreams } = this.#config.limits;
    const isFull = maxStreams > 0 && this.#hub.streams.size >= maxStreams;
    return isFull && this.#hub.get(streamKey) === undefined
      ? endReason('limit-reached', 'max_streams')
      : undefined;
  }
}
