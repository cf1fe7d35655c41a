import pino from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import type { Publication } from '../hub/publication.ts';
import { LocalStreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import type { Track } from '../media/track.ts';
import { ConfigStore } from '../server/config/config-store.ts';
import { parseConfig } from '../server/config/load-config.ts';
import type { ServerConfig } from '../server/config/server-config.ts';
import { ConnectionGuard } from '../server/listeners/connection-guard.ts';
import { streamGopCacheLimits } from '../server/output-options.ts';
import { RtspService } from '../server/rtsp/rtsp-service.ts';
import { SessionIds } from '../server/sessions/session-ids.ts';
import { SessionRegistry } from '../server/sessions/session-registry.ts';
import { StreamGate } from '../server/admission/stream-gate.ts';
import { createUdpPorts } from '../server/listeners/udp-ports.ts';
import { SocketTransport } from '../session/rtsp/server-socket-transport.ts';
import { duplexPair, settle, type PairedSocket } from './duplex-pair.ts';
import { FakeClock } from './fake-clock.ts';
import { hex } from './hex.ts';
import { baseline, IDR, SLICE } from './h264-rtp-kit.ts';
import { frameOf } from './hub-kit.ts';
import { RTSP_URL, RtspTestClient } from './rtsp-server-kit.ts';

/** What the service's log says; other fields are of no interest here. */
export interface RtspLogLine {
  readonly msg: string;
  readonly code?: string;
  readonly session?: string;
}

/** A client over a socket in memory. */
export class BenchClient extends RtspTestClient {
  readonly end: PairedSocket;
  isClosed = false;

  constructor(end: PairedSocket) {
    super((bytes) => end.write(bytes));
    this.end = end;
    end.on('data', (chunk: Buffer) => this.receive(chunk));
    end.on('end', () => {
      this.isClosed = true;
    });
  }

  /** @returns the status of the reply, once it is there; `undefined` while there is none */
  async ask(...request: Parameters<RtspTestClient['send']>): Promise<number | undefined> {
    const before = this.replies.length;
    this.send(...request);
    await settle();
    return this.replies[before]?.status;
  }

  /** Asks for the description and the first track, over TCP. The stream must be there. */
  async getReady(): Promise<void> {
    await this.ask('DESCRIBE');
    this.setup(0);
    await settle();
  }

  /** RTCP packets of the first track's channel: their types. */
  get reports(): number[] {
    return this.heard
      .filter((line) => line.startsWith('$1 '))
      .map((line) => Number(line.slice('$1 '.length).split(',')[1]));
  }
}

/** The RTSP part of a server, with a hub, a clock that stands still, and clients in memory. */
export class RtspServiceBench {
  readonly clock: FakeClock = new FakeClock();
  readonly log: RtspLogLine[] = [];
  readonly hub: StreamHub;
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly service: RtspService;
  readonly track: Track = { id: 1, kind: 'video', config: baseline };
  readonly #configOf: (rtsp: Record<string, unknown>) => ServerConfig;
  readonly #configStore: ConfigStore;
  #timeMs = 0;

  /** @param rtsp the section of the config */
  constructor(rtsp: Record<string, unknown> = {}, graceMs = 0) {
    const others = { limits: { idle_timeout_ms: 20_000 }, in_session: { grace_ms: graceMs } };
    this.#configOf = (section) => parseConfig(JSON.stringify({ rtsp: section, ...others }), 'test').config;
    const configStore = new ConfigStore(this.#configOf(rtsp));
    const config = configStore.current;
    this.#configStore = configStore;
    this.hub = new StreamHub(new FlushScheduler(this.clock, 0, 0), {
      gopCache: streamGopCacheLimits(config),
      graceMs,
    });
    const write = (line: string): number => this.log.push(JSON.parse(line) as RtspLogLine);
    const logger = pino({ level: 'debug' }, { write });
    this.service = new RtspService({
      config,
      configStore,
      clock: this.clock,
      hub: this.hub,
      registry: this.registry,
      logger,
      ids: new SessionIds(),
      gate: new StreamGate(config, this.hub, new LocalStreamDirectory()),
      guard: new ConnectionGuard(config.limits),
      udpPorts: createUdpPorts(config, logger),
      streamingSockets: new WeakSet(),
    });
  }

  /** Puts another section `rtsp` into force. */
  reload(rtsp: Record<string, unknown>): void {
    this.#configStore.apply(this.#configOf(rtsp));
  }

  connect(): BenchClient {
    const { server, client } = duplexPair();
    const connected = new BenchClient(client);
    this.service.accept(new SocketTransport(server.socket, this.clock));
    return connected;
  }

  /** Somebody publishes from elsewhere: a video track, known at once. */
  publish(streamKey = 'test110', track: Track = this.track): Publication {
    const publication = this.hub.open(streamKey).publish()!;
    publication.announce({ audio: false, video: true });
    publication.setTrack(track);
    return publication;
  }

  /** One picture, 40 ms behind the last. */
  async picture(publication: Publication, isKey = true): Promise<void> {
    this.#timeMs += 40;
    const nal = hex(isKey ? IDR : SLICE);
    const data = Uint8Array.of(0, 0, 0, nal.length, ...nal);
    publication.write({ ...frameOf(this.track, this.#timeMs, { isKey }), data });
    this.clock.turn();
    await settle();
  }

  /** Lets seconds pass, with the server's tick in each. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      this.service.tick(this.clock.monotonicMs());
      this.hub.tick(this.clock.monotonicMs());
    }
    await settle();
  }

  /** The codes of sessions that have ended. */
  get ends(): (string | undefined)[] {
    return this.log.filter(({ msg }) => msg.includes('session ended')).map(({ code }) => code);
  }

  /** Lines of the log about the beginnings and ends of publishing and playing, with the session's name. */
  get turns(): string[] {
    return this.log
      .filter(({ msg }) => /^(?:publish|play) /.test(msg))
      .map(({ msg, session }) => `${msg} ${session}`);
  }
}

/** The URL of another stream than the usual one. */
export function urlOf(streamName: string): string {
  return RTSP_URL.replace('test110', streamName);
}
