/** A key of an older config file of lal that has another name in the newest one. */
export interface RenamedKey {
  readonly from: string;
  /** Where a file has both, this one counts. */
  readonly to: string;
  /** A later key that may stand for `to`, and then counts too. */
  readonly orElse?: string;
}

/**
 * Before 0.2 each HTTP output had a port of its own. lal no longer knows these names, and leaves the outputs of such a
 * file, of its own conf/edge.conf.json too, without an address. Where there is a `default_http` the file was brought up
 * to date but for these keys, and they are to say nothing, as in lal.
 */
function oldListenKeys(section: string): RenamedKey[] {
  return [
    {
      from: `${section}.sub_listen_addr`,
      to: `${section}.http_listen_addr`,
      orElse: 'default_http.http_listen_addr',
    },
    {
      from: `${section}.https_addr`,
      to: `${section}.https_listen_addr`,
      orElse: 'default_http.https_listen_addr',
    },
  ];
}

export const RENAMED_KEYS: readonly RenamedKey[] = [
  { from: 'rtmp.add_dummy_audio_enable', to: 'in_session.add_dummy_audio_enable' },
  { from: 'rtmp.add_dummy_audio_wait_audio_ms', to: 'in_session.add_dummy_audio_wait_audio_ms' },
  { from: 'relay_pull.enable', to: 'static_relay_pull.enable' },
  { from: 'relay_pull.addr', to: 'static_relay_pull.addr' },
  ...['httpflv', 'httpts', 'hls'].flatMap(oldListenKeys),
];
