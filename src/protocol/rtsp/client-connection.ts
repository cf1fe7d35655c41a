/**
 * The client's side of RTSP 1.0 (RFC 2326), for pulling and pushing, with what servers make of it. Left out on purpose:
 * PAUSE and seeking, multicast, RTSP 2.0.
 *
 *   play:    OPTIONS -> DESCRIBE -> SETUP for each track -> PLAY
 *   publish: OPTIONS -> ANNOUNCE -> SETUP for each track -> RECORD
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseSessionDescription } from '../sdp/session-description.ts';
import type { RtspClientAuth } from './auth/client-auth.ts';
import type { RtspClientEvent, RtspSetupEvent } from './client-events.ts';
import { RtspClientExchange } from './client-exchange.ts';
import type { RtspClientAnswer } from './client-exchange.ts';
import { answerServerRequest } from './client-server-requests.ts';
import { ClientSetup } from './client-setup.ts';
import type { WantedTrack } from './client-setup.ts';
import { describedTracks, startOf } from './client-tracks.ts';
import type { RtspClientTrack } from './client-tracks.ts';
import type { RtspClientTransportKind, RtspTrackTransport } from './client-transport.ts';
import { parseMethodList } from './method-list.ts';
import { RtspMethod, serializeRtspResponse } from './rtsp-message.ts';
import type { RtspRequest, RtspResponse } from './rtsp-message.ts';
import { RtspReader } from './rtsp-reader.ts';
import type { RtspInterleavedPacket, RtspReaderItem } from './rtsp-reader.ts';
import { RtspStatus } from './rtsp-status.ts';
import { resolveControlUrl } from './rtsp-url.ts';
import type { PortPair } from './transport-header.ts';

/** What a publisher announces. */
export interface RtspPublication {
  /** The session description. */
  readonly sdp: string;
  /** `a=control` of each of its tracks, in order. */
  readonly controls: readonly string[];
}

/** What a client connection asks the server for. */
export interface RtspClientConnectionOptions {
  /** `requestUrl` of `RtspUrl`. */
  readonly url: string;
  /** Without it the connection is a player's. */
  readonly publication?: RtspPublication | undefined;
  /** In the order to try; the next one is tried when the server does not support one. */
  readonly transports: readonly RtspClientTransportKind[];
  /** Of the server; may have been in use on earlier connections to it. */
  readonly auth: RtspClientAuth;
  readonly userAgent?: string | undefined;
}

const DEFAULT_USER_AGENT = 'lal-ts';
/** RFC 2326, 11.3, and what HTTP has added since. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 305, 307, 308]);
/** As every client says it; a live stream starts where it is. */
const FROM_THE_START: readonly [string, string] = ['Range', 'npt=0.000-'];

/** opening -> described (players) -> setting up -> starting -> started -> closed */
type State =
  | { readonly name: 'opening' }
  | { readonly name: 'described'; readonly tracks: readonly RtspClientTrack[] }
  | { readonly name: 'setting up' }
  | { readonly name: 'starting' }
  | { readonly name: 'started' }
  | { readonly name: 'closed' };

/**
 * The client's side of an RTSP connection, for pushing and pulling, without a socket: bytes in, events out, bytes out.
 * It goes its way by itself, except for two questions, `described` and `ports-needed`; the first output is there from
 * the start.
 */
export class RtspClientConnection {
  readonly #options: RtspClientConnectionOptions;
  readonly #reader = new RtspReader();
  readonly #exchange: RtspClientExchange;
  readonly #events: RtspClientEvent[] = [];
  #state: State = { name: 'opening' };
  #setup: ClientSetup | undefined;
  /** What PLAY, RECORD and TEARDOWN name. */
  #aggregateUrl: string;
  #publicMethods: ReadonlySet<string> = new Set();
  #strayPackets = 0;

  constructor(options: RtspClientConnectionOptions) {
    this.#options = options;
    this.#aggregateUrl = options.url;
    this.#exchange = new RtspClientExchange(options.auth, options.userAgent ?? DEFAULT_USER_AGENT);
    this.#exchange.send({ method: RtspMethod.options, uri: options.url });
  }

  /** PLAY or RECORD was accepted. */
  get isStarted(): boolean {
    return this.#state.name === 'started';
  }

  /** The method that waits for the server's answer. */
  get pendingMethod(): string | undefined {
    return this.#exchange.pendingMethod;
  }

  /** Requests sent so far: a change tells that `pendingMethod` began to wait anew. */
  get requestsSent(): number {
    return this.#exchange.requestsSent;
  }

  /** How often the server wants to hear of us, with room for one request that gets lost. */
  get keepAliveIntervalMs(): number {
    return this.#exchange.sessionTimeoutMs / 2;
  }

  /** Interleaved packets that belong to no track. */
  get strayPackets(): number {
    return this.#strayPackets;
  }

  /** How a track travels, once it is set up. */
  transportOf(trackIndex: number): RtspTrackTransport | undefined {
    return this.#setup?.transportOf(trackIndex);
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    if (this.#state.name !== 'closed') this.#reader.receive(chunk);
  }

  /**
   * What happened next; `undefined` when bytes are missing, and soon after the end.
   * @throws ProtocolError once; afterwards the connection is closed
   */
  nextEvent(): RtspClientEvent | undefined {
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event !== undefined || this.#state.name === 'closed') return event;
        const item = this.#reader.next();
        if (item === undefined) return undefined;
        if (item.type === 'interleaved') {
          const packet = this.#handlePacket(item);
          if (packet !== undefined) return packet;
        } else {
          this.#handleMessage(item);
        }
      }
    } catch (error) {
      this.#state = { name: 'closed' };
      throw error;
    }
  }

  /** Bytes to write now, in order; they belong to the caller. */
  takeOutput(): Uint8Array[] {
    return this.#exchange.takeOutput();
  }

  /**
   * Answers `described`.
   * @param trackIndices what to set up; unknown ones are ignored
   * @throws ProtocolError `ERR_RTSP_NO_TRACK` when nothing is left
   */
  setUp(trackIndices: readonly number[]): void {
    if (this.#state.name !== 'described') return;
    const wanted = this.#state.tracks
      .filter(({ index }) => trackIndices.includes(index))
      .map(({ index, controlUrl, media }) => ({
        index,
        controlUrl,
        payloadTypes: new Set(media.rtpFormats.map(({ payloadType }) => payloadType)),
      }));
    this.#beginSetup(wanted);
  }

  /** Answers `ports-needed`. @param ports our own; `undefined` when there are none */
  usePorts(ports: PortPair | undefined): void {
    if (this.#state.name !== 'setting up') return;
    this.#setupWentOn(this.#setup!.usePorts(ports), 'no local ports');
  }

  /** Tells the server that we are still there: to be called every `keepAliveIntervalMs`, once started. */
  keepAlive(): void {
    if (this.#state.name !== 'started') return;
    this.#exchange.send({ method: this.#keepAliveMethod(), uri: this.#aggregateUrl });
  }

  /** Says goodbye: TEARDOWN, as far as there is a session. The session writes the output and closes. */
  end(): void {
    if (this.#state.name !== 'closed' && this.#exchange.hasSession) {
      this.#exchange.send({ method: RtspMethod.teardown, uri: this.#aggregateUrl });
    }
    this.#state = { name: 'closed' };
  }

  get #mode(): 'play' | 'publish' {
    return this.#options.publication === undefined ? 'play' : 'publish';
  }

  #handlePacket({ channel, data }: RtspInterleavedPacket): RtspClientEvent | undefined {
    const route = this.#setup?.channels.routeOf(channel, data);
    if (route !== undefined) {
      return { type: 'packet', trackIndex: route.trackIndex, isRtcp: route.isRtcp, packet: data };
    }
    this.#strayPackets += 1;
    return undefined;
  }

  #handleMessage(item: Exclude<RtspReaderItem, RtspInterleavedPacket>): void {
    if (item.type === 'request') {
      this.#handleRequest(item.request);
      return;
    }
    const answer = this.#exchange.receive(item.response);
    if (answer === undefined) return;
    const { status, headers } = answer.response;
    const location = headers.get('Location');
    if (this.#state.name !== 'started' && REDIRECTS.has(status) && location !== undefined) {
      this.#close({ type: 'redirect', location });
    } else {
      this.#handleAnswer(answer);
    }
  }

  #handleRequest(request: RtspRequest): void {
    const { response, event } = answerServerRequest(request);
    this.#exchange.sendBytes(serializeRtspResponse(response));
    if (event !== undefined) this.#close(event);
  }

  #handleAnswer(answer: RtspClientAnswer): void {
    const { request, response } = answer;
    switch (request.method) {
      case RtspMethod.setup:
        this.#setupAnswered(answer);
        break;
      case RtspMethod.play:
      case RtspMethod.record:
        this.#startAnswered(answer);
        break;
      default:
        if (this.#state.name === 'started') this.#keepAliveAnswered(answer);
        else if (request.method === RtspMethod.options) this.#optionsAnswered(answer);
        else if (response.status >= 300) this.#refused(answer);
        else if (request.method === RtspMethod.describe) this.#described(response);
        else this.#announced();
    }
  }

  /** A server that does not know OPTIONS may still know the rest. */
  #optionsAnswered(answer: RtspClientAnswer): void {
    const { status, headers } = answer.response;
    if (status === RtspStatus.unauthorized) {
      this.#refused(answer);
      return;
    }
    this.#publicMethods = new Set(parseMethodList(headers.get('Public') ?? ''));
    const { url, publication } = this.#options;
    if (publication === undefined) {
      this.#exchange.send({
        method: RtspMethod.describe,
        uri: url,
        headers: [['Accept', 'application/sdp']],
      });
      return;
    }
    this.#exchange.send({
      method: RtspMethod.announce,
      uri: url,
      headers: [['Content-Type', 'application/sdp']],
      body: new TextEncoder().encode(publication.sdp),
    });
  }

  #described({ headers, body }: RtspResponse): void {
    const description = parseSessionDescription(body);
    const { tracks, aggregateUrl } = describedTracks(description, this.#options.url, headers);
    this.#aggregateUrl = aggregateUrl;
    this.#state = { name: 'described', tracks };
    this.#events.push({ type: 'described', description, sdp: body, tracks });
  }

  #announced(): void {
    const { url, publication } = this.#options;
    const tracks = publication!.controls.map((control, index) => ({
      index,
      controlUrl: resolveControlUrl(url, control),
      payloadTypes: new Set<number>(),
    }));
    this.#beginSetup(tracks);
  }

  #beginSetup(tracks: readonly WantedTrack[]): void {
    if (tracks.length === 0) throw new ProtocolError('ERR_RTSP_NO_TRACK', 'there is no track to set up');
    this.#state = { name: 'setting up' };
    this.#setup = new ClientSetup(tracks, this.#options.transports, this.#mode);
    this.#continueSetup();
  }

  #continueSetup(): void {
    const step = this.#setup!.next();
    switch (step.type) {
      case 'ask-for-ports':
        this.#events.push({ type: 'ports-needed', trackIndex: step.trackIndex });
        break;
      case 'send':
        this.#exchange.send({
          method: RtspMethod.setup,
          uri: step.uri,
          headers: [['Transport', step.transport]],
        });
        break;
      case 'done':
        this.#start([FROM_THE_START]);
    }
  }

  #setupAnswered(answer: RtspClientAnswer): void {
    if (this.#state.name !== 'setting up') return;
    const { response } = answer;
    // Wrong credentials would be wrong for the other tracks too, and some cameras lock users out who insist.
    if (response.status === RtspStatus.unauthorized) this.#refused(answer);
    else this.#setupWentOn(this.#setup!.receive(response), response.reason);
  }

  /** A player is content with one track, a publisher is not. */
  #setupWentOn(event: RtspSetupEvent | undefined, reason: string): void {
    if (event !== undefined) this.#events.push(event);
    const setup = this.#setup!;
    const isInVain = setup.accepted.length === 0 && setup.next().type === 'done';
    if (event?.type === 'track-refused' && (isInVain || this.#mode === 'publish')) {
      this.#close({ type: 'refused', method: RtspMethod.setup, status: event.status, reason });
    } else {
      this.#continueSetup();
    }
  }

  #start(headers: readonly (readonly [string, string])[]): void {
    const method = this.#mode === 'play' ? RtspMethod.play : RtspMethod.record;
    this.#exchange.send({ method, uri: this.#aggregateUrl, headers });
    this.#state = { name: 'starting' };
  }

  #startAnswered(answer: RtspClientAnswer): void {
    if (this.#state.name !== 'starting') return;
    const { status, headers } = answer.response;
    const hadRange = (answer.request.headers ?? []).length > 0;
    if (status === RtspStatus.invalidRange && hadRange) {
      // Some live servers know no beginning.
      this.#start([]);
    } else if (status >= 300) {
      this.#refused(answer);
    } else {
      this.#state = { name: 'started' };
      this.#events.push({ type: 'started', ...startOf(headers, this.#setup!.accepted) });
    }
  }

  /** A session that is gone shows in the media; a method that is not known after all is not used again. */
  #keepAliveAnswered({ request, response }: RtspClientAnswer): void {
    if (response.status < 300) return;
    const others = [...this.#publicMethods].filter((method) => method !== request.method);
    this.#publicMethods = new Set(others);
  }

  #keepAliveMethod(): string {
    const { getParameter, setParameter, options } = RtspMethod;
    const isPublic = (method: string): boolean => this.#publicMethods.has(method);
    if (isPublic(getParameter)) return getParameter;
    return isPublic(setParameter) && !isPublic(options) ? setParameter : options;
  }

  #refused({ request, response }: RtspClientAnswer): void {
    const { status, reason } = response;
    this.#close({ type: 'refused', method: request.method, status, reason });
  }

  #close(event: RtspClientEvent): void {
    this.#state = { name: 'closed' };
    this.#events.push(event);
  }
}
