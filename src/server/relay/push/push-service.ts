import { ProtocolError } from '../../../bytes/protocol-error.ts';
import type { LiveStream } from '../../../hub/live-stream.ts';
import type { Publication } from '../../../hub/publication.ts';
import type { StreamObserver } from '../../../hub/stream-observer.ts';
import { endReason, endReasonOfError, type EndReason } from '../../../media/end-reason.ts';
import type { ServerContext } from '../../server-context.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';
import { nameProblemOf, type StreamAddress } from '../../stream-address.ts';
import { openPushConnection, type OpenPushConnection } from './push-connection.ts';
import { mannerOf, type PushRequest } from './push-request.ts';
import type { PushStatus } from './push-status.ts';
import { pushTargetsFor, type PushTarget } from './push-targets.ts';
import { PUSH_URLS } from './push-url.ts';
import { RelayPush, type RelayPushContext } from './relay-push.ts';
import { UrlTemplate } from '../url-template.ts';

/** What the service needs of the server. */
export type PushServiceContext = Pick<
  ServerContext,
  'config' | 'clock' | 'logger' | 'registry' | 'hub' | 'ids'
>;

interface Entry {
  readonly push: RelayPush;
  readonly stream: LiveStream;
  /** Made on request: it waits for publishers and stays when they go. */
  readonly isRequested: boolean;
  release(): void;
}

/** Sends streams on to other servers: what the config says of each publisher, and what is asked for one by one. */
export class RelayPushService implements StreamObserver {
  readonly #context: PushServiceContext;
  readonly #pushContext: RelayPushContext;
  readonly #byStream = new Map<string, Set<Entry>>();
  #count = 0;
  /** Streams whose publisher's targets have been seen to. */
  readonly #begun = new WeakSet<LiveStream>();
  /** Streams that have pushes, and whose publisher may come back. */
  readonly #inGrace = new Set<LiveStream>();
  readonly #stopObserving: readonly (() => void)[];
  #closed: EndReason | undefined;

  constructor(context: PushServiceContext, open: OpenPushConnection = openPushConnection) {
    this.#context = context;
    const { config, clock, logger, registry, hub } = context;
    this.#pushContext = { config, clock, logger, registry, open };
    this.#stopObserving = [
      hub.observe(this),
      // Inputs of some kinds are listed after their stream has begun.
      registry.observe({ sessionStarted: (record) => this.#sessionStarted(record) }),
    ];
  }

  /**
   * Pushes a stream, now or as soon as somebody publishes it, until it is told to stop.
   * @returns the id of the push; an `EndReason` when it is refused
   */
  start(request: PushRequest): string | EndReason {
    if (this.#closed !== undefined) return this.#closed;
    const { config, hub } = this.#context;
    const { streamKey } = request;
    // Who publishes it will say how it is really called.
    const address = { appName: '', streamName: streamKey, urlParam: '' };
    const problem = nameProblemOf(address, config.limits.max_stream_name_bytes);
    if (problem !== undefined) return endReason('name-refused', undefined, problem);
    if (this.#find(streamKey, { url: request.url }) !== undefined)
      return endReason('stream-in-use', 'url', 'the stream is pushed to this URL already');
    const limit = this.#limitOf(streamKey);
    if (limit !== undefined) return limit;
    try {
      const target = { template: new UrlTemplate(request.url, PUSH_URLS), manner: mannerOf(request) };
      const stream = hub.open(streamKey);
      const entry = this.#add(stream, address, target, request.maxRetries ?? -1, true);
      this.#context.logger.info(
        { session: entry.push.id, stream: streamKey, url: entry.push.status.url },
        'relay push requested',
      );
      const input = this.#inputOf(stream);
      if (input !== undefined) entry.push.published(input);
      return entry.push.id;
    } catch (error) {
      if (error instanceof ProtocolError) return endReasonOfError(error);
      throw error;
    }
  }

  /**
   * Stops one push of a stream. One that the config asks for comes again with the next publisher.
   * @returns its id; `undefined` when there is none
   */
  stop(streamKey: string, which: { readonly id: string } | { readonly url: string }): string | undefined {
    const entry = this.#find(streamKey, which);
    if (entry === undefined) return undefined;
    this.#kicked(entry, endReason('kicked'));
    return entry.push.id;
  }

  /** The pushes of a stream, in whatever state. */
  pushesOf(streamKey: string): PushStatus[] {
    return this.#entriesOf(streamKey).map(({ push }) => push.status);
  }

  publicationOpened(stream: LiveStream): void {
    this.#begin(stream);
  }

  trackChanged(stream: LiveStream): void {
    if (!this.#begun.has(stream)) return;
    for (const { push } of this.#entriesOf(stream.key)) push.tracksChanged();
  }

  publicationStarted(stream: LiveStream, publication: Publication): void {
    if (this.#inGrace.has(stream) && !publication.goesOn) this.#unpublished(stream);
  }

  /** A push stays, as viewers do, while the publisher is expected back. */
  publicationEnded(stream: LiveStream): void {
    this.#begun.delete(stream);
    if (stream.isInGrace && this.#byStream.has(stream.key)) this.#inGrace.add(stream);
    else this.#unpublished(stream);
  }

  /** To be called about once a second. */
  tick(): void {
    for (const stream of this.#inGrace) {
      if (!stream.isInGrace && stream.publication === undefined) this.#unpublished(stream);
    }
  }

  /** Ends all pushes; there are no new ones. */
  close(reason: EndReason): void {
    this.#closed = reason;
    for (const stop of this.#stopObserving) stop();
    this.#inGrace.clear();
    for (const entries of this.#byStream.values()) for (const entry of entries) this.#remove(entry, reason);
  }

  #sessionStarted({ baseType, streamKey }: SessionRecord): void {
    if (baseType !== 'PUB' && baseType !== 'PULL') return;
    const stream = this.#context.hub.get(streamKey);
    if (stream?.isOpen === true) this.#begin(stream);
  }

  #begin(stream: LiveStream): void {
    const input = this.#inputOf(stream);
    if (input === undefined || this.#begun.has(stream)) return;
    this.#begun.add(stream);
    const hasReturned = this.#inGrace.delete(stream);
    const isPushed = this.#isPushedByConfig(input);
    for (const entry of this.#entriesOf(stream.key)) {
      if (entry.isRequested || (hasReturned && isPushed)) entry.push.published(input);
      // The last publisher's, who had a tail to send.
      else this.#remove(entry, endReason('source-ended'));
    }
    if (!isPushed || hasReturned) return;
    for (const target of pushTargetsFor(input, this.#context.config))
      this.#beginConfigured(stream, input, target);
  }

  #unpublished(stream: LiveStream): void {
    this.#inGrace.delete(stream);
    for (const entry of this.#entriesOf(stream.key)) {
      entry.push.unpublished();
      this.#idle(entry);
    }
  }

  #beginConfigured(stream: LiveStream, input: SessionRecord, target: PushTarget): void {
    const limit = this.#limitOf(stream.key);
    const refused = ({ code, detail, message, cause }: EndReason): void =>
      this.#context.logger[code === 'internal-error' ? 'error' : 'warn'](
        { stream: stream.key, code, detail, reason: message, err: cause },
        'relay push refused',
      );
    if (limit !== undefined) {
      refused(limit);
      return;
    }
    try {
      this.#add(stream, input, target, -1, false).push.published(input);
    } catch (error) {
      refused(endReasonOfError(error));
    }
  }

  /** As lal: what was pulled is never pushed on, so that servers that do both for each other make no loop. */
  #isPushedByConfig({ baseType, protocol }: SessionRecord): boolean {
    const { enable, all_inputs: allInputs } = this.#context.config.relay_push;
    if (!enable || baseType !== 'PUB') return false;
    return allInputs || protocol === 'RTMP' || protocol === 'RTSP';
  }

  #inputOf(stream: LiveStream): SessionRecord | undefined {
    const { registry } = this.#context;
    if (!stream.isOpen) return undefined;
    return registry.publisherOf(stream.key) ?? registry.pullOf(stream.key);
  }

  #add(
    stream: LiveStream,
    { appName, streamName, urlParam }: StreamAddress,
    { template, manner }: PushTarget,
    maxRetries: number,
    isRequested: boolean,
  ): Entry {
    const address = { appName, streamName, urlParam };
    const id = this.#context.ids.next(template.scheme.startsWith('rtmp') ? 'RTMPPUSH' : 'RTSPPUSH');
    const push = new RelayPush({ id, template, manner, maxRetries, stream, address }, this.#pushContext, {
      kicked: (reason) => this.#kicked(entry, reason),
      idle: () => this.#idle(entry),
    });
    const entry: Entry = { push, stream, isRequested, release: isRequested ? stream.hold() : () => {} };
    const entries = this.#byStream.get(stream.key) ?? new Set<Entry>();
    this.#byStream.set(stream.key, entries.add(entry));
    this.#count += 1;
    return entry;
  }

  #kicked(entry: Entry, reason: EndReason): void {
    if (entry.isRequested) this.#remove(entry, reason);
    else entry.push.stop(reason);
  }

  /** What the config asked for is done when its publisher has gone. */
  #idle(entry: Entry): void {
    if (!entry.isRequested && entry.push.isIdle) this.#remove(entry, endReason('source-ended'));
  }

  #remove(entry: Entry, reason: EndReason): void {
    const { key } = entry.stream;
    const entries = this.#byStream.get(key);
    if (entries?.delete(entry) !== true) return;
    if (entries.size === 0) this.#byStream.delete(key);
    this.#count -= 1;
    entry.push.stop(reason);
    entry.release();
  }

  #entriesOf(streamKey: string): Entry[] {
    return [...(this.#byStream.get(streamKey) ?? [])];
  }

  #find(streamKey: string, which: { readonly id: string } | { readonly url: string }): Entry | undefined {
    return this.#entriesOf(streamKey).find(({ push }) =>
      'id' in which ? push.id === which.id : push.template === which.url,
    );
  }

  #limitOf(streamKey: string): EndReason | undefined {
    const { config, hub } = this.#context;
    const { max_relay_pushes: maxPushes, max_streams: maxStreams } = config.limits;
    if (maxPushes > 0 && this.#count >= maxPushes) return endReason('limit-reached', 'max_relay_pushes');
    const isNew = maxStreams > 0 && hub.streams.size >= maxStreams && hub.get(streamKey) === undefined;
    return isNew ? endReason('limit-reached', 'max_streams') : undefined;
  }
}
