import { join } from 'node:path';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { HlsFragmentEvent, HlsObserver } from '../../output/hls/hls-options.ts';
import { PLAYLIST_FILE } from '../../output/hls/playlist-document.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { RtmpConnect, RtmpObserver } from '../rtmp/rtmp-observer.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionObserver, SessionRegistry } from '../sessions/session-registry.ts';
import type { Statistics } from '../stats/statistics.ts';
import type {
  HlsFragmentNotice,
  ServerEvent,
  ServerEventSink,
  SessionSnapshot,
  SessionStartType,
  SessionStopType,
} from './server-event.ts';

/** What events are made from. */
export interface ServerEventSources {
  readonly config: ServerConfig;
  readonly registry: SessionRegistry;
  readonly statistics: Statistics;
}

/** Events of sessions by what they are; a relay push has none, as in lal. */
const SESSION_EVENTS: Readonly<
  Partial<Record<SessionRecord['baseType'], { start: SessionStartType; stop: SessionStopType }>>
> = {
  PUB: { start: 'pub-start', stop: 'pub-stop' },
  SUB: { start: 'sub-start', stop: 'sub-stop' },
  PULL: { start: 'relay-pull-start', stop: 'relay-pull-stop' },
};

/** Makes one kind of event out of what the parts of a server tell about themselves, and hands it to all who listen. */
export class ServerEvents implements SessionObserver, RtmpObserver, Partial<HlsObserver> {
  readonly #sources: ServerEventSources;
  readonly #sinks: readonly ServerEventSink[];
  #seconds = 0;

  constructor(sources: ServerEventSources, sinks: readonly ServerEventSink[]) {
    this.#sources = sources;
    this.#sinks = sinks;
  }

  /** The server is about to open its ports. */
  serverStarts(): void {
    this.#emit({ type: 'server-start' });
  }

  /** All ports are open. */
  serverStarted(): void {
    this.#update();
  }

  /** To be called once a second. */
  tick(): void {
    const { update_interval_sec: intervalSec } = this.#sources.config.http_notify;
    this.#seconds += 1;
    if (intervalSec > 0 && this.#seconds % intervalSec === 0) this.#update();
  }

  sessionStarted(record: SessionRecord): void {
    const type = SESSION_EVENTS[record.baseType]?.start;
    if (type !== undefined) this.#emit({ type, session: this.#snapshotOf(record) });
  }

  sessionEnded(record: SessionRecord, reason: EndReason): void {
    const type = SESSION_EVENTS[record.baseType]?.stop;
    if (type !== undefined) this.#emit({ type, session: this.#snapshotOf(record), reason });
  }

  connected(connect: RtmpConnect): void {
    this.#emit({ type: 'rtmp-connect', connect });
  }

  fragmentOpened(event: HlsFragmentEvent): void {
    this.#emit({ type: 'hls-fragment', fragment: this.#fragmentOf('open', event) });
  }

  fragmentClosed(event: HlsFragmentEvent): void {
    this.#emit({ type: 'hls-fragment', fragment: this.#fragmentOf('close', event) });
  }

  #update(): void {
    this.#emit({ type: 'update', groups: () => this.#sources.statistics.groups() });
  }

  #emit(event: ServerEvent): void {
    for (const sink of this.#sinks) sink.receive(event);
  }

  #snapshotOf(record: SessionRecord): SessionSnapshot {
    const { registry } = this.#sources;
    const { id, protocol, baseType, remoteAddress, url, appName, streamName, urlParam } = record;
    const { streamKey, origin, startedMs } = record;
    return {
      id,
      protocol,
      baseType,
      remoteAddress,
      url,
      appName,
      streamName,
      urlParam,
      streamKey,
      origin,
      startedMs,
      bytesRead: record.bytesRead(),
      bytesWritten: record.bytesWritten(),
      hasInput: registry.hasInput(streamKey),
      hasOutput: registry.hasOutput(streamKey),
      close: (reason = endReason('kicked')) => record.close(reason),
    };
  }

  #fragmentOf(
    event: 'open' | 'close',
    { streamKey, folder, name, id, durationMs }: HlsFragmentEvent,
  ): HlsFragmentNotice {
    const path = join(this.#sources.config.hls.out_path, folder);
    return {
      event,
      streamKey,
      streamName: this.#streamNameOf(streamKey),
      id,
      durationMs,
      tsFile: join(path, name),
      livePlaylistFile: join(path, PLAYLIST_FILE.live),
      recordPlaylistFile: join(path, PLAYLIST_FILE.record),
    };
  }

  /** A stream that is over, and whose last fragment has only now been written, has its name in its key alone. */
  #streamNameOf(streamKey: string): string {
    const { config, statistics } = this.#sources;
    if (config.stream_key === 'stream') return streamKey;
    return statistics.group(streamKey)?.stream_name ?? streamKey.slice(streamKey.lastIndexOf('/') + 1);
  }
}
