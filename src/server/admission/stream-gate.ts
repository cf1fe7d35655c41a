import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { LiveStream } from '../../hub/live-stream.ts';
import type { Publication, PublicationInput } from '../../hub/publication.ts';
import type { StreamDirectory } from '../../hub/stream-directory.ts';
import type { StreamHub } from '../../hub/stream-hub.ts';
import { DummyAudio } from '../../ingest/dummy-audio/dummy-audio.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import { nameProblemOf, streamKeyOf, type StreamAddress } from '../stream-address.ts';
import type { AdmissionCheck, HlsFetch, Objection } from './admission-check.ts';

/** The right to publish, and the publication made with it. */
export interface PublishAdmission {
  readonly streamKey: string;
  /** What the input writes to; perhaps by way of something that adds silent audio. */
  readonly publication: PublicationInput;
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
  readonly #checks: readonly AdmissionCheck[];
  #makeWay: (streamKey: string) => void = () => undefined;
  #closed: EndReason | undefined;

  /** @param checks asked one after the other; the first objection counts */
  constructor(
    config: ServerConfig,
    hub: StreamHub,
    directory: StreamDirectory,
    checks: readonly AdmissionCheck[] = [],
  ) {
    this.#config = config;
    this.#hub = hub;
    this.#directory = directory;
    this.#checks = checks;
  }

  /** @returns an `EndReason` when publishing is refused */
  async publish(session: SessionIdentity): Promise<PublishAdmission | EndReason> {
    const refusal = this.refusalOf(session) ?? (await this.#objection((check) => check.publish?.(session)));
    if (refusal !== undefined) return refusal;
    this.#makeWay(this.streamKeyOf(session));
    return this.claim(session);
  }

  /** @param makeWay is told of a publisher who may have a stream, so that what holds it to no end gives it back at once */
  beforePublishers(makeWay: (streamKey: string) => void): void {
    this.#makeWay = makeWay;
  }

  /** For the server's own inputs (files, relays, GB28181), which nobody has to be asked about. */
  async claim(address: StreamAddress): Promise<PublishAdmission | EndReason> {
    const refusal = this.refusalOf(address);
    if (refusal !== undefined) return refusal;
    const streamKey = this.streamKeyOf(address);
    const claim = await this.#directory.claim(streamKey);
    if (claim === undefined) return endReason('stream-in-use');
    // The claim may have taken time, in which others were let in, or the server has stopped.
    const publication =
      this.refusalOf(address) ?? this.#hub.open(streamKey).publish() ?? endReason('stream-in-use');
    if ('code' in publication) {
      claim.release();
      return publication;
    }
    const input = this.#inFront(publication);
    const release = (): void => {
      input.end();
      claim.release();
    };
    return { streamKey, publication: input, release };
  }

  /** @returns an `EndReason` when playing is refused */
  async play(session: SessionIdentity): Promise<PlayAdmission | EndReason> {
    const refusal = this.refusalOf(session) ?? (await this.#objection((check) => check.play?.(session)));
    if (refusal !== undefined) return refusal;
    if (this.#closed !== undefined) return this.#closed;
    const streamKey = this.streamKeyOf(session);
    return { streamKey, open: () => this.#hub.open(streamKey) };
  }

  /** Why nobody may publish or play under these names, whoever it is. */
  refusalOf(address: StreamAddress): Objection {
    if (this.#closed !== undefined) return this.#closed;
    const problem = nameProblemOf(address, this.#config.limits.max_stream_name_bytes);
    if (problem !== undefined) return endReason('name-refused', undefined, problem);
    return this.#limitOf(this.streamKeyOf(address));
  }

  /** Whether a file of HLS may be had. */
  fetchHls(request: HlsFetch): Objection {
    for (const check of this.#checks) {
      const objection = check.fetchHls?.(request);
      if (objection !== undefined) return objection;
    }
    return undefined;
  }

  /** Whether someone publishes the stream right now, or is expected back. */
  isLive(address: StreamAddress): boolean {
    const stream = this.#hub.get(this.streamKeyOf(address));
    return stream?.publication !== undefined || stream?.isInGrace === true;
  }

  /** Lets nobody in any more, whoever is being decided about included; those decisions come to an end now. */
  close(reason: EndReason): void {
    this.#closed = reason;
    for (const check of this.#checks) check.close?.();
  }

  streamKeyOf(address: StreamAddress): string {
    return streamKeyOf(address, this.#config.stream_key);
  }

  /** What the input writes to. */
  #inFront(publication: Publication): PublicationInput {
    const { add_dummy_audio_enable: isOn, add_dummy_audio_wait_audio_ms: waitMs } = this.#config.in_session;
    return isOn ? new DummyAudio(publication, waitMs) : publication;
  }

  async #objection(ask: (check: AdmissionCheck) => Objection | Promise<Objection>): Promise<Objection> {
    for (const check of this.#checks) {
      const objection = await ask(check);
      if (objection !== undefined) return objection;
    }
    return undefined;
  }

  /** Streams that exist are never one too many. */
  #limitOf(streamKey: string): Objection {
    const { max_streams: maxStreams } = this.#config.limits;
    const isFull = maxStreams > 0 && this.#hub.streams.size >= maxStreams;
    return isFull && this.#hub.get(streamKey) === undefined
      ? endReason('limit-reached', 'max_streams')
      : undefined;
  }
}
