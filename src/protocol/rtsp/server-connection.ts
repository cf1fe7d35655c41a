import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseRange, serializeRange } from './range-header.ts';
import { serializeRtpInfo } from './rtp-info-header.ts';
import { RtspMethod, type RtspRequest } from './rtsp-message.ts';
import { DEFAULT_RTSP_READER_LIMITS, RtspReader } from './rtsp-reader.ts';
import type { RtspReaderItem, RtspReaderLimits } from './rtsp-reader.ts';
import { RtspStatus } from './rtsp-status.ts';
import { factsOf } from './server-events.ts';
import type { RtspOwnDescription, RtspServerEvent, RtspTrackStart } from './server-events.ts';
import { ServerPresentation } from './server-presentation.ts';
import { ServerReplies } from './server-replies.ts';
import type { ReplyHeaders, ServerRepliesOptions } from './server-replies.ts';
import * as checks from './server-request.ts';
import { isPublisherState, legalMethods, SERVER_METHODS } from './server-states.ts';
import type { RtspServerStateName } from './server-states.ts';
import { ServerTransports } from './server-transports.ts';
import type { RtspOffer, RtspServerTrack } from './server-transports.ts';
import { serializeSessionHeader } from './session-header.ts';
import type { PortPair } from './transport-header.ts';

/** What distinguishes one server's connections from another's. */
export interface RtspServerConnectionOptions extends ServerRepliesOptions {
  /** How long a client may be silent, as the `Session` header tells it. */
  readonly sessionTimeoutSec?: number | undefined;
  /** False where media can only be interleaved: TLS, WebSocket, tunnels. */
  readonly allowUdp?: boolean | undefined;
  /** Unguessable; made here unless given. */
  readonly sessionId?: string | undefined;
}

/** RFC 2326, 12.37. */
const DEFAULT_SESSION_TIMEOUT_SEC = 60;
/** Written as hexadecimal digits: some devices know nothing else. */
const SESSION_ID_BYTES = 8;
/** Until a publisher may send media, packets are reports, which fit the unit of any link. */
const LIMITS_BEFORE_RECORD: RtspReaderLimits = { ...DEFAULT_RTSP_READER_LIMITS, maxInterleavedBytes: 4096 };

/** The picture is in server-states.ts. */
type State =
  | { readonly name: 'init' | 'ended' }
  | { readonly name: 'described' | 'announced'; readonly presentation: ServerPresentation }
  | TracksState;

interface TracksState {
  readonly name: 'ready to play' | 'playing' | 'paused' | 'ready to record' | 'recording';
  readonly presentation: ServerPresentation;
  readonly tracks: readonly RtspServerTrack[];
}

/** A request that waits for the caller's answer. */
type Pending =
  | { readonly what: 'describe'; readonly request: RtspRequest }
  | { readonly what: 'announce'; readonly request: RtspRequest; readonly presentation: ServerPresentation }
  | {
      readonly what: 'setup';
      readonly request: RtspRequest;
      readonly presentation: ServerPresentation;
      readonly trackIndex: number;
    }
  | { readonly what: 'play'; readonly request: RtspRequest }
  | { readonly what: 'record'; readonly request: RtspRequest };

/**
 * The server's side of an RTSP 1.0 connection (RFC 2326) without a socket: bytes in, events out, bytes out. One session
 * a connection, for playing or for publishing. Media for a player does not pass through here. A refused request leaves
 * the state as it was, so that the client may try something else.
 */
export class RtspServerConnection {
  readonly #reader = new RtspReader(LIMITS_BEFORE_RECORD);
  readonly #replies: ServerReplies;
  readonly #transports: ServerTransports;
  readonly #sessionId: string;
  readonly #sessionTimeoutSec: number;
  #state: State = { name: 'init' };
  #pending: Pending | undefined;

  constructor(options: RtspServerConnectionOptions = {}) {
    this.#replies = new ServerReplies(options);
    this.#transports = new ServerTransports(options.allowUdp ?? true);
    this.#sessionId = options.sessionId ?? randomBytes(SESSION_ID_BYTES).toString('hex');
    this.#sessionTimeoutSec = options.sessionTimeoutSec ?? DEFAULT_SESSION_TIMEOUT_SEC;
  }

  get state(): RtspServerStateName {
    return this.#state.name;
  }

  /** The tracks that were set up, in the order of their SETUPs. */
  get tracks(): readonly RtspServerTrack[] {
    return 'tracks' in this.#state ? this.#state.tracks : [];
  }

  /** Bytes received and not read yet. Grows while an answer is owed; the session bounds it by pausing its socket. */
  get pendingBytes(): number {
    return this.#reader.pendingBytes;
  }

  /** Whether a request waits for `accept…`, `challenge` or `reject`. */
  get isAnswerOwed(): boolean {
    return this.#pending !== undefined;
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    if (this.#state.name !== 'ended') this.#reader.receive(chunk);
  }

  /**
   * What happened next; `undefined` when bytes are missing, when an answer is owed, or after the end. On an error the
   * fitting status is in the output: write that, then close.
   * @throws ProtocolError `ERR_RTSP_…` once; afterwards the connection is ended
   */
  nextEvent(): RtspServerEvent | undefined {
    try {
      while (this.#pending === undefined && this.#state.name !== 'ended') {
        const item = this.#reader.next();
        if (item === undefined) return undefined;
        const event = this.#handleItem(item);
        if (event !== undefined) return event;
      }
      return undefined;
    } catch (error) {
      this.#state = { name: 'ended' };
      if (error instanceof ProtocolError) this.#replies.send(undefined, checks.statusOfError(error));
      throw error;
    }
  }

  /** Bytes to write now, in order; they belong to the caller. */
  takeOutput(): Uint8Array[] {
    return this.#replies.take();
  }

  /** @throws {TypeError} when no `describe` waits for an answer */
  acceptDescribe({ sdp, controls }: RtspOwnDescription): void {
    const { request } = this.#takePending('describe');
    const { uri } = request;
    const headers: ReplyHeaders = [
      // Clients append control values to it; without the slash some drop what is behind the last one.
      ['Content-Base', uri.endsWith('/') ? uri : `${uri}/`],
      ['Content-Type', 'application/sdp'],
    ];
    const presentation = new ServerPresentation(uri, controls, { headers, body: sdp });
    this.#state = { name: 'described', presentation };
    this.#reply(request, RtspStatus.ok, headers, sdp);
  }

  /** @throws {TypeError} when no `announce` waits for an answer */
  acceptAnnounce(): void {
    const { request, presentation } = this.#takePending('announce');
    this.#state = { name: 'announced', presentation };
    this.#reply(request, RtspStatus.ok);
  }

  /**
   * @param offer one of the event's
   * @param details our ports, where media goes over UDP; and the SSRC of a player's track, where it is known
   * @throws {TypeError} when no `setup` waits for an answer
   */
  acceptSetup(offer: RtspOffer, details: { serverPorts?: PortPair; ssrc?: number } = {}): void {
    const { request, presentation, trackIndex } = this.#takePending('setup');
    const isPublisher = isPublisherState(this.#state.name);
    const transport = this.#transports.accept(offer, isPublisher ? 'record' : 'play', details);
    const tracks = [...this.tracks, { trackIndex, uri: request.uri, offer }];
    const isPaused = this.#state.name === 'paused';
    const name = isPublisher ? 'ready to record' : isPaused ? 'paused' : 'ready to play';
    this.#state = { name, presentation, tracks };
    const session = serializeSessionHeader({ id: this.#sessionId, timeoutSec: this.#sessionTimeoutSec });
    this.#replies.send(request, RtspStatus.ok, [
      ['Session', session],
      ['Transport', transport],
    ]);
  }

  /**
   * Lets the player begin; media may follow the output.
   * @param starts what the first packets will carry; tracks of which nothing is known may be left out
   * @throws {TypeError} when no `play` waits for an answer
   */
  acceptPlay(starts: readonly RtspTrackStart[] = []): void {
    const { request } = this.#takePending('play');
    this.#goTo('playing');
    this.#replyToPlay(request, starts);
  }

  /** Lets the publisher begin. @throws {TypeError} when no `record` waits for an answer */
  acceptRecord(): void {
    const { request } = this.#takePending('record');
    this.#goTo('recording');
    this.#reader.setLimits(DEFAULT_RTSP_READER_LIMITS);
    this.#reply(request, RtspStatus.ok);
  }

  /** Asks for credentials, or better ones. @param wwwAuthenticate the values of as many headers */
  challenge(wwwAuthenticate: readonly string[]): void {
    const headers = wwwAuthenticate.map((value) => ['WWW-Authenticate', value] as const);
    this.reject(RtspStatus.unauthorized, headers);
  }

  /** Refuses the request that waits for an answer. @throws {TypeError} when none does */
  reject(status: number, headers: ReplyHeaders = []): void {
    if (this.#pending === undefined) throw new TypeError('no request waits for an answer');
    const { request } = this.#pending;
    this.#pending = undefined;
    this.#reply(request, status, headers);
  }

  #handleItem(item: RtspReaderItem): RtspServerEvent | undefined {
    if (item.type === 'request') return this.#handleRequest(item.request, item.version);
    // Responses answer nothing: we ask clients for nothing. Packets before media may flow are nobody's.
    return item.type === 'interleaved' && CARRYING_MEDIA.has(this.#state.name) ? item : undefined;
  }

  #handleRequest(request: RtspRequest, version: string): RtspServerEvent | undefined {
    const refusal = checks.refusalOfRequest(request, version) ?? this.#refusalInState(request);
    if (refusal !== undefined) return this.#refuse(request, refusal);
    switch (request.method) {
      case RtspMethod.describe:
        return this.#handleDescribe(request);
      case RtspMethod.announce:
        return this.#handleAnnounce(request);
      case RtspMethod.setup:
        return this.#handleSetup(request);
      case RtspMethod.play:
        return this.#handlePlay(request);
      case RtspMethod.record:
        return this.#handleRecord(request);
      case RtspMethod.pause:
        return this.#handlePause(request);
      case RtspMethod.teardown:
        return this.#handleTeardown(request);
      default:
        return this.#handleKeepAlive(request);
    }
  }

  #refusalInState(request: RtspRequest): checks.Refusal | undefined {
    const state = this.#state;
    const sessionId = 'tracks' in state ? this.#sessionId : undefined;
    if (checks.namesOtherSession(request, sessionId)) return { status: RtspStatus.sessionNotFound };
    const { method, uri } = request;
    if (!legalMethods(state.name).includes(method)) return { status: RtspStatus.methodNotValidInThisState };
    // Tracks are started and stopped together (RFC 2326, 11.3.11).
    const isForOne = 'tracks' in state && state.tracks.length > 1 && state.presentation.isTrack(uri);
    if (isForOne && AGGREGATE_METHODS.has(method))
      return { status: RtspStatus.onlyAggregateOperationAllowed };
    return undefined;
  }

  #handleDescribe(request: RtspRequest): RtspServerEvent | undefined {
    const refusal = checks.refusalOfAccept(request);
    if (refusal !== undefined) return this.#refuse(request, refusal);
    // Once tracks are set up there is no way to another stream.
    if ('tracks' in this.#state) return this.#repeatDescription(request, this.#state.presentation);
    this.#pending = { what: 'describe', request };
    return { type: 'describe', ...factsOf(request) };
  }

  #repeatDescription(request: RtspRequest, presentation: ServerPresentation): undefined {
    const { description } = presentation;
    if (description === undefined || !presentation.isWhole(request.uri)) {
      return this.#refuse(request, { status: RtspStatus.methodNotValidInThisState });
    }
    return this.#reply(request, RtspStatus.ok, description.headers, description.body);
  }

  #handleAnnounce(request: RtspRequest): RtspServerEvent | undefined {
    const refusal = checks.refusalOfContentType(request);
    if (refusal !== undefined) return this.#refuse(request, refusal);
    const description = checks.parseDescription(request.body);
    if (description === undefined) return this.#refuse(request, { status: RtspStatus.badRequest });
    const controls = description.media.map(({ control }) => control);
    const presentation = new ServerPresentation(request.uri, controls);
    this.#pending = { what: 'announce', request, presentation };
    return { type: 'announce', ...factsOf(request), description, sdp: request.body };
  }

  #handleSetup(request: RtspRequest): RtspServerEvent | undefined {
    const state = this.#state;
    if (!('presentation' in state)) return undefined;
    const { presentation } = state;
    const isSetUp = (trackIndex: number): boolean =>
      this.tracks.some((track) => track.trackIndex === trackIndex);
    const target = presentation.trackOfSetup(request.uri, isSetUp);
    if ('status' in target) return this.#refuse(request, target);
    const mode = isPublisherState(state.name) ? 'record' : 'play';
    const offers = this.#transports.offersOf(request.headers.get('Transport'), mode);
    if ('status' in offers) return this.#refuse(request, offers);
    this.#pending = { what: 'setup', request, presentation, ...target };
    return { type: 'setup', mode, ...target, offers };
  }

  #handlePlay(request: RtspRequest): RtspServerEvent | undefined {
    const text = request.headers.get('Range');
    const range = text === undefined ? undefined : parseRange(text);
    if (text !== undefined && range === undefined) {
      return this.#refuse(request, { status: RtspStatus.invalidRange });
    }
    if (this.#state.name === 'playing') return this.#replyToPlay(request, []);
    this.#pending = { what: 'play', request };
    return { type: 'play', range };
  }

  #handleRecord(request: RtspRequest): RtspServerEvent | undefined {
    if (this.#state.name === 'recording') return this.#reply(request, RtspStatus.ok);
    this.#pending = { what: 'record', request };
    return { type: 'record' };
  }

  #handlePause(request: RtspRequest): RtspServerEvent | undefined {
    const { name } = this.#state;
    this.#goTo(name === 'recording' ? 'ready to record' : 'paused');
    this.#reply(request, RtspStatus.ok);
    return name === 'paused' ? undefined : { type: 'pause' };
  }

  #handleTeardown(request: RtspRequest): RtspServerEvent {
    this.#reply(request, RtspStatus.ok, [['Connection', 'close']]);
    this.#state = { name: 'ended' };
    return { type: 'teardown' };
  }

  /** OPTIONS, and the two that keep a session alive. */
  #handleKeepAlive(request: RtspRequest): undefined {
    const refusal = checks.refusalOfParameters(request);
    if (refusal !== undefined) return this.#refuse(request, refusal);
    const isOptions = request.method === RtspMethod.options;
    return this.#reply(request, RtspStatus.ok, isOptions ? [['Public', SERVER_METHODS.join(', ')]] : []);
  }

  #replyToPlay(request: RtspRequest, starts: readonly RtspTrackStart[]): undefined {
    const headers: (readonly [string, string])[] = [['Range', serializeRange({ unit: 'npt', start: 0 })]];
    const entries = this.tracks.flatMap(({ trackIndex, uri }) => {
      const start = starts.find((candidate) => candidate.trackIndex === trackIndex);
      return start === undefined ? [] : [{ url: uri, ...start }];
    });
    if (entries.length > 0) headers.push(['RTP-Info', serializeRtpInfo(entries)]);
    return this.#reply(request, RtspStatus.ok, headers);
  }

  #reply(request: RtspRequest, status: number, headers: ReplyHeaders = [], body?: Uint8Array): undefined {
    const session: ReplyHeaders = 'tracks' in this.#state ? [['Session', this.#sessionId]] : [];
    this.#replies.send(request, status, [...session, ...headers], body);
  }

  #refuse(request: RtspRequest, { status, headers = [] }: checks.Refusal): undefined {
    const isForState = status === RtspStatus.methodNotValidInThisState;
    const allow: ReplyHeaders = isForState ? [['Allow', legalMethods(this.#state.name).join(', ')]] : [];
    return this.#reply(request, status, [...allow, ...headers]);
  }

  #goTo(name: TracksState['name']): void {
    if ('tracks' in this.#state) this.#state = { ...this.#state, name };
  }

  #takePending<What extends Pending['what']>(what: What): Extract<Pending, { what: What }> {
    const pending = this.#pending;
    if (pending?.what !== what) {
      throw new TypeError(`no ${what} waits for an answer; the connection is ${this.#state.name}`);
    }
    this.#pending = undefined;
    return pending as Extract<Pending, { what: What }>;
  }
}

const CARRYING_MEDIA: ReadonlySet<RtspServerStateName> = new Set(['playing', 'paused', 'recording']);
const AGGREGATE_METHODS: ReadonlySet<string> = new Set([
  RtspMethod.play,
  RtspMethod.pause,
  RtspMethod.record,
  RtspMethod.teardown,
]);
