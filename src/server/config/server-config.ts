/**
 * The configuration of one server, in lal's own key names, so that the manual, the config file and the code speak of
 * the same thing. docs/config.md explains every key; config-schema.ts holds the defaults. Sections and keys marked
 * "extension" do not exist in lal.
 */
export type ServerConfig = DeepReadonly<ServerConfigValues>;

/** The same before it is frozen: what the schema produces. */
export interface ServerConfigValues {
  conf_version: string;
  server_id: string;
  /** Extension. `stream`: the stream name alone is the key, as in lal; `app_stream`: app and name. */
  stream_key: StreamKeyMode;
  rtmp: RtmpConfig;
  in_session: InSessionConfig;
  default_http: HttpListenConfig;
  httpflv: LiveHttpConfig;
  httpts: LiveHttpConfig;
  hls: HlsConfig;
  rtsp: RtspConfig;
  record: RecordConfig;
  relay_push: RelayPushConfig;
  static_relay_pull: RelayPullConfig;
  /** Extension. */
  relay: RelayConfig;
  /** Extension. */
  gb28181: Gb28181Config;
  http_api: HttpApiConfig;
  http_notify: HttpNotifyConfig;
  simple_auth: SimpleAuthConfig;
  pprof: PprofConfig;
  log: LogConfig;
  debug: DebugConfig;
  /** Extension. */
  fanout: FanoutConfig;
  /** Extension. */
  limits: LimitsConfig;
}

/** What makes two streams the same. */
export type StreamKeyMode = 'stream' | 'app_stream';

/** `source`: as the publisher sent it; `enhanced`: FourCC `hvc1`; `legacy`: codec id 12. */
export type HevcForm = 'source' | 'enhanced' | 'legacy';

/** `rtmp`: the RTMP and RTMPS listeners. */
export interface RtmpConfig extends GopCacheConfig {
  enable: boolean;
  addr: string;
  rtmps_enable: boolean;
  rtmps_addr: string;
  rtmps_cert_file: string;
  rtmps_key_file: string;
  /** Bytes; 0: each message is sent on its own. */
  merge_write_size: number;
  /** Extension: how HEVC is written for RTMP and FLV viewers who did not ask for a form. */
  hevc_form: HevcForm;
}

/** Cache for late viewers of one output. */
export interface GopCacheConfig {
  /** GOPs kept for late joiners, the unfinished one included; 0: none. */
  gop_num: number;
  /** Frames kept per GOP; 0: no limit. */
  single_gop_max_frame_num: number;
}

/** `in_session`: what is done to every input. */
export interface InSessionConfig {
  add_dummy_audio_enable: boolean;
  add_dummy_audio_wait_audio_ms: number;
  /** Extension: how long a stream waits for its publisher to come back; 0: not at all. */
  grace_ms: number;
}

/** Where an HTTP output listens. */
export interface HttpListenConfig {
  http_listen_addr: string;
  https_listen_addr: string;
  https_cert_file: string;
  https_key_file: string;
}

/** Keys that all HTTP outputs share. */
export interface HttpOutputConfig extends HttpListenConfig {
  enable: boolean;
  enable_https: boolean;
  /** Starts and ends with `/` when the section is on; may be empty when it is off. */
  url_pattern: string;
}

/** `httpflv` and `httpts`: live streams over HTTP and WebSocket. */
export interface LiveHttpConfig extends HttpOutputConfig, GopCacheConfig {
  /** Extension: a viewer who asks for a stream nobody publishes waits for it, as in lal, or is told 404. */
  unknown_stream: 'wait' | '404';
}

/** `hls`: fragments, playlists, viewers. */
export interface HlsConfig extends HttpOutputConfig {
  out_path: string;
  fragment_duration_ms: number;
  fragment_num: number;
  delete_threshold: number;
  /** 0 keep all, 1 delete after the stream ends, 2 delete while it runs and after. */
  cleanup_mode: number;
  use_memory_as_disk_flag: boolean;
  sub_session_timeout_ms: number;
  sub_session_hash_key: string;
  /** Extension: HLS is made of every publication, or only where the HTTP API starts it. */
  auto_start: boolean;
}

/** `rtsp`: RTSP, RTSPS and RTSP over WebSocket. */
export interface RtspConfig extends GopCacheConfig {
  enable: boolean;
  addr: string;
  rtsps_enable: boolean;
  rtsps_addr: string;
  rtsps_cert_file: string;
  rtsps_key_file: string;
  out_wait_key_frame_flag: boolean;
  auth_enable: boolean;
  /** 0 basic, 1 digest. */
  auth_method: number;
  username: string;
  password: string;
  ws_rtsp_enable: boolean;
  ws_rtsp_addr: string;
  /** Extension: publishers are asked for name and password too. */
  auth_publish_enable: boolean;
  /** Extension: range of the UDP ports for RTP and RTCP, both ends included. */
  udp_port_min: number;
  udp_port_max: number;
}

/** `record`: files of whole streams. */
export interface RecordConfig {
  enable_flv: boolean;
  flv_out_path: string;
  enable_mpegts: boolean;
  mpegts_out_path: string;
  /** Extension: template of a file's name, folders included, without extension. */
  file_name: string;
  /** Extension: 0: no segments by time. */
  segment_duration_ms: number;
  /** Extension: 0: no segments by size. */
  segment_bytes: number;
  /** Extension: age of the files that are removed; 0: none. */
  retention_sec: number;
  /** Extension: size of all recordings, FLV and TS together; 0: no limit. */
  retention_bytes: number;
  /** Extension: bytes that may wait for the disk, per recording. */
  queue_bytes: number;
}

/** `relay_push`: where published streams are sent on to. */
export interface RelayPushConfig {
  enable: boolean;
  /** `host:port` of each server that gets every published stream. */
  addr_list: string[];
  /** Extension: further targets, by URL. */
  url_list: RelayPushTargetConfig[];
  /** Extension: also what comes by GB28181 or from the application itself. */
  all_inputs: boolean;
  /** Extension: pauses between tries grow from a second to this. */
  max_retry_interval_ms: number;
  /** Extension: what may wait for a target, in bytes and in media time. When it is more the push begins anew. */
  queue_bytes: number;
  queue_ms: number;
}

/** A target of `relay_push.url_list`. */
export interface RelayPushTargetConfig {
  /** `rtmp(s)://` or `rtsp(s)://` with places for `{app}`, `{stream}` and `{param}`; may hold a stream key. */
  url: string;
  /** Pattern of the streams to push; with a slash, of app and stream. */
  streams: string;
  hevc_form: 'source' | 'enhanced' | 'legacy';
  /** 0 TCP, 1 UDP first. */
  rtsp_mode: number;
  verify_certificate: boolean;
}

/** `static_relay_pull`: where missing streams are fetched from. */
export interface RelayPullConfig {
  enable: boolean;
  /** `host:port` of an RTMP server with the same names; empty: none. */
  addr: string;
  /** Extension: further origins, by URL. */
  url_list: RelayPullOriginConfig[];
}

/** An origin of `static_relay_pull.url_list`. */
export interface RelayPullOriginConfig {
  /** With places for `{app}`, `{stream}` and `{param}`; may hold a password. */
  url: string;
  /** Pattern of the streams it has; with a slash, of app and stream. */
  streams: string;
  /** 0 TCP, 1 UDP first. */
  rtsp_mode: number;
  verify_certificate: boolean;
}

/** `relay`: what all relays have in common. */
export interface RelayConfig {
  /** Streams are pulled from servers with any certificate. */
  insecure_tls: boolean;
}

/** A listener that can be off. */
export interface SwitchedListenerConfig {
  enable: boolean;
  addr: string;
}

/** `pprof`: the diagnostics pages. */
export interface PprofConfig extends SwitchedListenerConfig {
  /** Extension: other machines may connect, if `addr` lets them. */
  allow_remote: boolean;
}

/** `http_api`: the HTTP API and its pages. */
export interface HttpApiConfig extends SwitchedListenerConfig {
  /** Extension: folder that packets may be dumped into; empty: none. */
  dump_path: string;
  /** Extension: every call has to bring it; empty: none has to. */
  token: string;
  /** Extension: origins, `https://host:port`, whose pages may make calls that change something. */
  allowed_origins: string[];
  /** Extension: `/metrics` answers. */
  metrics_enable: boolean;
}

/** Addresses of the callbacks; an empty one is off. */
export interface HttpNotifyConfig {
  enable: boolean;
  update_interval_sec: number;
  on_server_start: string;
  on_update: string;
  on_pub_start: string;
  on_pub_stop: string;
  on_sub_start: string;
  on_sub_stop: string;
  on_relay_pull_start: string;
  on_relay_pull_stop: string;
  on_rtmp_connect: string;
  on_hls_make_ts: string;
  /** Extension: events of GB28181 and in-process publishers too. */
  internal_publishers: boolean;
  /** Extension: requests to one receiver at a time. */
  connections: number;
  /** Extension: further attempts. */
  retry_num: number;
  /** Extension: empty: no signature. */
  hmac_key: string;
  /** Extension: the answers to these two decide. */
  on_pub_start_blocking: boolean;
  on_sub_start_blocking: boolean;
  /** Extension: for a decision. */
  blocking_timeout_ms: number;
  /** Extension: what no decision means. */
  blocking_fail_open: boolean;
}

/** `simple_auth`: secrets and signatures in URLs. */
export interface SimpleAuthConfig {
  key: string;
  dangerous_lal_secret: string;
  pub_rtmp_enable: boolean;
  sub_rtmp_enable: boolean;
  sub_httpflv_enable: boolean;
  sub_httpts_enable: boolean;
  pub_rtsp_enable: boolean;
  sub_rtsp_enable: boolean;
  hls_m3u8_enable: boolean;
  /** Extension: key of signed URLs; empty: there are none. */
  sign_key: string;
}

/** `log`: what is logged, where to, in which form. */
export interface LogConfig {
  /** 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 fatal, 6 panic, 7 nothing. */
  level: number;
  /** Empty: no file. */
  filename: string;
  is_to_stdout: boolean;
  is_rotate_daily: boolean;
  is_rotate_hourly: boolean;
  short_file_flag: boolean;
  timestamp_flag: boolean;
  timestamp_with_ms_flag: boolean;
  level_flag: boolean;
  /** 1 log an error, 2 log and exit, 3 log and throw. */
  assert_behavior: number;
  /** Extension: lal's line, or one JSON object a line. */
  format: 'lal' | 'json';
}

/** `debug`: the periodic dump of streams. */
export interface DebugConfig {
  log_group_interval_sec: number;
  log_group_max_group_num: number;
  log_group_max_sub_num_per_group: number;
}

/** `gb28181`: receivers of media by GB/T 28181. */
export interface Gb28181Config {
  /** Empty: all addresses of the machine. */
  listen_host: string;
}

/** `fanout`: how writes to viewers are joined. */
export interface FanoutConfig {
  /** Ceiling of the adaptive flush window; 0: always flush at the end of the event-loop turn. */
  max_flush_window_ms: number;
}

/** What keeps one peer, or one stream, from using up the server. 0 means "no limit" only where the key says so. */
export interface LimitsConfig {
  /** Sockets over all listeners; 0: no limit. */
  max_connections: number;
  /** Sockets from one address; 0: no limit. */
  max_connections_per_address: number;
  /** Streams that exist at one time; 0: no limit. */
  max_streams: number;
  /** Relay pushes, those included that wait for a publisher; 0: no limit. */
  max_relay_pushes: number;
  /** Relay pulls, under way or up; 0: no limit. */
  max_relay_pulls: number;
  /** From the accepted socket to an accepted publish or play, or a complete HTTP request. */
  handshake_timeout_ms: number;
  /** Decision about a publish or play request. */
  admission_timeout_ms: number;
  /** Bytes a publisher may send while that decision is pending. */
  admission_buffer_bytes: number;
  /** A session without a byte for this long is closed. */
  idle_timeout_ms: number;
  /** One RTMP message, aggregates included. */
  max_message_bytes: number;
  /** Bytes of the stream name, and of the app name, in UTF-8. */
  max_stream_name_bytes: number;
  /** Queue of one viewer, its socket's buffer included. */
  viewer_queue_bytes: number;
  /** The same in media time. */
  viewer_queue_ms: number;
  /** A viewer that stays behind for this long is closed. */
  viewer_stall_timeout_ms: number;
  /** Frames cached for late joiners of one stream. */
  gop_cache_bytes: number;
  /** HLS fragments kept in memory while they are listed and watched, over all streams. */
  hls_cache_bytes: number;
  /** All HLS files, when they are kept in memory; the oldest are given up for newer ones. */
  hls_memory_bytes: number;
  /** For telling the peers and flushing; the process ends within 5 s in any case. */
  shutdown_timeout_ms: number;
}

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
