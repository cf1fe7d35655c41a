import type { Logger } from 'pino';
import type { ServerConfig } from '../config/server-config.ts';
import type { Statistics } from '../stats/statistics.ts';

/** lal's periodic dump of streams and viewers into the log (`debug.log_group_*`). */
export class GroupLog {
  readonly #config: ServerConfig['debug'];
  readonly #logger: Logger;
  readonly #statistics: Statistics;
  #seconds = 0;

  constructor(config: ServerConfig['debug'], logger: Logger, statistics: Statistics) {
    this.#config = config;
    this.#logger = logger;
    this.#statistics = statistics;
  }

  /** To be called once a second. */
  tick(): void {
    const {
      log_group_interval_sec: intervalSec,
      log_group_max_group_num: maxGroups,
      log_group_max_sub_num_per_group: maxSubs,
    } = this.#config;
    if (intervalSec <= 0) return;
    this.#seconds += 1;
    if (this.#seconds % intervalSec !== 0 || !this.#logger.isLevelEnabled('debug')) return;
    this.#logger.debug(`DEBUG_GROUP_LOG: group size=${this.#statistics.groupCount}`);
    for (const group of this.#statistics.groups(maxGroups)) {
      const shown = { ...group, subs: group.subs?.slice(0, maxSubs) ?? null };
      this.#logger.debug(`DEBUG_GROUP_LOG: group=${JSON.stringify(shown)}`);
    }
  }
}
