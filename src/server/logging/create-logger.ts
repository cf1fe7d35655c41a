import { pino } from 'pino';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '../../media/clock.ts';
import type { LogConfig } from '../config/server-config.ts';
import { callSite } from './call-site.ts';
import { formatLine, type LogRecord } from './line-format.ts';
import { LogOutputs, type LogOutputOptions } from './log-outputs.ts';
import { redactJsonLine } from './redact.ts';

export type { Logger } from 'pino';

/** lal's levels by number. Nothing here ever logs at "panic" (6), so that it is as quiet as "nothing" (7). */
const PINO_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent', 'silent'] as const;

/** A clock step of this much is a step; less is the difference between two roundings. */
const CLOCK_STEP_MS = 20;

/** A logger and what its owner has to do with it. */
export interface OpenLogger {
  readonly logger: Logger;
  /** In force now. */
  readonly config: LogConfig;
  /** Lines so far that never reached a file, or standard output. */
  readonly lostLines: number;
  /** Resolves when every line so far has been written and the file is closed. Later lines are dropped. */
  close(): Promise<void>;
  /** Resolves when what was logged so far is on standard output, as far as it can be. */
  flush(): Promise<void>;
  /** Opens the log file again by its name, after someone moved it away. */
  reopen(): void;
  /** Goes on as `config` says. Children of the logger keep the level that they were made with. */
  reconfigure(config: LogConfig): void;
  /** Writes what is pending at once: for the `exit` event. */
  flushSync(): void;
}

/** What tests choose; the defaults are the real clock and streams. */
export interface LoggerOptions extends LogOutputOptions {
  readonly clock?: Pick<Clock, 'wallMs' | 'monotonicMs'>;
}

/**
 * Opens the log as the config says. Nothing that happens to the disk or to the reader of standard output throws here or
 * when logging; lines are lost instead.
 */
export function createLogger(config: LogConfig, options: LoggerOptions = {}): OpenLogger {
  const { clock = systemClock } = options;
  const outputs = new LogOutputs(config, options);
  const nowMs = wallClockWithFraction(clock);
  const isJson = (): boolean => outputs.config.format === 'json';

  const write = (json: string): void => {
    const line = isJson() ? redactJsonLine(json) : formatLine(JSON.parse(json) as LogRecord, outputs.config);
    outputs.write(line, clock.wallMs());
  };
  const logger = pino(
    {
      level: pinoLevelOf(config),
      base: null,
      timestamp: () => `,"time":${isJson() ? `"${new Date(clock.wallMs()).toISOString()}"` : nowMs()}`,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => (outputs.config.short_file_flag ? { caller: callSite() } : {}),
    },
    { write },
  );
  return {
    logger,
    get config() {
      return outputs.config;
    },
    get lostLines() {
      return outputs.lostLines;
    },
    close: () => outputs.close(),
    flush: () => outputs.flush(),
    reopen: () => outputs.reopen(),
    reconfigure(changed) {
      outputs.reconfigure(changed);
      logger.level = pinoLevelOf(changed);
    },
    flushSync: () => outputs.flushSync(),
  };
}

function pinoLevelOf({ level }: LogConfig): (typeof PINO_LEVELS)[number] {
  return PINO_LEVELS[level] ?? 'debug';
}

/**
 * Wall time in milliseconds with microseconds behind the point: the wall clock counts whole milliseconds only, so its
 * fraction comes from the monotonic one.
 */
function wallClockWithFraction(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): () => number {
  let offset = clock.wallMs() - clock.monotonicMs();
  return () => {
    const wallMs = clock.wallMs();
    if (Math.abs(offset + clock.monotonicMs() - wallMs) > CLOCK_STEP_MS)
      offset = wallMs - clock.monotonicMs();
    return offset + clock.monotonicMs();
  };
}
