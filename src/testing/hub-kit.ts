import type { AacConfig, H264Config } from '../codec/codec-config.ts';
import type { OutputVariant } from '../hub/live-stream.ts';
import type { Packager, PackagerOutput, StreamState } from '../hub/packager.ts';
import type { ByteSink, SubscriptionLimits } from '../hub/subscription.ts';
import type { EndReason } from '../media/end-reason.ts';
import type { MediaFrame, SourceFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';

const h264: H264Config = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42001e',
  description: new Uint8Array([1]),
  width: 320,
  height: 240,
  sequenceParameterSets: [],
  pictureParameterSets: [],
};

const aac: AacConfig = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  description: new Uint8Array([0x11, 0x90]),
  sampleRate: 48_000,
  channels: 2,
  objectType: 2,
};

export function videoTrack(version = 1): Track {
  return { id: 1, kind: 'video', config: { ...h264, description: new Uint8Array([version]) } };
}

export function audioTrack(): Track {
  return { id: 2, kind: 'audio', config: aac };
}

export function scriptTrack(): Track {
  return { id: 3, kind: 'data', config: { kind: 'data', codec: 'script' } };
}

export function frameOf(
  track: Track,
  timeMs: number,
  options: { isKey?: boolean; bytes?: number } = {},
): SourceFrame {
  const { isKey = track.kind !== 'video', bytes = 10 } = options;
  return { track, dtsUs: timeMs * 1000, ptsUs: timeMs * 1000, isKey, data: new Uint8Array(bytes) };
}

/** Writes readable text: `[header]`, `T1.1` for a track, `v0;` `a20;` for frames; the size of a frame pads it. */
export class TextPackager implements Packager {
  fileHeader({ tracks }: StreamState): Uint8Array {
    return text(`[${tracks.map((track) => track.kind[0]).join('')}]`);
  }

  writeHeaders(state: StreamState, timeUs: number, out: PackagerOutput): void {
    for (const frame of state.stickyFrames) put(out, describeFrame(frame));
    for (const track of state.tracks) this.writeTrack(track, state, timeUs, out);
  }

  writeTrack(track: Track, _state: StreamState, _timeUs: number, out: PackagerOutput): void {
    if (track.kind === 'data') return;
    const version = (track.config as H264Config).description[0]!;
    put(out, `T${track.id}.${version};`);
  }

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    out.beginUnit(frame);
    put(out, describeFrame(frame));
  }
}

function describeFrame(frame: MediaFrame): string {
  const name = `${frame.isKey && frame.track.kind === 'video' ? 'V' : frame.track.kind[0]}${frame.dtsUs / 1000}`;
  return `${name};`.padEnd(frame.data.length, '.');
}

function put(out: PackagerOutput, value: string): void {
  const bytes = text(value);
  const at = out.reserve(bytes.length);
  out.bytes.set(bytes, at);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function textVariant(gops = 0, id = 'text', flushBytes = 0): OutputVariant {
  return {
    id,
    gopCache: { maxGops: gops, maxFramesPerGop: 0, maxBytes: 1e9 },
    flushBytes,
    createPackager: () => new TextPackager(),
  };
}

export const roomyLimits: SubscriptionLimits = {
  maxQueueBytes: 1e9,
  maxQueueMs: 1e9,
  maxBehindMs: 1e9,
  idleTimeoutMs: 1e9,
  overflow: 'drop',
};

/** A sink that keeps what it gets, and can be made to refuse more. */
export class CollectingSink implements ByteSink {
  readonly writes: string[] = [];
  ended: EndReason | undefined;
  isFull = false;
  queuedBytes = 0;

  write(bytes: Uint8Array): boolean {
    this.writes.push(new TextDecoder().decode(bytes));
    return !this.isFull;
  }

  end(reason: EndReason): void {
    this.ended = reason;
  }

  /** Everything received, padding removed. */
  get text(): string {
    return this.writes
      .join('')
      .replaceAll('.', (dot, at, all: string) => (/T\d$/.test(all.slice(0, at)) ? dot : ''));
  }

  /** The units received, in order. */
  get units(): string[] {
    return this.text.split(';').filter((unit) => unit !== '');
  }
}
