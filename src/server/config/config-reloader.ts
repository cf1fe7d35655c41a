import type { Logger } from 'pino';
import { ConfigError, formatFinding, type ConfigFinding } from './config-finding.ts';
import type { ConfigStore, ReloadReport } from './config-store.ts';
import type { LoadedConfig } from './load-config.ts';
import type { ServerConfig } from './server-config.ts';

/** Reads the config anew where it came from. @throws {ConfigError} */
export type ConfigSource = () => LoadedConfig;

/** A config that was read again, and what became of it. */
export interface ConfigReload extends ReloadReport {
  /** What the author of the file should know about it. */
  readonly warnings: readonly ConfigFinding[];
}

/** Puts new configs into force, and says in the log what that did. */
export class ConfigReloader {
  readonly #store: ConfigStore;
  readonly #source: ConfigSource | undefined;
  readonly #logger: Logger;

  /** @param source none: the config did not come from a place where it could be read again */
  constructor(store: ConfigStore, source: ConfigSource | undefined, logger: Logger) {
    this.#store = store;
    this.#source = source;
    this.#logger = logger;
  }

  /** @param config complete and checked, as `parseConfig` returns it */
  use(config: ServerConfig): ReloadReport {
    const report = this.#store.apply(config);
    const { applied, needsRestart } = report;
    if (applied.length === 0 && needsRestart.length === 0) this.#logger.info('config reloaded: no changes');
    if (applied.length > 0) {
      this.#logger.info({ changed: applied.map(({ key }) => key) }, 'config reloaded');
    }
    if (needsRestart.length > 0) {
      this.#logger.warn({ keys: needsRestart }, 'config reloaded, but these keys change with a restart only');
    }
    return report;
  }

  /** Reads the config again. One that cannot be used changes nothing, and is returned as the error it is. */
  readAgain(): ConfigReload | ConfigError {
    let loaded: LoadedConfig;
    try {
      loaded = this.#load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#logger.error({ code: error.code }, 'the config cannot be used; nothing has changed');
      for (const finding of [...error.problems, ...error.warnings])
        this.#logger.error(formatFinding(finding));
      return error;
    }
    const { config, warnings } = loaded;
    for (const warning of warnings) this.#logger.warn(formatFinding(warning));
    return { ...this.use(config), warnings };
  }

  #load(): LoadedConfig {
    if (this.#source !== undefined) return this.#source();
    const text = 'the server was not started from a file that could be read again';
    throw new ConfigError('ERR_CONFIG_UNREADABLE', [{ file: 'config', text }]);
  }
}
