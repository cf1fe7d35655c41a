/**
 * What `HlsOutput` works with; the config's keys without their zero values. They may change: a list that begins takes
 * what is so then, and keeps to it.
 */
export interface HlsSettings {
  /** Wanted length of a fragment. */
  readonly fragmentDurationMs: number;
  /** Fragments in the live list. */
  readonly fragmentNum: number;
  /** Fragments kept on disk after they left the list, in mode 2. */
  readonly deleteThreshold: number;
  /** 0 keep all, 1 delete after the stream ends, 2 delete while it runs and after. */
  readonly cleanupMode: number;
  /** A publisher that comes back within this time goes on with the list as if it had not left. Counts at once. */
  readonly graceMs: number;
}

/** lal's shipped values, for keys that are missing: with 0 every frame would be a fragment, and no fragment be listed. */
const SHIPPED = { fragment_duration_ms: 3000, fragment_num: 6 };

/**
 * Settings from the keys of the config's `hls` section, and always the newest.
 * @param graceMs asked at each publisher's end
 */
export function hlsSettings(
  section: {
    readonly fragment_duration_ms: number;
    readonly fragment_num: number;
    readonly delete_threshold: number;
    readonly cleanup_mode: number;
  },
  graceMs: () => number,
): HlsSettings {
  return {
    get fragmentDurationMs() {
      return section.fragment_duration_ms || SHIPPED.fragment_duration_ms;
    },
    get fragmentNum() {
      return section.fragment_num || SHIPPED.fragment_num;
    },
    get deleteThreshold() {
      return section.delete_threshold;
    },
    get cleanupMode() {
      return section.cleanup_mode;
    },
    get graceMs() {
      return graceMs();
    },
  };
}

/** How long the files of an ended stream stay in modes 1 and 2, so that viewers can see it to its end. */
export function cleanUpDelayMs(settings: HlsSettings): number {
  return settings.fragmentDurationMs * (settings.fragmentNum + settings.deleteThreshold);
}
