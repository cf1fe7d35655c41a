/** The configs with which both servers run the script. */
import { callbackNames } from '../support/callback-server.ts';
import { freePort } from '../support/free-ports.ts';

/** All servers get the same ports, one after the other: what they say of themselves needs no translation then. */
export interface Ports {
  readonly rtmp: number;
  readonly http: number;
  readonly rtsp: number;
  readonly api: number;
  /** Where callbacks are received. */
  readonly receiver: number;
  /** Nothing listens here. */
  readonly nobody: number;
  /** The server that streams are pulled from and pushed to. */
  readonly peerRtmp: number;
  readonly peerRtsp: number;
}

export async function findPorts(): Promise<Ports> {
  return {
    rtmp: await freePort(),
    http: await freePort(),
    rtsp: await freePort(),
    api: await freePort(),
    receiver: await freePort(),
    nobody: await freePort(),
    peerRtmp: await freePort(),
    peerRtsp: await freePort(),
  };
}

export type SettingName = 'plain' | 'guarded' | 'relaying';

export interface Setting {
  readonly name: SettingName;
  /** All checks of `simple_auth` on. */
  readonly hasAuth: boolean;
  /** HLS viewers are sessions. */
  readonly tracksHls: boolean;
  /** Static pull from the peer, push to it. */
  readonly relays: boolean;
}

/** The key and the master secret where `hasAuth` is set. */
export const authKey = 'comparison';
export const masterSecret = 'open sesame';

/** A config in lal's form, every key that it has. */
export function configOf({ hasAuth, tracksHls, relays }: Setting, ports: Ports): object {
  const receiver = `http://127.0.0.1:${ports.receiver}`;
  const peer = `127.0.0.1:${ports.peerRtmp}`;
  return {
    '# what': 'comparison of two servers',
    conf_version: 'v0.4.1',
    server_id: 'compared',
    rtmp: { enable: true, addr: `127.0.0.1:${ports.rtmp}`, gop_num: 1, rtmps_enable: false },
    in_session: { add_dummy_audio_enable: false, add_dummy_audio_wait_audio_ms: 150 },
    default_http: { http_listen_addr: `127.0.0.1:${ports.http}` },
    httpflv: { enable: true, url_pattern: '/', gop_num: 1 },
    httpts: { enable: true, url_pattern: '/', gop_num: 1 },
    hls: {
      enable: true,
      url_pattern: '/hls/',
      out_path: './hls/',
      fragment_duration_ms: 1000,
      fragment_num: 4,
      delete_threshold: 4,
      cleanup_mode: 1,
      sub_session_timeout_ms: 2000,
      sub_session_hash_key: tracksHls ? 'hash key' : '',
    },
    rtsp: { enable: true, addr: `127.0.0.1:${ports.rtsp}`, out_wait_key_frame_flag: true },
    record: { enable_flv: false, enable_mpegts: false },
    relay_push: { enable: relays, addr_list: relays ? [peer] : [] },
    static_relay_pull: { enable: relays, addr: relays ? peer : '' },
    http_api: { enable: true, addr: `127.0.0.1:${ports.api}` },
    http_notify: {
      enable: true,
      update_interval_sec: 1,
      ...Object.fromEntries(callbackNames.map((name) => [name, `${receiver}/${name}`])),
    },
    simple_auth: {
      key: authKey,
      dangerous_lal_secret: masterSecret,
      pub_rtmp_enable: hasAuth,
      sub_rtmp_enable: hasAuth,
      sub_httpflv_enable: hasAuth,
      sub_httpts_enable: hasAuth,
      pub_rtsp_enable: hasAuth,
      sub_rtsp_enable: hasAuth,
      hls_m3u8_enable: hasAuth,
    },
    pprof: { enable: false },
    log: { level: 1, filename: './logs/lalserver.log', is_to_stdout: false, is_rotate_daily: false },
    debug: { log_group_interval_sec: 0 },
  };
}
