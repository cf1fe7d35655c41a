/** Those who come to a server that is churned: publishers and viewers of every kind, who leave in every way. */
import { endReason } from '../../src/media/end-reason.ts';
import { RtspClientSession } from '../../src/session/rtsp/client-session.ts';
import type { ChurnServer } from './churn-server.ts';
import { Signal, withDeadline } from './deadline.ts';
import { fixturePath } from './fixtures.ts';
import { readFlvTags } from './flv-file.ts';
import { RawClient, viewerRequest } from './raw-client.ts';
import { rtpSourceOf } from './rtp-source.ts';
import { RtmpPublisher } from './rtmp-publisher.ts';
import type { Scope } from './scope.ts';

/** Somebody who watches, or a publisher. */
interface Party {
  /** @param way how he goes: in good order, without a word, or with a reset */
  leave(way: number): void;
}

const file = fixturePath('h264-bframes-aac');
/** More than one fragment of HLS. */
export const longTags: ReturnType<typeof readFlvTags> = readFlvTags(file);
/** A little more than a group of pictures. */
export const shortTags: ReturnType<typeof readFlvTags> = longTags.slice(0, 90);
const source = rtpSourceOf(file, 1);
const packets = source.packets.slice(0, 90);
const controls = [...source.sdp.matchAll(/^a=control:(streamid=\d+)/gm)].map(([, control]) => control!);
/** Proof that media flows. */
export const enoughBytes = 4_500;

export class Churn {
  readonly server: ChurnServer;
  /** A port that takes connections and says nothing, and one where nobody listens. */
  readonly silentPort: number;
  readonly deadPort: number;

  constructor(server: ChurnServer, silentPort: number, deadPort: number) {
    this.server = server;
    this.silentPort = silentPort;
    this.deadPort = deadPort;
  }

  async publishRtmp(clients: Scope, name: string, sent = shortTags): Promise<RtmpPublisher> {
    const publisher = await RtmpPublisher.open(clients, this.server.ports.rtmp, name);
    await publisher.send(sent);
    return publisher;
  }

  async publishRtsp(clients: Scope, name: string, transport: 'tcp' | 'udp'): Promise<Party> {
    const started = new Signal();
    const session = new RtspClientSession(
      {
        url: this.server.rtsp.rtspUrl(name),
        publication: { sdp: source.sdp, controls },
        transports: [transport],
      },
      {
        started: () => started.resolve(),
        ended: ({ code, detail }) => started.reject(new Error(`RTSP publisher: ${code} ${detail ?? ''}`)),
      },
    );
    clients.defer(() => session.end(endReason('source-ended')));
    await withDeadline(started.promise, 20_000, 'RECORD to be accepted');
    for (const { track, isNumbered, bytes } of packets) {
      if (isNumbered) session.sendRtp(track, bytes);
      else session.sendRtcp(track, bytes);
    }
    return { leave: () => session.end(endReason('source-ended')) };
  }

  /** Somebody who watches over HTTP, WebSocket or RTMP, and sees something. */
  async watch(clients: Scope, kind: 'rtmp' | 'http' | 'ws' | 'ts', name: string): Promise<Party> {
    const { rtmp, http } = this.server.ports;
    const client = await RawClient.open(clients, kind === 'rtmp' ? rtmp : http);
    const request =
      kind === 'ts'
        ? Buffer.from(`GET /live/${name}.ts HTTP/1.1\r\nHost: x\r\n\r\n`)
        : viewerRequest(kind, rtmp, name).request;
    await client.send(request);
    await client.until(() => client.receivedBytes > enoughBytes, `media by ${kind}`);
    return { leave: (way) => leave(client, way) };
  }

  async watchRtsp(clients: Scope, name: string, transport: 'tcp' | 'udp'): Promise<Party> {
    const seen = new Signal();
    let bytes = 0;
    const session = new RtspClientSession(
      { url: this.server.rtsp.rtspUrl(name), transports: [transport] },
      {
        rtp: (_track, packet) => {
          bytes += packet.length;
          if (bytes > enoughBytes) seen.resolve();
        },
        ended: ({ code, detail }) => seen.reject(new Error(`RTSP player: ${code} ${detail ?? ''}`)),
      },
    );
    clients.defer(() => session.end(endReason('source-ended')));
    await withDeadline(seen.promise, 20_000, `media by RTSP over ${transport}`);
    return { leave: () => session.end(endReason('source-ended')) };
  }

  /** A viewer of HLS: a list, and a fragment. */
  async watchHls(name: string): Promise<void> {
    const origin = `http://127.0.0.1:${this.server.ports.http}`;
    const first = await fetch(`${origin}/hls/${name}.m3u8`, { redirect: 'manual' });
    await first.arrayBuffer();
    const list = new URL(first.headers.get('location')!, origin);
    const text = await (await fetch(list)).text();
    const [fragment] = /^[^#].*\.ts.*$/m.exec(text) ?? [];
    if (fragment === undefined) throw new Error(`no fragment in ${text}`);
    const bytes = await (await fetch(new URL(fragment, list))).arrayBuffer();
    if (bytes.byteLength < enoughBytes) throw new Error(`a fragment of ${bytes.byteLength} bytes`);
  }

  /** Ends everybody who is on a stream. */
  async kickAll(name: string): Promise<void> {
    const group = await this.server.api.group(name);
    const sessions = [group?.pub, group?.pull, ...(group?.subs ?? [])];
    for (const session of sessions) {
      if (session === undefined || session.session_id === '') continue;
      await this.server.api.kick(name, session.session_id);
    }
  }

  /** Waits until something is true of a stream's group. */
  async untilGroup(
    name: string,
    holds: (group: NonNullable<Awaited<ReturnType<ChurnServer['api']['group']>>>) => boolean,
  ): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      const group = await this.server.api.group(name);
      if (group !== null && holds(group)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`group ${name} never was as expected`);
  }
}

/** @param way in good order, without a word, or with a reset */
export function leave({ socket }: RawClient, way: number): void {
  if (way % 3 === 0) socket.end();
  else if (way % 3 === 1) socket.destroy();
  else socket.resetAndDestroy();
}
