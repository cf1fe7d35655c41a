import { CONFIG_KEYS, setValueAtKey, valueAtKey } from './config-keys.ts';
import { RELOAD_EFFECTS, type ReloadEffect } from './reload-effects.ts';
import type { ServerConfig } from './server-config.ts';

/** What became of a new config. */
export interface ReloadReport {
  /** Keys whose new value is in force, with what it applies to. */
  readonly applied: readonly { readonly key: string; readonly effect: ReloadEffect }[];
  /** Keys whose value in the new config is another one than what is in force; it takes a restart to change them. */
  readonly needsRestart: readonly string[];
}

/** Told when values of the config in force have changed. */
export type ConfigListener = (changedKeys: ReadonlySet<string>) => void;

/**
 * The config in force. `current` is one object for the life of a server: a reload changes values in it, and only those
 * that may change while a server runs. So who reads a value when it is needed has the newest; who has copied one, or
 * made something of it, listens with `onChange`.
 */
export class ConfigStore {
  readonly current: ServerConfig;
  readonly #listeners = new Set<ConfigListener>();

  /** @param config copied */
  constructor(config: ServerConfig) {
    this.current = structuredClone(config);
  }

  /** Calls `listener` after each change, in the same turn. @returns stops that */
  onChange(listener: ConfigListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts into force what can be. @param next complete and checked, as `parseConfig` returns it */
  apply(next: ServerConfig): ReloadReport {
    const applied: { key: string; effect: ReloadEffect }[] = [];
    const needsRestart: string[] = [];
    for (const key of CONFIG_KEYS) {
      const value = valueAtKey(next, key);
      if (isSame(value, valueAtKey(this.current, key))) continue;
      const effect = valueAtKey(RELOAD_EFFECTS, key) as ReloadEffect;
      if (effect === 'restart') {
        needsRestart.push(key);
      } else {
        setValueAtKey(this.current, key, structuredClone(value));
        applied.push({ key, effect });
      }
    }
    const changedKeys = new Set(applied.map(({ key }) => key));
    if (changedKeys.size > 0) for (const listener of this.#listeners) listener(changedKeys);
    return { applied, needsRestart };
  }
}

/** Values are plain data: texts, numbers, flags, and lists of such. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
