import type { EndReason } from '../media/end-reason.ts';
import { serializeInterleavedPacket } from '../protocol/rtsp/interleaved-packet.ts';
import { rtspRequest, serializeRtspRequest, type RtspResponse } from '../protocol/rtsp/rtsp-message.ts';
import { RtspReader } from '../protocol/rtsp/rtsp-reader.ts';
import type { RtspTrackStart } from '../protocol/rtsp/server-events.ts';
import type {
  RtspChallenge,
  RtspPlayFeed,
  RtspPlayTrack,
  RtspPresentation,
  RtspPublishTarget,
  RtspSessionHandler,
  RtspSink,
} from '../session/rtsp/server-handler.ts';
import type { RtspServerSession, RtspSessionLimits } from '../session/rtsp/server-session.ts';
import type { RtspFraming } from '../session/rtsp/server-transport.ts';

export const RTSP_URL = 'rtsp://192.0.2.9:5544/live/test110';

/** Two tracks, `streamid=0` of payload type 96 and `streamid=1` of 97. */
export const RTSP_SDP: Uint8Array = Buffer.from(
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nt=0 0\r\n' +
    'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\n' +
    'm=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=control:streamid=1\r\n',
);

export const RTSP_LIMITS: RtspSessionLimits = {
  handshakeTimeoutMs: 10_000,
  admissionTimeoutMs: 5000,
  idleTimeoutMs: 20_000,
  admissionBufferBytes: 64 * 1024,
  silenceTimeoutMs: 90_000,
};

type Decision = EndReason | RtspChallenge | Error | 'yes';

/** A server that notes what it is asked, and decides when and as the test says. */
export class RtspTestHandler implements RtspSessionHandler {
  readonly log: string[] = [];
  sink: RtspSink | undefined;
  framing: RtspFraming | undefined;
  endedBy: EndReason | undefined;
  /** What players are told of the first packets. */
  starts: readonly RtspTrackStart[] = [];
  /** Runs while a player is being attached, and when it is told goodbye. */
  onPlay: () => void = () => {};
  goodbye: Uint8Array = new Uint8Array(0);
  /** Everything is allowed at once. */
  isOpen = false;
  readonly #questions: ((decision: Decision) => void)[] = [];

  /** Answers the oldest open question. */
  decide(decision: Decision): void {
    this.#questions.shift()!(decision);
  }

  async describe(
    _session: RtspServerSession,
    { uri, authorization }: { uri: string; authorization: string | undefined },
  ): Promise<RtspPresentation | RtspChallenge | EndReason> {
    this.log.push(`describe ${uri}${authorization === undefined ? '' : ` as ${authorization}`}`);
    return (
      (await this.#decision()) ?? {
        description: { sdp: RTSP_SDP, controls: ['streamid=0', 'streamid=1'] },
        play: (tracks, sink, framing) => this.#play(tracks, sink, framing),
      }
    );
  }

  async announce(
    _session: RtspServerSession,
    { uri }: { uri: string },
  ): Promise<RtspPublishTarget | RtspChallenge | EndReason> {
    this.log.push(`announce ${uri}`);
    return (
      (await this.#decision()) ?? {
        record: ({ trackIndices, keepsOrder }) =>
          this.log.push(`record ${trackIndices.join()}${keepsOrder ? '' : ' in any order'}`),
        receiveRtp: (trackIndex, packet) => this.log.push(`rtp ${trackIndex}: ${packet.length}`),
        receiveRtcp: (trackIndex, packet) => this.log.push(`rtcp ${trackIndex}: ${packet.length}`),
        close: ({ code }) => this.log.push(`target closed: ${code}`),
      }
    );
  }

  ended(_session: RtspServerSession, reason: EndReason): void {
    this.log.push(`ended: ${reason.code}`);
    this.endedBy = reason;
  }

  #play(tracks: readonly RtspPlayTrack[], sink: RtspSink, framing: RtspFraming | undefined): RtspPlayFeed {
    const text = tracks.map(({ trackIndex, channels }) => `${trackIndex}@${channels.rtp}-${channels.rtcp}`);
    this.log.push(`play ${text.join()}`);
    this.sink = sink;
    this.framing = framing;
    this.onPlay();
    return {
      starts: this.starts,
      resume: () => this.log.push('feed resumed'),
      close: ({ code }) => this.log.push(`feed closed: ${code}`),
      goodbye: () => this.goodbye,
    };
  }

  async #decision(): Promise<EndReason | RtspChallenge | undefined> {
    if (this.isOpen) return undefined;
    const decision = await new Promise<Decision>((resolve) => this.#questions.push(resolve));
    if (decision instanceof Error) throw decision;
    return decision === 'yes' ? undefined : decision;
  }
}

/** What an RTSP client says, and how it reads what it hears. */
export class RtspTestClient {
  readonly replies: RtspResponse[] = [];
  /** Interleaved packets, and replies by their status, as they came. */
  readonly heard: string[] = [];
  readonly #write: (bytes: Uint8Array) => void;
  readonly #reader = new RtspReader();
  #sequence = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  receive(chunk: Uint8Array): void {
    this.#reader.receive(Uint8Array.from(chunk));
    for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next()) {
      if (item.type === 'response') this.replies.push(item.response);
      if (item.type === 'response') this.heard.push(`${item.response.status}`);
      if (item.type === 'interleaved') this.heard.push(`$${item.channel} ${item.data.join()}`);
    }
  }

  get statuses(): number[] {
    return this.replies.map(({ status }) => status);
  }

  request(
    method: string,
    uri = RTSP_URL,
    headers: Record<string, string> = {},
    body?: Uint8Array,
  ): Uint8Array {
    this.#sequence += 1;
    const all = [['CSeq', `${this.#sequence}`] as const, ...Object.entries(headers)];
    return serializeRtspRequest(rtspRequest(method, uri, all, body));
  }

  send(...request: Parameters<RtspTestClient['request']>): void {
    this.#write(this.request(...request));
  }

  announce(): void {
    this.send('ANNOUNCE', RTSP_URL, { 'Content-Type': 'application/sdp' }, RTSP_SDP);
  }

  setup(track: number, transport = `RTP/AVP/TCP;unicast;interleaved=${2 * track}-${2 * track + 1}`): void {
    this.send('SETUP', `${RTSP_URL}/streamid=${track}`, { Transport: transport });
  }

  packet(channel: number, packet: Uint8Array): void {
    this.#write(serializeInterleavedPacket(channel, packet));
  }
}

/** An RTP packet of a payload type, with nothing in it. */
export function emptyRtp(payloadType: number): Uint8Array {
  return Uint8Array.of(0x80, payloadType, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1);
}

/** A receiver report about nothing. */
export const EMPTY_RTCP: Uint8Array = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1);
