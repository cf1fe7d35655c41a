/**
 * A player of RTSP inside the test that shares nothing with src/: over TCP or WebSocket it sends what RFC 2326 says, and
 * takes the interleaved packets as they come. Or it is our own client, whose packets are taken apart the same way.
 */
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { endReason } from '../../src/media/end-reason.ts';
import { RtspClientSession } from '../../src/session/rtsp/client-session.ts';
import { Signal, withDeadline } from './deadline.ts';
import type { Recording } from './flv-file.ts';
import { RtpUnits } from './rtp-units.ts';
import type { RtpTrack } from './rtp-units.ts';
import type { RtspTransport } from './rtsp-publishers.ts';
import type { Scope } from './scope.ts';
import { Waiters } from './waiters.ts';

/** Names in `a=rtpmap`, and ours. */
const codecs: Record<string, string> = {
  h264: 'h264',
  h265: 'h265',
  'mpeg4-generic': 'aac',
  opus: 'opus',
  pcma: 'g711a',
  pcmu: 'g711u',
  mpa: 'mpeg-audio',
};
/** RFC 3551, 6: what has no `a=rtpmap`. */
const staticTypes: Record<string, string> = { 0: 'pcmu/8000', 8: 'pcma/8000', 14: 'mpa/90000' };

interface DescribedTrack extends RtpTrack {
  readonly control: string;
}

function tracksOf(sdp: string): DescribedTrack[] {
  return sdp
    .split(/^m=/m)
    .slice(1)
    .map((section) => {
      const [, kind, type] = /^(video|audio) \d+ \S+ (\d+)/.exec(section)!;
      const map = /^a=rtpmap:\d+ (\S+)/m.exec(section)?.[1] ?? staticTypes[type!]!;
      const [name, rate] = map.split('/');
      const control = /^a=control:(\S+)/m.exec(section)![1]!;
      const codec = codecs[name!.toLowerCase()] ?? name!;
      return { kind: kind as RtpTrack['kind'], codec, clockRate: Number(rate), control };
    });
}

/** What `RtspReader` sends and receives through. */
interface Pipe {
  send(bytes: string): void;
  close(): void;
}

/** What all ways to read have in common: the tracks, and those who wait for them. */
export class RtspReader {
  /** The answer to PLAY. */
  playAnswer = '';
  sdp = '';
  tracks: RtpUnits[] = [];
  readonly #url: string;
  readonly #playing = new Signal();
  readonly #ended = new Signal();
  readonly #waiters = new Waiters(
    () => `${this.tracks.map(({ count }) => count).join(' and ')} units so far`,
  );
  readonly #order = { next: 0 };
  #received: Buffer = Buffer.alloc(0);
  #pipe: Pipe | undefined;
  #answers: ((answer: string) => void)[] = [];
  #sequence = 0;
  #failure: Error | undefined;

  private constructor(url: string) {
    this.#url = url;
  }

  /** Over TCP. @param port when it is not the URL's: a tap's */
  static overTcp(scope: Scope, url: string): RtspReader {
    const reader = new RtspReader(url);
    const socket = connect(Number(new URL(url.replace('rtsp', 'http')).port), '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('data', (chunk) => reader.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => reader.#end());
    scope.defer(() => void socket.destroy());
    reader.#pipe = { send: (bytes) => void socket.write(bytes), close: () => void socket.destroy() };
    socket.once('connect', () => void reader.#play());
    return reader;
  }

  /** @param url of the stream, in the requests @param wsUrl of the port */
  static overWebSocket(scope: Scope, url: string, wsUrl: string): RtspReader {
    const reader = new RtspReader(url);
    const socket = new WebSocket(wsUrl, 'rtsp', { perMessageDeflate: false });
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data) => reader.#receive(data as Buffer));
    socket.on('error', (error) => reader.#end(error));
    socket.on('close', () => reader.#end());
    scope.defer(() => socket.terminate());
    reader.#pipe = { send: (bytes) => socket.send(Buffer.from(bytes)), close: () => socket.terminate() };
    socket.once('open', () => void reader.#play());
    return reader;
  }

  /** Our own client as the player. */
  static withLal(scope: Scope, url: string, transport: RtspTransport): RtspReader {
    const reader = new RtspReader(url);
    let indices: number[] = [];
    const trackOf = (index: number): RtpUnits => reader.tracks[indices.indexOf(index)]!;
    const session = new RtspClientSession(
      { url, transports: [transport], answerTimeoutMs: 60_000, tls: { verifyCertificate: false } },
      {
        described: (_, tracks) => {
          indices = tracks.map(({ index }) => index);
          reader.#begin(
            tracks.map(({ media: { media, rtpFormats } }) => ({
              kind: media as RtpTrack['kind'],
              codec: codecs[rtpFormats[0]!.encodingName.toLowerCase()]!,
              clockRate: rtpFormats[0]!.clockRate,
            })),
          );
          return undefined;
        },
        started: () => reader.#playing.resolve(),
        rtp: (index, packet) => reader.#try(() => trackOf(index).receive(Buffer.from(packet))),
        rtcp: (index, packet) => reader.#try(() => trackOf(index).receiveReports(Buffer.from(packet))),
        ended: ({ code, detail }) => {
          const isFine = ['peer-closed', 'peer-stopped', 'source-ended'].includes(code);
          reader.#end(isFine ? undefined : new Error(`our client ended: ${code} ${detail ?? ''}`));
        },
      },
    );
    scope.defer(() => session.end(endReason('source-ended')));
    reader.#pipe = { send: () => {}, close: () => session.end(endReason('source-ended')) };
    return reader;
  }

  async playing(timeoutMs = 30_000): Promise<void> {
    await withDeadline(this.#playing.promise, timeoutMs, () => `${this.#url} to be played`);
  }

  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    await this.#waiters.until(condition, what, timeoutMs);
  }

  /**
   * Resolves when so many pictures are complete (all but one of those that have come, because the next one ends it), and
   * the reports that say when they are shown are there: over UDP they come by another way.
   */
  async untilPictures(count: number, timeoutMs?: number): Promise<void> {
    const hasAll = (): boolean =>
      (this.track('video')?.count ?? 0) >= count && this.tracks.every(({ reports }) => reports.length > 0);
    await this.until(hasAll, `${count} pictures`, timeoutMs);
  }

  /** Resolves when the server has ended the connection. */
  async ended(timeoutMs = 30_000): Promise<void> {
    await withDeadline(this.#ended.promise, timeoutMs, () => `the end of ${this.#url}`);
  }

  close(): void {
    this.#pipe?.close();
  }

  track(kind: RtpTrack['kind']): RtpUnits | undefined {
    return this.tracks.find(({ track }) => track.kind === kind);
  }

  /** What has come, both kinds mixed as they came, times by the sender reports. */
  recording(): Recording {
    if (this.#failure !== undefined) throw this.#failure;
    const units = this.tracks.flatMap((track) => track.units()).toSorted((a, b) => a.order - b.order);
    return { units: units.map(({ unit }) => unit), headers: [], scripts: [] };
  }

  async #play(): Promise<void> {
    try {
      await this.#ask('OPTIONS', this.#url);
      const answer = await this.#ask('DESCRIBE', this.#url, 'Accept: application/sdp\r\n');
      this.sdp = answer.split('\r\n\r\n')[1]!;
      const tracks = tracksOf(this.sdp);
      const base = (/^Content-Base: *(\S+)/im.exec(answer)?.[1] ?? this.#url).replace(/\/?$/, '/');
      this.#begin(tracks);
      let session = '';
      for (const [index, { control }] of tracks.entries()) {
        const transport = `Transport: RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}\r\n`;
        const setUp = await this.#ask('SETUP', base + control, transport + session);
        session = `Session: ${/^Session: *([^;\r]+)/im.exec(setUp)![1]}\r\n`;
      }
      this.playAnswer = await this.#ask('PLAY', this.#url, `${session}Range: npt=0.000-\r\n`);
      this.#playing.resolve();
    } catch (error) {
      this.#end(error as Error);
    }
  }

  #begin(tracks: readonly RtpTrack[]): void {
    this.tracks = tracks.map((track) => new RtpUnits(track, this.#order));
  }

  async #ask(method: string, uri: string, headers = ''): Promise<string> {
    this.#sequence += 1;
    this.#pipe!.send(`${method} ${uri} RTSP/1.0\r\nCSeq: ${this.#sequence}\r\n${headers}\r\n`);
    const answer = await new Promise<string>((resolve) => this.#answers.push(resolve));
    if (!answer.startsWith('RTSP/1.0 200')) throw new Error(`${method} ${uri}: ${answer.split('\r\n')[0]}`);
    return answer;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#try(() => {
      while (this.#takeItem()) {
        // One after the other.
      }
    });
  }

  /** One packet or one answer. */
  #takeItem(): boolean {
    const bytes = this.#received;
    if (bytes[0] === 0x24) {
      if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt16BE(2)) return false;
      const end = 4 + bytes.readUInt16BE(2);
      const track = this.tracks[bytes[1]! >> 1]!;
      const packet = bytes.subarray(4, end);
      if ((bytes[1]! & 1) === 0) track.receive(packet);
      else track.receiveReports(packet);
      this.#received = bytes.subarray(end);
      return true;
    }
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return false;
    const length = Number(/^Content-Length: *(\d+)/im.exec(bytes.toString('latin1', 0, headEnd))?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (bytes.length < end) return false;
    this.#received = bytes.subarray(end);
    this.#answers.shift()?.(bytes.toString('latin1', 0, end));
    return true;
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#end(error as Error);
      this.close();
    }
    this.#waiters.wake();
  }

  #end(error?: Error): void {
    this.#failure ??= error;
    this.#playing.reject(error ?? new Error(`${this.#url} ended`));
    this.#waiters.fail(error?.message ?? `${this.#url} ended`);
    this.#ended.resolve();
  }
}
