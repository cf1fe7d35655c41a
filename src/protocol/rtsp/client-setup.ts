/** The SETUPs of a client, one track after the other (RFC 2326, 10.4). */
import { ClientChannels } from './client-channels.ts';
import type { RtspSetupEvent } from './client-events.ts';
import { agreedTransport, transportOffer } from './client-transport.ts';
import type { RtspClientTransportKind, RtspTrackTransport, RtspTransportOffer } from './client-transport.ts';
import type { RtspResponse } from './rtsp-message.ts';
import { RtspStatus } from './rtsp-status.ts';
import type { PortPair } from './transport-header.ts';

/** A track to set up. */
export interface WantedTrack {
  /** What events call it. */
  readonly index: number;
  readonly controlUrl: string;
  /** Of its formats. */
  readonly payloadTypes: ReadonlySet<number>;
}

/** What to do next. */
export type SetupStep =
  | { readonly type: 'ask-for-ports'; readonly trackIndex: number }
  | { readonly type: 'send'; readonly uri: string; readonly transport: string }
  | { readonly type: 'done' };

/** Goes through the tracks, and for each through the transports until the server takes one. */
export class ClientSetup {
  readonly channels: ClientChannels = new ClientChannels();
  readonly #mode: 'play' | 'publish';
  readonly #tracksLeft: WantedTrack[];
  /** In the order to try, which changes: what one track was given is asked for first with the next. */
  #kinds: readonly RtspClientTransportKind[];
  /** Of the current track. */
  #kindsLeft: RtspClientTransportKind[];
  #offer: RtspTransportOffer | undefined;
  readonly #accepted: WantedTrack[] = [];
  readonly #transports = new Map<number, RtspTrackTransport>();

  constructor(
    tracks: readonly WantedTrack[],
    kinds: readonly RtspClientTransportKind[],
    mode: 'play' | 'publish',
  ) {
    this.#mode = mode;
    this.#tracksLeft = [...tracks];
    this.#kinds = kinds;
    this.#kindsLeft = [...kinds];
  }

  /** Tracks that the server has set up, in order. */
  get accepted(): readonly WantedTrack[] {
    return this.#accepted;
  }

  transportOf(trackIndex: number): RtspTrackTransport | undefined {
    return this.#transports.get(trackIndex);
  }

  next(): SetupStep {
    const track = this.#tracksLeft[0];
    if (track === undefined) return { type: 'done' };
    if (this.#offer === undefined && this.#kindsLeft[0] === 'udp') {
      return { type: 'ask-for-ports', trackIndex: track.index };
    }
    this.#offer ??= { kind: 'tcp', channels: this.#nextChannels() };
    return { type: 'send', uri: track.controlUrl, transport: transportOffer(this.#offer, this.#mode) };
  }

  /**
   * The answer to `ask-for-ports`.
   * @param ports `undefined` when there are none: UDP is then out of the question
   */
  usePorts(ports: PortPair | undefined): RtspSetupEvent | undefined {
    if (ports === undefined) return this.#tryNextKind(RtspStatus.unsupportedTransport);
    this.#offer = { kind: 'udp', clientPort: ports };
    return undefined;
  }

  /** The answer to `send`. @returns `undefined` when the track will be tried with another transport */
  receive({ status, headers }: RtspResponse): RtspSetupEvent | undefined {
    if (status === RtspStatus.unsupportedTransport) return this.#tryNextKind(status);
    if (status >= 300) return this.#refuse(status);
    const transport = agreedTransport(this.#offer!, this.#mode, headers.get('Transport'));
    return transport === undefined
      ? this.#tryNextKind(RtspStatus.unsupportedTransport)
      : this.#accept(transport);
  }

  #accept(transport: RtspTrackTransport): RtspSetupEvent {
    const { kind } = transport;
    this.#kinds = [kind, ...this.#kinds.filter((other) => other !== kind)];
    const track = this.#nextTrack();
    this.#accepted.push(track);
    this.#transports.set(track.index, transport);
    if (kind === 'tcp') this.channels.add(track.index, transport.channels, track.payloadTypes);
    return { type: 'track', trackIndex: track.index, transport };
  }

  #tryNextKind(status: number): RtspSetupEvent | undefined {
    this.#kindsLeft.shift();
    this.#offer = undefined;
    return this.#kindsLeft.length === 0 ? this.#refuse(status) : undefined;
  }

  #refuse(status: number): RtspSetupEvent {
    return { type: 'track-refused', trackIndex: this.#nextTrack().index, status };
  }

  /** Leaves the current track, which is there. */
  #nextTrack(): WantedTrack {
    this.#kindsLeft = [...this.#kinds];
    this.#offer = undefined;
    return this.#tracksLeft.shift()!;
  }

  /** Those that every client asks for: 0-1 for the first track, 2-3 for the second. */
  #nextChannels(): PortPair {
    const rtp = this.#accepted.length * 2;
    return { rtp, rtcp: rtp + 1 };
  }
}
