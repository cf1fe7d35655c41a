import { parseConfig } from './load-config.ts';
import type { ServerConfig } from './server-config.ts';

/**
 * What is served when nobody gave a config: the ports of lal's sample file, media on all interfaces, everything that
 * controls the server on the loopback address, log lines on standard output only, and no secrets. HLS writes below the
 * working directory, as with lal, and removes a stream's files after it has ended; recording is off. What is off
 * has its address all the same, so that switching it on is one word.
 */
const BUILT_IN = {
  conf_version: 'v0.4.1',
  server_id: '1',
  rtmp: {
    enable: true,
    addr: ':1935',
    rtmps_enable: true,
    rtmps_addr: ':4935',
    rtmps_cert_file: './conf/cert.pem',
    rtmps_key_file: './conf/key.pem',
    // lal's sample has 0; a newcomer should see a picture at once.
    gop_num: 1,
  },
  in_session: { add_dummy_audio_wait_audio_ms: 150 },
  default_http: {
    http_listen_addr: ':8080',
    https_listen_addr: ':4433',
    https_cert_file: './conf/cert.pem',
    https_key_file: './conf/key.pem',
  },
  httpflv: { enable: true, enable_https: true, url_pattern: '/', gop_num: 1 },
  httpts: { enable: true, enable_https: true, url_pattern: '/', gop_num: 1 },
  hls: {
    enable: true,
    enable_https: true,
    url_pattern: '/hls/',
    out_path: './lal_record/hls/',
    fragment_duration_ms: 3000,
    fragment_num: 6,
    delete_threshold: 6,
    cleanup_mode: 1,
    sub_session_timeout_ms: 30_000,
  },
  rtsp: {
    enable: true,
    addr: ':5544',
    rtsps_enable: true,
    rtsps_addr: ':5322',
    rtsps_cert_file: './conf/cert.pem',
    rtsps_key_file: './conf/key.pem',
    auth_method: 1,
    ws_rtsp_enable: true,
    ws_rtsp_addr: ':5566',
  },
  record: { flv_out_path: './lal_record/flv/', mpegts_out_path: './lal_record/mpegts' },
  http_api: { enable: true, addr: '127.0.0.1:8083' },
  http_notify: { update_interval_sec: 5 },
  pprof: { addr: '127.0.0.1:8084' },
  log: { level: 2, filename: '', short_file_flag: false },
  debug: {
    log_group_interval_sec: 30,
    log_group_max_group_num: 10,
    log_group_max_sub_num_per_group: 10,
  },
};

/** The config of `npm start` and `lal serve` when no file is named. */
export function builtInConfig(): ServerConfig {
  return parseConfig(JSON.stringify(BUILT_IN), 'built-in config').config;
}
