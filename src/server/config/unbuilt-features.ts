/**
 * Switches whose feature is not part of this release. A feature that gets built loses its line here, and with it the
 * warning.
 */
export const UNBUILT_FEATURES: readonly { readonly key: string; readonly feature: string }[] = [
  { key: 'static_relay_pull.enable', feature: 'relay pull' },
];
