import type { ServerConfigValues } from './server-config.ts';

/** When a changed value counts, once the config has been reloaded; with the words that the documentation has for it. */
export const RELOAD_EFFECT_TEXTS = {
  now: 'at once',
  session: 'for new sessions',
  publication: 'for new publications',
  stream: 'for new streams',
  restart: 'after a restart',
} as const;

/** `stream` is about streams that come into being afterwards: those that nobody publishes, plays or waits for now. */
export type ReloadEffect = keyof typeof RELOAD_EFFECT_TEXTS;

type EffectsOf<T> = {
  readonly [Key in keyof T]: T[Key] extends readonly unknown[]
    ? ReloadEffect
    : T[Key] extends object
      ? EffectsOf<T[Key]>
      : ReloadEffect;
};

const httpListen = {
  http_listen_addr: 'restart',
  https_listen_addr: 'restart',
  https_cert_file: 'restart',
  https_key_file: 'restart',
} as const;

const httpOutput = {
  ...httpListen,
  enable: 'restart',
  enable_https: 'restart',
  url_pattern: 'restart',
} as const;

const gopCache = { gop_num: 'stream', single_gop_max_frame_num: 'stream' } as const;

/** Every key of the config. The compiler wants all of them here, and no others. */
export const RELOAD_EFFECTS: EffectsOf<ServerConfigValues> = {
  conf_version: 'now',
  server_id: 'now',
  stream_key: 'restart',
  rtmp: {
    enable: 'restart',
    addr: 'restart',
    rtmps_enable: 'restart',
    rtmps_addr: 'restart',
    rtmps_cert_file: 'restart',
    rtmps_key_file: 'restart',
    ...gopCache,
    merge_write_size: 'stream',
    hevc_form: 'session',
  },
  in_session: {
    add_dummy_audio_enable: 'publication',
    add_dummy_audio_wait_audio_ms: 'publication',
    grace_ms: 'now',
  },
  default_http: httpListen,
  httpflv: { ...httpOutput, ...gopCache, unknown_stream: 'session' },
  httpts: { ...httpOutput, ...gopCache, unknown_stream: 'session' },
  hls: {
    ...httpOutput,
    out_path: 'restart',
    fragment_duration_ms: 'publication',
    fragment_num: 'publication',
    delete_threshold: 'publication',
    cleanup_mode: 'publication',
    use_memory_as_disk_flag: 'restart',
    sub_session_timeout_ms: 'now',
    sub_session_hash_key: 'session',
    auto_start: 'publication',
  },
  rtsp: {
    enable: 'restart',
    addr: 'restart',
    rtsps_enable: 'restart',
    rtsps_addr: 'restart',
    rtsps_cert_file: 'restart',
    rtsps_key_file: 'restart',
    out_wait_key_frame_flag: 'session',
    auth_enable: 'session',
    auth_method: 'session',
    username: 'session',
    password: 'session',
    ws_rtsp_enable: 'restart',
    ws_rtsp_addr: 'restart',
    auth_publish_enable: 'session',
    udp_port_min: 'restart',
    udp_port_max: 'restart',
    ...gopCache,
  },
  record: {
    enable_flv: 'publication',
    flv_out_path: 'restart',
    enable_mpegts: 'publication',
    mpegts_out_path: 'restart',
    file_name: 'publication',
    segment_duration_ms: 'publication',
    segment_bytes: 'publication',
    retention_sec: 'now',
    retention_bytes: 'now',
    queue_bytes: 'publication',
  },
  relay_push: {
    enable: 'publication',
    addr_list: 'publication',
    url_list: 'publication',
    all_inputs: 'publication',
    max_retry_interval_ms: 'publication',
    queue_bytes: 'session',
    queue_ms: 'session',
  },
  static_relay_pull: { enable: 'session', addr: 'session', url_list: 'session' },
  relay: { insecure_tls: 'session' },
  http_api: {
    enable: 'restart',
    addr: 'restart',
    dump_path: 'now',
    token: 'now',
    allowed_origins: 'now',
    metrics_enable: 'now',
  },
  http_notify: {
    enable: 'now',
    update_interval_sec: 'now',
    on_server_start: 'now',
    on_update: 'now',
    on_pub_start: 'now',
    on_pub_stop: 'now',
    on_sub_start: 'now',
    on_sub_stop: 'now',
    on_relay_pull_start: 'now',
    on_relay_pull_stop: 'now',
    on_rtmp_connect: 'now',
    on_hls_make_ts: 'now',
    internal_publishers: 'now',
    connections: 'now',
    retry_num: 'now',
    hmac_key: 'now',
    on_pub_start_blocking: 'session',
    on_sub_start_blocking: 'session',
    blocking_timeout_ms: 'session',
    blocking_fail_open: 'session',
  },
  simple_auth: {
    key: 'session',
    dangerous_lal_secret: 'session',
    pub_rtmp_enable: 'session',
    sub_rtmp_enable: 'session',
    sub_httpflv_enable: 'session',
    sub_httpts_enable: 'session',
    pub_rtsp_enable: 'session',
    sub_rtsp_enable: 'session',
    hls_m3u8_enable: 'now',
    sign_key: 'session',
  },
  pprof: { enable: 'restart', addr: 'restart', allow_remote: 'restart' },
  log: {
    level: 'now',
    filename: 'now',
    is_to_stdout: 'now',
    is_rotate_daily: 'now',
    is_rotate_hourly: 'now',
    short_file_flag: 'now',
    timestamp_flag: 'now',
    timestamp_with_ms_flag: 'now',
    level_flag: 'now',
    assert_behavior: 'now',
    format: 'now',
  },
  debug: {
    log_group_interval_sec: 'now',
    log_group_max_group_num: 'now',
    log_group_max_sub_num_per_group: 'now',
  },
  fanout: { max_flush_window_ms: 'now' },
  gb28181: { listen_host: 'session' },
  limits: {
    max_connections: 'now',
    max_connections_per_address: 'now',
    max_streams: 'now',
    max_relay_pushes: 'now',
    max_relay_pulls: 'now',
    // Node keeps the times of its HTTP and TLS servers for good.
    handshake_timeout_ms: 'restart',
    admission_timeout_ms: 'session',
    admission_buffer_bytes: 'session',
    idle_timeout_ms: 'session',
    max_message_bytes: 'session',
    max_stream_name_bytes: 'session',
    viewer_queue_bytes: 'session',
    viewer_queue_ms: 'session',
    viewer_stall_timeout_ms: 'session',
    gop_cache_bytes: 'stream',
    hls_cache_bytes: 'now',
    hls_memory_bytes: 'now',
    shutdown_timeout_ms: 'now',
  },
};
