import { z } from 'zod';
import { extension, flag, hevcForm, integer, section, text } from './schema-keys.ts';
import type { ServerConfigValues } from './server-config.ts';

const rtspMode = integer('0: RTP over TCP, 1: over UDP; the other one where a server refuses.', { max: 1 });

const relayPushTarget = z.object({
  url: z.string().meta({
    description:
      '`rtmp://`, `rtmps://`, `rtsp://` or `rtsps://`; `{app}`, `{stream}` and `{param}` stand for the names of the ' +
      'stream and the query of its publisher.',
    secret: true,
  }),
  streams: text(
    'Which streams: `*` is any text, `?` one character; with a slash, app and stream are looked at.',
    '*',
  ),
  hevc_form: hevcForm('As `rtmp.hevc_form`, for this target.'),
  rtsp_mode: rtspMode,
  verify_certificate: flag('Refuse a target whose certificate is not valid for its name.', true),
});

export const relayPush: z.ZodType<ServerConfigValues['relay_push']> = section(
  'Push published streams on to other servers: docs/relay.md.',
  {
    enable: flag('Push.'),
    addr_list: z.array(z.string()).default([]).meta({
      description: 'Servers that get every stream, `host:port` each, as `rtmp://<addr>/<app>/<stream>`.',
    }),
    url_list: extension(
      z.array(relayPushTarget).default([]).meta({ description: 'Further targets, an object each.' }),
    ),
    all_inputs: extension(
      flag('Also push what comes by GB28181 or from the application, not only RTMP and RTSP publishers.'),
    ),
    max_retry_interval_ms: extension(
      integer(
        'A target that fails is tried again after a second, then after twice as long each time, up to this. ' +
          'Missing: every second.',
        { missing: 1000, min: 1000, max: 3_600_000 },
      ),
    ),
    queue_bytes: extension(
      integer(
        'What may wait for one target. Beyond it the push ends with `consumer-overflow` and begins anew.',
        {
          missing: 33_554_432,
          min: 1_048_576,
        },
      ),
    ),
    queue_ms: extension(integer('The same in media time.', { missing: 30_000, min: 1000 })),
  },
);

const relayPullOrigin = z.object({
  url: z.string().meta({
    description:
      '`rtmp(s)://`, `rtsp(s)://`, or `http(s)://` for FLV and, where the path ends in `.m3u8` or `.m3u`, HLS. `{app}`, ' +
      '`{stream}` and `{param}` stand for the names of the stream and the query of its first viewer.',
    secret: true,
  }),
  streams: text('Which streams, as in `relay_push.url_list`.', '*'),
  rtsp_mode: rtspMode,
  verify_certificate: flag('Refuse an origin whose certificate is not valid for its name.', true),
});

export const staticRelayPull: z.ZodType<ServerConfigValues['static_relay_pull']> = section(
  'Pull streams that viewers ask for and nobody publishes: docs/relay.md.',
  {
    enable: flag('Pull.'),
    addr: text('The origin, `host:port`, asked for `rtmp://<addr>/<app>/<stream>`.'),
    url_list: extension(
      z.array(relayPullOrigin).default([]).meta({
        description: 'Further origins, an object each; tried in turn, `addr` first.',
      }),
    ),
  },
);
