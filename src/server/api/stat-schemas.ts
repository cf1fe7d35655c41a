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
  })
  .meta({ id: 'StatGroup', description: 'A stream with its sessions.' }) as z.ZodType<StatGroup>;
