import { z } from 'zod';
import type { StatGroup } from '../stats/stat-group.ts';

/* The answers' forms; the values are made in stats/. Keys in lal's order, ours behind them. */

const count = (description: string): z.ZodInt => z.int().min(0).meta({ description });
const text = (description: string): z.ZodString => z.string().meta({ description });

/** lal's `StatSession`. */
const statSessionSchema = z
  .object({
    session_id: text('Such as `RTMPPUBSUB1`; empty when there is no such session.'),
    protocol: text('`RTMP`, `RTSP`, `FLV`, `TS`, `HLS`, `PS` (GB28181) or `CUSTOMIZE` (in-process).'),
    base_type: text('`PUB`, `SUB`, `PULL` or `PUSH`.'),
    remote_addr: text('`ip:port`; empty for what is not on the network.'),
    start_time: text('Such as `2020-10-11 19:17:41.586 +0800 CST`.'),
    read_bytes_sum: count('Bytes received.'),
    wrote_bytes_sum: count('Bytes sent.'),
    bitrate_kbits: count('`read_bitrate_kbits` of publishers and pulls, `write_bitrate_kbits` of others.'),
    read_bitrate_kbits: count('1024 bit/s over the last window, which is 5 s but for HLS.'),
    write_bitrate_kbits: count('1024 bit/s over the last window.'),
    bitrate: count('The name that `bitrate_kbits` had in lal 0.2.8.'),
    read_bitrate: count('The name that `read_bitrate_kbits` had there.'),
    write_bitrate: count('The name that `write_bitrate_kbits` had there.'),
    queued_bytes: count('Extension: what waits for this viewer.').optional(),
    drop_count: count('Extension: how often its queue was emptied because it was too slow.').optional(),
    dropped_frames: count('Extension: what it lost by that.').optional(),
    dropped_bytes: count('Extension: the same in bytes.').optional(),
  })
  .meta({ id: 'StatSession', description: 'A publisher, viewer or relay.' });

const statPushSchema = statSessionSchema
  .extend({
    url: text('Where to, without passwords, queries and stream keys.'),
    state: z.enum(['waiting', 'connecting', 'pushing', 'finishing', 'pausing', 'stopped']).meta({
      description:
        'Waiting for a publisher; calling the target; pushing; sending what is left; pausing before the next try; stopped ' +
        'until the next publisher comes.',
    }),
    failures: count('Tries that have failed one after the other.'),
    last_end: z
      .object({ code: z.string(), detail: z.string(), message: z.string(), time: z.string() })
      .nullable()
      .meta({ description: 'How the last connection, or the last try at one, ended: docs/errors.md.' }),
  })
  .meta({ id: 'StatPush', description: 'A relay push.' });

const statTrackSchema = z
  .object({
    kind: z.enum(['video', 'audio']).meta({ description: '`video` or `audio`.' }),
    codec: text('As `video_codec` and `audio_codec`, or what the source calls it.'),
    codec_string: text('As browsers want it: `avc1.64001f`.'),
    profile: text('Such as `High` or `LC`; empty when there is none.'),
    level: text('Such as `3.1`; empty when there is none.'),
    width: count('Pixels; 0 for audio.'),
    height: count('Pixels; 0 for audio.'),
    sample_rate: count('Hertz; 0 for video.'),
    channels: count('0 for video.'),
  })
  .meta({ id: 'StatTrack', description: 'A track of a stream.' });

const statHealthSchema = z
  .object({
    last_frame_age_ms: z.int().min(-1).meta({ description: 'Since the newest frame; -1 before the first.' }),
    frames_per_sec: z.number().min(0).meta({ description: 'Video, in the mean of 5 s.' }),
    media_kbits: count('1024 bit/s of frames without what carries them, in the mean of 5 s.'),
    gop_frames: count('Frames of the last complete group of pictures; 0 before that.'),
    gop_ms: count('Its length, which is the key frame interval.'),
    gop_max_ms: count('The longest of this publisher.'),
    key_frame_age_ms: z
      .int()
      .min(-1)
      .meta({ description: 'Since the newest key frame; -1 before the first.' }),
    av_offset_ms: z.int().nullable().meta({
      description:
        'By how much sound arrives later than the picture of the same time; negative: earlier. `null` without either.',
    }),
    gaps: count('Pauses of more than a second without audio and video.'),
    longest_gap_ms: count('The longest of them.'),
    rtp: z
      .object({
        received: count('Packets that came, whatever became of them.'),
        lost: count('Packets given up.'),
        late: count('Packets that came when they had been given up.'),
        duplicated: count('Packets that came more than once.'),
        reordered: count('Packets that came behind a later one, in time.'),
        refused: count('Packets that nothing could be made of.'),
        damaged_units: count('Frames left out because something was missing.'),
      })
      .nullable()
      .meta({ description: 'Of inputs over RTP; `null` for others.' }),
  })
  .meta({ id: 'StatHealth', description: 'How a publisher is doing.' });

const statEndSchema = z
  .object({
    session_id: text('Such as `RTMPPUBSUB1`.'),
    protocol: text('As in `StatSession`.'),
    base_type: text('As in `StatSession`.'),
    remote_addr: text('As in `StatSession`.'),
    start_time: text('When it began.'),
    end_time: text('When it ended.'),
    code: text('Why: docs/errors.md.'),
    detail: text('What narrows the code down; may be empty.'),
    message: text('The same for people.'),
    read_bytes_sum: count('Bytes received.'),
    wrote_bytes_sum: count('Bytes sent.'),
  })
  .meta({ id: 'StatEnd', description: 'A session that is over.' });

/** lal's `StatGroup`. */
export const statGroupSchema: z.ZodType<StatGroup> = z
  .object({
    stream_name: text('Name of the stream.'),
    app_name: text('App of whoever asked for the stream first.'),
    audio_codec: text('`AAC`, `PCMA`, `PCMU`, `OPUS`, `MP3`, …; empty when there is none.'),
    video_codec: text('`H264`, `H265`, `AV1`, `VP9`; empty when there is none.'),
    video_width: count('Pixels; 0 when unknown.'),
    video_height: count('Pixels; 0 when unknown.'),
    pub: statSessionSchema.meta({ description: 'The publisher; all values empty when there is none.' }),
    subs: z
      .array(statSessionSchema)
      .nullable()
      .meta({ description: 'Viewers, RTMP, FLV, TS, RTSP, HLS; `null` when there are none.' }),
    pull: statSessionSchema.meta({ description: 'The relay pull; all values empty when there is none.' }),
    in_frame_per_sec: z
      .array(z.object({ unix_sec: z.int(), v: z.int() }))
      .readonly()
      .meta({ description: 'Video frames received, second by second, newest first, up to 32.' }),
    pushs: z.array(statPushSchema).meta({
      description:
        'Relay pushes, those included that are not established. lal documents the key and never sends it.',
    }),
    in_jumps_repaired: count('Extension: leaps of the publisher’s clock that were closed.'),
    in_non_monotonic_frames: count('Extension: frames of the publisher that were out of order.'),
    ts_left_out: z.array(z.string()).readonly().meta({
      description: 'Extension: codecs of the stream that HTTP-TS, HLS and TS recordings go without.',
    }),
    tracks: z.array(statTrackSchema).meta({ description: 'Extension: what is in the stream.' }),
    health: statHealthSchema.nullable().meta({
      description: 'Extension: how the publisher is doing; `null` when there is none.',
    }),
    last_ends: z.array(statEndSchema).readonly().optional().meta({
      description: 'Extension: the last ten sessions that are over, newest first. In `/api/stat/group` only.',
    }),
  })
  .meta({ id: 'StatGroup', description: 'A stream with its sessions.' }) as z.ZodType<StatGroup>;
