/** What `HlsOutput` works with; the config's keys without their zero values. */
export interface HlsSettings {
  /** Wanted length of a fragment. */
  readonly fragmentDurationMs: number;
  /** Fragments in the live list. */
  readonly fragmentNum: number;
  /** Fragments kept on disk after they left the list, in mode 2. */
  readonly deleteThreshold: number;
  /** 0 keep all, 1 delete after the stream ends, 2 delete while it runs and after. */
  readonly cleanupMode: number;
  /** A publisher that comes back within this time goes on with the list as if it had not left. */
  readonly graceMs: number;
}

/** lal's shipped values, for keys that are missing: with 0 every frame would be a fragment, and no fragment be listed. */
const SHIPPED = { fragment_duration_ms: 3000, fragment_num: 6 };

/** Settings from the keys of the config's `hls` section. */
export function hlsSettings(
  section: {
    readonly fragment_duration_ms: number;
    readonly fragment_num: number;
    readonly delete_threshold: number;
    readonly cleanup_mode: number;
  },
  graceMs = 0,
): HlsSettings {
  return {
    fragmentDurationMs: section.fragment_duration_ms || SHIPPED.fragment_duration_ms,
    fragmentNum: section.fragment_num || SHIPPED.fragment_num,
    deleteThreshold: section.delete_threshold,
    cleanupMode: section.cleanup_mode,
    graceMs,
  };
}

/** How long the files of an ended stream stay in modes 1 and 2, so that viewers can see it to its end. */
export function cleanUpDelayMs(settings: HlsSettings): number {
  return settings.fragmentDurationMs * (settings.fragmentNum + settings.deleteThreshold);
}
