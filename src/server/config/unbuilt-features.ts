/**
 * Switches whose feature is not part of this release. A feature that gets built loses its line here, and with it the
 * warning.
 */
export const UNBUILT_FEATURES: readonly { readonly key: string; readonly feature: string }[] = [
  { key: 'in_session.add_dummy_audio_enable', feature: 'adding silent audio' },
  { key: 'relay_push.enable', feature: 'relay push' },
  { key: 'static_relay_pull.enable', feature: 'relay pull' },
  { key: 'http_notify.enable', feature: 'HTTP callbacks' },
  { key: 'pprof.enable', feature: 'the diagnostics page' },
];

/**
 * Switches that turn on a check of who may publish or play, and that this release cannot honour. Serving without the
 * check would be worse than not serving.
 */
export const UNBUILT_AUTH_SWITCHES: readonly string[] = [
  'simple_auth.pub_rtmp_enable',
  'simple_auth.sub_rtmp_enable',
  'simple_auth.sub_httpflv_enable',
  'simple_auth.pub_rtsp_enable',
  'simple_auth.sub_rtsp_enable',
  'simple_auth.hls_m3u8_enable',
];
