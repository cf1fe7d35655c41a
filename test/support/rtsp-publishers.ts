/** Publishers over RTSP: programs that others wrote, and our own client. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { FlvTagToFrames } from '../../src/container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../../src/container/flv/flv-types.ts';
import type { PackagerOutput } from '../../src/hub/packager.ts';
import { systemClock } from '../../src/media/clock.ts';
import { endReason } from '../../src/media/end-reason.ts';
import type { MediaFrame } from '../../src/media/media-frame.ts';
import type { Track } from '../../src/media/track.ts';
import { RtspPackager } from '../../src/output/rtsp/rtsp-packager.ts';
import { rtspSlotsOf } from '../../src/output/rtsp/rtsp-slots.ts';
import { describeTracks } from '../../src/protocol/sdp/describe-tracks.ts';
import { RtspClientSession } from '../../src/session/rtsp/client-session.ts';
import { Signal, withDeadline } from './deadline.ts';
import { readFlvTags } from './flv-file.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';

export type RtspTransport = 'tcp' | 'udp';

/** ffmpeg, in real time, without encoding anew. VP9 it thinks of as an experiment. */
export function publishRtspWithFfmpeg(
  scope: Scope,
  file: string,
  url: string,
  transport: RtspTransport,
): Program {
  const before = ['-hide_banner', '-loglevel', 'warning', '-nostdin', '-re', '-i', file];
  const after = ['-c', 'copy', '-strict', 'experimental', '-f', 'rtsp', '-rtsp_transport', transport, url];
  return startProgram(scope, 'ffmpeg', [...before, ...after]);
}

/** Elements that make of a codec's packets what the payloader takes. */
const parsers: Record<string, string> = {
  h264: 'h264parse',
  h265: 'h265parse',
  aac: 'aacparse',
  opus: 'opusparse',
};

/** GStreamer's rtspclientsink, in real time. @param codecs of the file, video first */
export function publishRtspWithGstreamer(
  scope: Scope,
  file: string,
  url: string,
  transport: RtspTransport,
  codecs: readonly [string, string],
): Program {
  const demuxer = file.endsWith('.flv') ? 'flvdemux' : 'qtdemux';
  const pads = demuxer === 'flvdemux' ? ['video', 'audio'] : ['video_0', 'audio_0'];
  const pipeline = [
    `rtspclientsink name=sink location=${url} protocols=${transport}`,
    `filesrc location=${file} ! ${demuxer} name=demux`,
    ...codecs.map((codec, index) => `demux.${pads[index]} ! queue ! ${parsers[codec]} ! clocksync ! sink.`),
  ];
  return startProgram(scope, 'gst-launch-1.0', ['-q', ...pipeline.join(' ').split(' ')]);
}

/** Collects what a packager writes. */
class PacketCollector implements PackagerOutput {
  bytes = new Uint8Array(0);
  readonly #done: Uint8Array[] = [];

  beginUnit(): void {}

  reserve(length: number): number {
    this.bytes = new Uint8Array(length);
    this.#done.push(this.bytes);
    return 0;
  }

  take(): Uint8Array {
    return Buffer.concat(this.#done.splice(0));
  }
}

type PlainFrame = Omit<MediaFrame, 'arrivedMs' | 'discontinuity'>;

function mediaOf(file: string): { tracks: Track[]; frames: PlainFrame[] } {
  const reader = new FlvTagToFrames();
  for (const { type, timestampMs, body } of readFlvTags(file)) {
    reader.read({ type: type as FlvTagType, timestampMs, body });
  }
  const tracks = new Map<number, Track>();
  const frames: PlainFrame[] = [];
  for (const event of reader.takeEvents()) {
    if (event.type === 'track' && event.track.kind !== 'data') tracks.set(event.track.id, event.track);
    if (event.type === 'frame' && event.frame.track.kind !== 'data') frames.push(event.frame);
  }
  return { tracks: [...tracks.values()], frames };
}

/** An FLV file as the packets of a publisher. */
interface PacketFeed {
  readonly sdp: string;
  readonly controls: readonly string[];
  /** Writes interleaved packets in real time, the goodbye last. */
  readonly run: (write: (packets: Uint8Array) => void) => Promise<void>;
}

function feedOf(file: string): PacketFeed {
  const { tracks, frames } = mediaOf(file);
  const slots = rtspSlotsOf({ tracks, stickyFrames: [] }).map((slot, index) => ({
    ...slot,
    rtpChannel: 2 * index,
    rtcpChannel: 2 * index + 1,
  }));
  const controls = slots.map(({ index }) => `streamid=${index}`);
  const described = slots.map(({ format }, index) => ({ format, control: controls[index]! }));
  return {
    sdp: describeTracks(described, { name: 'test', tool: 'test', address: '127.0.0.1' }),
    controls,
    async run(write) {
      const packager = new RtspPackager({ slots, clock: systemClock, startsAnywhere: true });
      const out = new PacketCollector();
      for (const track of tracks) packager.writeTrack(track);
      await sendPaced(frames, (frame) => {
        packager.writeFrame({ ...frame, arrivedMs: performance.now(), discontinuity: false }, out);
        write(out.take());
      });
      write(packager.goodbye());
    },
  };
}

/** Our own client with an FLV file, in real time; resolves when all of it is sent. */
export async function publishRtspWithLal(
  scope: Scope,
  file: string,
  url: string,
  transport: RtspTransport,
): Promise<void> {
  const { sdp, controls, run } = feedOf(file);
  const started = new Signal();
  const ended = new Signal();
  const session = new RtspClientSession(
    { url, publication: { sdp, controls }, transports: [transport] },
    {
      started: () => started.resolve(),
      ended: ({ code, detail }) => {
        started.reject(new Error(`our client ended: ${code} ${detail ?? ''}`));
        ended.resolve();
      },
    },
  );
  scope.defer(() => session.end(endReason('source-ended')));
  await withDeadline(started.promise, 10_000, 'RECORD to be accepted');
  await run((packets) => session.write(packets));
  session.end(endReason('source-ended'));
  await ended.promise;
}

/** A plain WebSocket with an FLV file, in real time, each request and each frame's packets in a message of their own. */
export async function publishRtspOverWebSocket(
  scope: Scope,
  file: string,
  url: string,
  wsUrl: string,
): Promise<void> {
  const { sdp, controls, run } = feedOf(file);
  const socket = new WebSocket(wsUrl, 'rtsp', { perMessageDeflate: false });
  socket.binaryType = 'nodebuffer';
  scope.defer(() => socket.terminate());
  await withDeadline(once(socket, 'open'), 10_000, wsUrl);
  let sequence = 0;
  const ask = async (method: string, uri: string, headers = '', body = ''): Promise<string> => {
    sequence += 1;
    const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const request = `${method} ${uri} RTSP/1.0\r\nCSeq: ${sequence}\r\n${headers}${length}\r\n${body}`;
    socket.send(Buffer.from(request));
    const [message] = await withDeadline(once(socket, 'message'), 10_000, `the answer to ${method}`);
    const answer = String(message);
    if (!answer.startsWith('RTSP/1.0 200')) throw new Error(`${method}: ${answer}`);
    return answer;
  };
  await ask('ANNOUNCE', url, 'Content-Type: application/sdp\r\n', sdp);
  let session = '';
  for (const [index, control] of controls.entries()) {
    const transport = `RTP/AVP/TCP;unicast;mode=record;interleaved=${2 * index}-${2 * index + 1}`;
    const answer = await ask('SETUP', `${url}/${control}`, `Transport: ${transport}\r\n${session}`);
    session = `Session: ${/^Session: *([^;\r]+)/im.exec(answer)![1]}\r\n`;
  }
  await ask('RECORD', url, session);
  await run((packets) => socket.send(packets));
  socket.send(Buffer.from(`TEARDOWN ${url} RTSP/1.0\r\nCSeq: ${sequence + 1}\r\n${session}\r\n`));
  await withDeadline(once(socket, 'close'), 10_000, 'the end of the publisher');
}

async function sendPaced(frames: readonly PlainFrame[], send: (frame: PlainFrame) => void): Promise<void> {
  const startMs = performance.now() - (frames[0]?.dtsUs ?? 0) / 1000;
  for (const frame of frames) {
    const waitMs = startMs + frame.dtsUs / 1000 - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    send(frame);
  }
}
