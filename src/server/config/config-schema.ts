import { z } from 'zod';
import { relayPush, staticRelayPull } from './relay-schema.ts';
import { extension, flag, hevcForm, integer, secret, section, text } from './schema-keys.ts';
import type { ServerConfigValues } from './server-config.ts';

/*
 * Every key, its type, its range, and the value it has when it is missing from the file (lal's zero value unless said
 * otherwise). The checks, the messages, conf/lalserver.schema.json and docs/config.md all come from here.
 * The few values that depend on other keys are in derived-values.ts.
 */

const gopCache = {
  gop_num: integer(
    'GOPs cached so that a new viewer gets a picture at once, the unfinished one included. 0: no cache.',
  ),
  single_gop_max_frame_num: integer('Frames cached per GOP; further ones are not cached. 0: no limit.'),
};

const httpListen = {
  http_listen_addr: text('Listen address for HTTP and WebSocket, `host:port` or `:port`.'),
  https_listen_addr: text('Listen address for HTTPS and secure WebSocket.'),
  https_cert_file: text('PEM file with the certificate chain.'),
  https_key_file: text('PEM file with the private key.'),
};

const httpOutput = {
  enable: flag('Serve over HTTP and WebSocket.'),
  enable_https: flag('Serve over HTTPS and secure WebSocket.'),
  ...httpListen,
};

const rtmp = section('RTMP and RTMPS: publishing and playing.', {
  enable: flag('Open the RTMP listener.'),
  addr: text('Listen address, `host:port` or `:port`.'),
  rtmps_enable: flag('Open the listener for RTMP over TLS.'),
  rtmps_addr: text('Its listen address.'),
  rtmps_cert_file: text('PEM file with the certificate chain.'),
  rtmps_key_file: text('PEM file with the private key.'),
  ...gopCache,
  merge_write_size: integer('Bytes to collect for a viewer before writing. 0: write without collecting.'),
  hevc_form: extension(
    hevcForm(
      'How HEVC is sent to RTMP and FLV viewers: as it came in, with the FourCC `hvc1`, or with codec id 12.',
    ),
  ),
});

const hls = section('HLS output.', {
  ...httpOutput,
  url_pattern: text('URL path prefix. Missing: `/hls/` when the section is on.'),
  out_path: text('Folder for playlists and fragments.'),
  fragment_duration_ms: integer('Wanted length of a fragment. 0: 3000.'),
  fragment_num: integer('Fragments listed in the live playlist. 0: 6.'),
  delete_threshold: integer(
    'Fragments kept after they left the playlist. Missing: `fragment_num` when the section is on.',
  ),
  cleanup_mode: integer(
    '0 keeps all files, 1 deletes them after the stream, 2 also while it runs. Missing: 1 when the section is on.',
    { max: 2 },
  ),
  use_memory_as_disk_flag: flag('Keep the files in memory.'),
  sub_session_timeout_ms: integer(
    'Time after which a viewer without a request is gone. 0 or missing, with `sub_session_hash_key` set: ' +
      '`fragment_num` × `fragment_duration_ms` × 2.',
  ),
  sub_session_hash_key: secret('Key of the viewer ids. Empty: HLS viewers are not tracked.'),
  auto_start: extension(
    flag('Make HLS of every publication. Otherwise only where `/api/ctrl/start_record` starts it.', true),
  ),
});

const rtsp = section('RTSP, RTSPS and RTSP over WebSocket.', {
  enable: flag('Open the RTSP listener.'),
  addr: text('Listen address.'),
  rtsps_enable: flag('Open the listener for RTSP over TLS.'),
  rtsps_addr: text('Its listen address.'),
  rtsps_cert_file: text('PEM file with the certificate chain.'),
  rtsps_key_file: text('PEM file with the private key.'),
  out_wait_key_frame_flag: flag(
    'A new player gets nothing before a key frame. Missing: true, as lal 0.2.8 behaved, while newer lal takes false.',
    true,
  ),
  auth_enable: flag('Ask players for name and password.'),
  auth_method: integer('0 basic, 1 digest.', { max: 1 }),
  username: text('User name.'),
  password: secret('Password.'),
  ws_rtsp_enable: flag('Open the listener for RTSP over WebSocket.'),
  ws_rtsp_addr: text('Its listen address.'),
  auth_publish_enable: extension(flag('Ask publishers for name and password too.')),
  udp_port_min: extension(
    integer('First UDP port for RTP and RTCP. Each track over UDP takes two ports.', {
      missing: 30_000,
      min: 1024,
      max: 65_534,
    }),
  ),
  udp_port_max: extension(integer('Last one.', { missing: 60_000, min: 1025, max: 65_535 })),
  gop_num: extension(
    integer(
      'GOPs cached so that a new player gets a picture at once, the unfinished one included. 0: no cache.',
    ),
  ),
  single_gop_max_frame_num: extension(
    integer('Frames cached per GOP; further ones are not cached. 0: no limit.'),
  ),
});

const httpNotify = section('HTTP callbacks. An empty address switches that callback off.', {
  enable: flag('Send callbacks.'),
  update_interval_sec: integer('Seconds between two `on_update`. 0: only the one at start-up.'),
  on_server_start: text('The server started.'),
  on_update: text('Periodic statistics.'),
  on_pub_start: text('A publisher came.'),
  on_pub_stop: text('A publisher left.'),
  on_sub_start: text('A viewer came.'),
  on_sub_stop: text('A viewer left.'),
  on_relay_pull_start: text('A relay pull started.'),
  on_relay_pull_stop: text('A relay pull ended.'),
  on_rtmp_connect: text('An RTMP client sent `connect`.'),
  on_hls_make_ts: text('An HLS fragment was begun, or finished.'),
  internal_publishers: extension(
    flag("Send `on_pub_start` and `on_pub_stop` of the server's own inputs (GB28181, files) too."),
  ),
  connections: extension(
    integer('Callbacks under way to one receiver at a time. 1: strictly one after the other, as in lal.', {
      missing: 8,
      min: 1,
      max: 64,
    }),
  ),
  retry_num: extension(
    integer(
      'How often a callback that failed is tried again, after 1 s, 2 s, 4 s … 30 s; those behind it wait.',
      {
        max: 100,
      },
    ),
  ),
  hmac_key: extension(secret('Key of the header `X-Lal-Signature`. Empty: no signature.')),
  on_pub_start_blocking: extension(
    flag('Ask `on_pub_start` before a publisher is let in; the answer decides.'),
  ),
  on_sub_start_blocking: extension(flag('Ask `on_sub_start` before a viewer is let in; the answer decides.')),
  blocking_timeout_ms: extension(
    integer('How long that decision may take; less than `limits.admission_timeout_ms`.', {
      missing: 3000,
      min: 1,
    }),
  ),
  blocking_fail_open: extension(
    flag(
      'Without a decision (no answer in time, status 5xx, an answer that says nothing): let in, not refuse.',
    ),
  ),
});

const simpleAuth = section('Secrets and signatures in the URL of a stream; docs/auth.md.', {
  key: secret('The token of a stream is the hexadecimal MD5 of this key followed by the stream name.'),
  dangerous_lal_secret: secret('Token that opens every stream. Empty: none does.'),
  pub_rtmp_enable: flag('Check RTMP publishers.'),
  sub_rtmp_enable: flag('Check RTMP players.'),
  sub_httpflv_enable: flag('Check HTTP-FLV and WebSocket-FLV players.'),
  sub_httpts_enable: flag('Check HTTP-TS and WebSocket-TS players.'),
  pub_rtsp_enable: flag('Check RTSP publishers.'),
  sub_rtsp_enable: flag('Check RTSP players.'),
  hls_m3u8_enable: flag('Check requests for HLS playlists.'),
  sign_key: extension(
    secret('Key of signed URLs that expire, which are good wherever a check is on. Empty: there are none.'),
  ),
});

const log = section('Where log lines go and how they look; docs/logging.md.', {
  level: integer('0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 fatal, 6 panic, 7 nothing.', {
    missing: 1,
    max: 7,
  }),
  filename: text('Log file; folders are created. Empty: no file.', './logs/lalserver.log'),
  is_to_stdout: flag('Also write to standard output.', true),
  is_rotate_daily: flag('With the first line of a new day the file becomes `<filename>.YYYYMMDD`.', true),
  is_rotate_hourly: flag('With the first line of a new hour the file becomes `<filename>.YYYYMMDDHH`.'),
  short_file_flag: flag('End the line with the source file and line number.', true),
  timestamp_flag: flag('Begin the line with date and time.', true),
  timestamp_with_ms_flag: flag('Add six decimals to the time.', true),
  level_flag: flag('Put the level into the line.', true),
  assert_behavior: integer('A failed internal check: 1 logs an error, 2 logs and exits, 3 logs and throws.', {
    missing: 1,
    min: 1,
    max: 3,
  }),
  format: extension(
    z.enum(['lal', 'json']).default('lal').meta({ description: "lal's line, or one JSON object a line." }),
  ),
});

const limits = section('What one peer or one stream may use up.', {
  max_connections: integer(
    'Open connections over all listeners; the API and profiles have 64 more. 0: no limit.',
    { missing: 20_000 },
  ),
  max_connections_per_address: integer('The same from one address. 0: no limit.'),
  max_streams: integer('Streams at one time. 0: no limit.', { missing: 10_000 }),
  max_relay_pushes: integer('Relay pushes, those included that wait for a publisher. 0: no limit.', {
    missing: 1000,
  }),
  max_relay_pulls: integer('Relay pulls, those included that are being established. 0: no limit.', {
    missing: 1000,
  }),
  handshake_timeout_ms: integer('From the accepted connection to an accepted request to publish or play.', {
    missing: 10_000,
    min: 1,
  }),
  admission_timeout_ms: integer('For the decision about a request to publish or play.', {
    missing: 10_000,
    min: 1,
  }),
  admission_buffer_bytes: integer('Bytes a publisher may send ahead of that decision.', {
    missing: 1_048_576,
  }),
  idle_timeout_ms: integer('A session without any byte for this long is closed.', {
    missing: 120_000,
    min: 1,
  }),
  max_message_bytes: integer('One RTMP message. The protocol itself allows 16777215.', {
    missing: 8_388_608,
    min: 4096,
    max: 16_777_215,
  }),
  max_stream_name_bytes: integer('The stream name, and the app name, each, in UTF-8.', {
    missing: 255,
    min: 1,
    max: 4096,
  }),
  viewer_queue_bytes: integer('Queue of one viewer. When it is full, frames are dropped up to a key frame.', {
    missing: 16_777_216,
    min: 65_536,
  }),
  viewer_queue_ms: integer('The same limit in media time.', { missing: 10_000, min: 100 }),
  viewer_stall_timeout_ms: integer('A viewer that stays behind for this long is closed.', {
    missing: 30_000,
    min: 100,
  }),
  gop_cache_bytes: integer('Frames cached for new viewers, per stream.', {
    missing: 67_108_864,
    min: 65_536,
  }),
  hls_cache_bytes: integer(
    'HLS fragments kept in memory while they are listed and watched, over all streams.',
    {
      missing: 268_435_456,
      min: 1_048_576,
    },
  ),
  hls_memory_bytes: integer(
    'All HLS files, with `hls.use_memory_as_disk_flag`; when they are more, the oldest are given up.',
    { missing: 1_073_741_824, min: 1_048_576 },
  ),
  shutdown_timeout_ms: integer('For saying good-bye and flushing when the server stops.', {
    missing: 4000,
    max: 4500,
  }),
});

const unknownStream = extension(
  z.enum(['wait', '404']).default('wait').meta({
    description: 'A request for a stream nobody publishes: wait for the publisher, or answer 404.',
  }),
);

/** The whole config, values as in the file; unknown keys are dropped here and reported in config-document.ts. */
export const serverConfigSchema: z.ZodType<ServerConfigValues> = z.object({
  conf_version: text('Version of the file layout; another one than ours is only a warning.'),
  server_id: text('Id of this server in callbacks and in the HTTP API.'),
  stream_key: extension(
    z.enum(['stream', 'app_stream']).default('stream').meta({
      description: 'What makes two streams the same: the stream name alone, or app and stream name.',
    }),
  ),
  rtmp,
  in_session: section('What is done to every input.', {
    add_dummy_audio_enable: flag('Add silent AAC to an input without audio.'),
    add_dummy_audio_wait_audio_ms: integer('How long, in media time, to wait for real audio first.'),
    grace_ms: extension(
      integer(
        'When a publisher returns within this time, viewers go on as if it had only paused: docs/operating.md. 0: a new start.',
        { max: 3_600_000 },
      ),
    ),
  }),
  default_http: section(
    'Listen settings for those of `httpflv`, `httpts` and `hls` that have none of their own, each key for itself.',
    httpListen,
  ),
  httpflv: section('HTTP-FLV and WebSocket-FLV output.', {
    ...httpOutput,
    url_pattern: text('URL path prefix. Missing: `/live/` when the section is on.'),
    ...gopCache,
    unknown_stream: unknownStream,
  }),
  httpts: section('HTTP-TS and WebSocket-TS output.', {
    ...httpOutput,
    url_pattern: text('URL path prefix. Missing: `/live/` when the section is on.'),
    ...gopCache,
    unknown_stream: unknownStream,
  }),
  hls,
  rtsp,
  record: section('Recording of every input.', {
    enable_flv: flag('Record to FLV files.'),
    flv_out_path: text('Folder for FLV files.'),
    enable_mpegts: flag('Record to MPEG-TS files.'),
    mpegts_out_path: text('Folder for MPEG-TS files.'),
    file_name: extension(
      text(
        'Name of a file, without extension; `/` makes folders. {stream}, {unix}, {unix_ms}, {date}, {time}, {segment}: ' +
          'docs/recording.md.',
        '{stream}-{unix}',
      ),
    ),
    segment_duration_ms: extension(
      integer('Begin a new file at the first key frame after this time. 0: one file per publication.'),
    ),
    segment_bytes: extension(
      integer('Begin a new file at the first key frame after this size. 0: one file per publication.'),
    ),
    retention_sec: extension(
      integer('Remove recordings that have not been written to for this long. 0: keep them.'),
    ),
    retention_bytes: extension(
      integer('Remove the oldest recordings while all together are larger than this. 0: keep them.'),
    ),
    queue_bytes: extension(
      integer('What may wait for a slow disk, per recording. When it is full the file ends.', {
        missing: 33_554_432,
        min: 1_048_576,
      }),
    ),
  }),
  relay_push: relayPush,
  static_relay_pull: staticRelayPull,
  relay: extension(
    section('All relays; docs/relay.md.', {
      insecure_tls: flag(
        'Streams are pulled from servers with any certificate, expired, self-signed or of another host.',
      ),
    }),
  ),
  gb28181: extension(
    section('Receivers of GB28181 media, which calls of the HTTP API open: docs/gb28181.md.', {
      listen_host: text('Address that they receive on. Empty: all of the machine.'),
    }),
  ),
  http_api: section('HTTP API and web page; docs/api.md.', {
    enable: flag('Open the listener.'),
    addr: text('Listen address.'),
    dump_path: extension(
      text(
        'Folder for `debug_dump_packet` of the calls that start pulls and receivers: the names that they give are below it. ' +
          'Empty: no dumps.',
      ),
    ),
    token: extension(secret('Every call has to bring it; visible ASCII without spaces. Empty: none has to.')),
    allowed_origins: extension(
      z.array(z.string()).default([]).meta({
        description:
          'Web origins, `https://console.example.com`, whose pages may make calls that change something.',
      }),
    ),
    metrics_enable: extension(flag('Answer Prometheus at `/metrics`; docs/metrics.md.', true)),
  }),
  http_notify: httpNotify,
  simple_auth: simpleAuth,
  pprof: section('Diagnostics: profiles of the process; docs/operating.md.', {
    enable: flag('Open the listener.'),
    addr: text('Listen address; its host counts only with `allow_remote`.'),
    allow_remote: extension(flag('Listen on the host of `addr`. Off: on 127.0.0.1, whatever `addr` says.')),
  }),
  log,
  debug: section('Periodic log of all streams.', {
    log_group_interval_sec: integer('Seconds between two logs. 0: off.'),
    log_group_max_group_num: integer('Streams to log. 0: only how many there are.'),
    log_group_max_sub_num_per_group: integer('Viewers to log per stream.'),
  }),
  fanout: extension(
    section('How output is collected into writes.', {
      max_flush_window_ms: integer(
        'Longest time to collect output for many viewers into one write each. 0: never wait.',
        { missing: 60, max: 1000 },
      ),
    }),
  ),
  limits: extension(limits),
});
