/** Keys of lal's 0.2.8 config file that have another name in the newest one. Where a file has both, the new one wins. */
export const RENAMED_KEYS: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'rtmp.add_dummy_audio_enable', to: 'in_session.add_dummy_audio_enable' },
  { from: 'rtmp.add_dummy_audio_wait_audio_ms', to: 'in_session.add_dummy_audio_wait_audio_ms' },
  { from: 'relay_pull.enable', to: 'static_relay_pull.enable' },
  { from: 'relay_pull.addr', to: 'static_relay_pull.addr' },
];
