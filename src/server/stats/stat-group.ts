import type { LiveStream } from '../../hub/live-stream.ts';
import type { Subscription } from '../../hub/subscription.ts';
import type { PushStatus } from '../relay/push/push-status.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { codecsLeftOutOfTs } from '../ts-left-out.ts';
import { codecNameOf } from './codec-names.ts';
import { formatGoTime } from './go-time.ts';
import type { StatEnd } from './last-ends.ts';
import { statHealth, type InputRates, type StatHealth } from './stat-health.ts';
import { statTracks, type StatTrack } from './stat-track.ts';

/** lal's `StatSession`: keys, order and types as its clients know them. */
interface StatSession {
  session_id: string;
  protocol: string;
  base_type: string;
  remote_addr: string;
  start_time: string;
  read_bytes_sum: number;
  wrote_bytes_sum: number;
  bitrate_kbits: number;
  read_bitrate_kbits: number;
  write_bitrate_kbits: number;
  /** The names that lal 0.2.8 has for the same rates. */
  bitrate: number;
  read_bitrate: number;
  write_bitrate: number;
  /** Ours: what waits for this viewer, and what it lost. */
  queued_bytes?: number;
  drop_count?: number;
  dropped_frames?: number;
  dropped_bytes?: number;
}

/** A relay push: what lal documents and never sends, and ours behind it. */
interface StatPush extends StatSession {
  /** Without secrets. */
  url: string;
  state: PushStatus['state'];
  /** Tries that have failed one after the other. */
  failures: number;
  /** How the last connection, or the last try at one, ended. */
  last_end: { code: string; detail: string; message: string; time: string } | null;
}

/** lal's `StatGroup`. */
export interface StatGroup {
  stream_name: string;
  app_name: string;
  audio_codec: string;
  video_codec: string;
  video_width: number;
  video_height: number;
  pub: StatSession;
  subs: StatSession[] | null;
  pull: StatSession;
  in_frame_per_sec: readonly { unix_sec: number; v: number }[];
  /** Those included that are not established. */
  pushs: StatPush[];
  /** Ours: leaps of the publisher's clock that were closed, and frames that were out of order. */
  in_jumps_repaired: number;
  in_non_monotonic_frames: number;
  /** Ours: codecs of this stream that HTTP-TS, HLS and TS recordings go without. */
  ts_left_out: readonly string[];
  /** Ours: what is in the stream. */
  tracks: StatTrack[];
  /** Ours; `null` when nobody publishes. */
  health: StatHealth | null;
  /** Ours: sessions that are over, newest first; where one stream is asked for. */
  last_ends?: readonly StatEnd[];
}

/** Rates of one session over its last window, in 1024 bit/s. */
export interface Bitrates {
  readonly readKbits: number;
  readonly writeKbits: number;
}

const NO_SESSION: StatSession = {
  session_id: '',
  protocol: '',
  base_type: '',
  remote_addr: '',
  start_time: '',
  read_bytes_sum: 0,
  wrote_bytes_sum: 0,
  bitrate_kbits: 0,
  read_bitrate_kbits: 0,
  write_bitrate_kbits: 0,
  bitrate: 0,
  read_bitrate: 0,
  write_bitrate: 0,
};

/** What a `StatGroup` is made from. */
export interface StatGroupInput {
  readonly stream: LiveStream;
  /** Names of whoever came first. */
  readonly streamName: string;
  readonly appName: string;
  readonly publisher: SessionRecord | undefined;
  readonly pull: SessionRecord | undefined;
  readonly viewers: readonly SessionRecord[];
  readonly pushes: readonly PushStatus[];
  readonly frameRates: readonly { unix_sec: number; v: number }[];
  readonly inputRates: InputRates;
  /** Monotonic. */
  readonly nowMs: number;
  bitratesOf(record: SessionRecord): Bitrates;
}

/** lal's view of one stream. */
export function statGroup(input: StatGroupInput): StatGroup {
  const configs = input.stream.state.tracks.map((track) => track.config);
  const audio = configs.find((config) => config.kind === 'audio');
  const video = configs.find((config) => config.kind === 'video');
  const { publication } = input.stream;
  const counters = publication?.counters;
  const reception = (input.publisher ?? input.pull)?.rtpReception?.();
  const sessionOf = (record: SessionRecord): StatSession => statSession(record, input.bitratesOf(record));
  const subs = input.viewers.map(sessionOf);
  return {
    stream_name: input.streamName,
    app_name: input.appName,
    audio_codec: audio === undefined ? '' : codecNameOf(audio),
    video_codec: video === undefined ? '' : codecNameOf(video),
    video_width: video?.width ?? 0,
    video_height: video?.height ?? 0,
    pub: input.publisher === undefined ? NO_SESSION : sessionOf(input.publisher),
    subs: subs.length === 0 ? null : subs,
    pull: input.pull === undefined ? NO_SESSION : sessionOf(input.pull),
    in_frame_per_sec: input.frameRates,
    pushs: input.pushes.map((push) => statPush(push, input)),
    in_jumps_repaired: counters?.jumpsRepaired ?? 0,
    in_non_monotonic_frames: counters?.nonMonotonicFrames ?? 0,
    ts_left_out: codecsLeftOutOfTs(input.stream.state.tracks),
    tracks: statTracks(input.stream.state.tracks),
    health:
      publication === undefined ? null : statHealth(publication, input.inputRates, reception, input.nowMs),
  };
}

function statSession(record: SessionRecord, { readKbits, writeKbits }: Bitrates): StatSession {
  const kbits = isInput(record) ? readKbits : writeKbits;
  const stat: StatSession = {
    session_id: record.id,
    protocol: record.protocol,
    base_type: record.baseType,
    remote_addr: record.remoteAddress,
    start_time: formatGoTime(record.startedMs),
    read_bytes_sum: record.bytesRead(),
    wrote_bytes_sum: record.bytesWritten(),
    bitrate_kbits: kbits,
    read_bitrate_kbits: readKbits,
    write_bitrate_kbits: writeKbits,
    bitrate: kbits,
    read_bitrate: readKbits,
    write_bitrate: writeKbits,
  };
  return { ...stat, ...statQueue(record.subscription) };
}

function statQueue(
  subscription: Subscription | undefined,
): Pick<StatSession, 'queued_bytes' | 'drop_count' | 'dropped_frames' | 'dropped_bytes'> {
  if (subscription === undefined) return {};
  const { queuedBytes, counters } = subscription;
  return {
    queued_bytes: queuedBytes,
    drop_count: counters.drops,
    dropped_frames: counters.droppedUnits,
    dropped_bytes: counters.droppedBytes,
  };
}

function statPush(push: PushStatus, { bitratesOf }: Pick<StatGroupInput, 'bitratesOf'>): StatPush {
  const { record, lastEnd } = push;
  const session =
    record === undefined
      ? {
          ...NO_SESSION,
          session_id: push.id,
          protocol: push.protocol,
          base_type: 'PUSH',
          remote_addr: push.remoteAddress,
          start_time: formatGoTime(push.startedMs),
        }
      : statSession(record, bitratesOf(record));
  return {
    ...session,
    ...statQueue(push.subscription),
    url: push.url,
    state: push.state,
    failures: push.failures,
    last_end:
      lastEnd === undefined
        ? null
        : {
            code: lastEnd.reason.code,
            detail: lastEnd.reason.detail ?? '',
            message: lastEnd.reason.message,
            time: formatGoTime(lastEnd.wallMs),
          },
  };
}

function isInput({ baseType }: SessionRecord): boolean {
  return baseType === 'PUB' || baseType === 'PULL';
}
