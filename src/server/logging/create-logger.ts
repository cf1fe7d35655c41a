import { pino } from 'pino';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '../../media/clock.ts';
import type { LogConfig } from '../config/server-config.ts';
import { callSite } from './call-site.ts';
import { formatLine, type LogRecord } from './line-format.ts';
import { LineWriter } from './line-writer.ts';
import { redactJsonLine } from './redact.ts';
import { RotatingLogFile, type Rotation } from './rotating-log-file.ts';

export type { Logger } from 'pino';

/** lal's levels by number. Nothing here ever logs at "panic" (6), so that it is as quiet as "nothing" (7). */
const PINO_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent', 'silent'] as const;

/** A clock step of this much is a step; less is the difference between two roundings. */
const CLOCK_STEP_MS = 20;

/** A logger and what its owner has to do with it. */
export interface OpenLogger {
  readonly logger: Logger;
  /** Resolves when every line so far has been written and the file is closed. Later lines are dropped. */
  close(): Promise<void>;
  /** Resolves when what was logged so far is on standard output, as far as it can be. */
  flush(): Promise<void>;
  /** Opens the log file again by its name, after someone moved it away. */
  reopen(): void;
  /** Writes what is pending at once: for the `exit` event. */
  flushSync(): void;
}

/** What tests choose; the defaults are the real clock and streams. */
export interface LoggerOptions {
  readonly clock?: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  /** Where `is_to_stdout` goes; default 1. */
  readonly stdoutFd?: number;
  /** Hears of trouble with the log itself, once per outage; default: a line on standard error. */
  readonly onProblem?: (text: string) => void;
}

/**
 * Opens the log as the config says. Nothing that happens to the disk or to the reader of standard output throws here or
 * when logging; lines are lost instead.
 */
export function createLogger(config: LogConfig, options: LoggerOptions = {}): OpenLogger {
  const { clock = systemClock, stdoutFd = 1, onProblem = reportOnStderr } = options;
  const file =
    config.filename === '' ? undefined : new RotatingLogFile(config.filename, rotationOf(config), onProblem);
  const stdout = config.is_to_stdout
    ? new LineWriter(stdoutFd, reportOnce('standard output', onProblem))
    : undefined;
  const nowMs = wallClockWithFraction(clock);
  const isJson = config.format === 'json';

  const write = (json: string): void => {
    const line = isJson ? redactJsonLine(json) : formatLine(JSON.parse(json) as LogRecord, config);
    file?.write(line, clock.wallMs());
    stdout?.write(line);
  };
  const logger = pino(
    {
      level: PINO_LEVELS[config.level] ?? 'debug',
      base: null,
      timestamp: () => `,"time":${isJson ? `"${new Date(clock.wallMs()).toISOString()}"` : nowMs()}`,
      formatters: { level: (label) => ({ level: label }) },
      ...(config.short_file_flag && { mixin: () => ({ caller: callSite() }) }),
    },
    { write },
  );
  return {
    logger,
    async close() {
      await Promise.all([file?.close(), stdout?.idle()]);
    },
    async flush() {
      await stdout?.idle();
    },
    reopen() {
      file?.reopen();
    },
    flushSync() {
      file?.flushSync();
      stdout?.flushSync();
    },
  };
}

/** An hour ends with every day, so the finer rotation is enough where both are asked for. */
function rotationOf(config: LogConfig): Rotation {
  if (config.is_rotate_hourly) return 'hourly';
  return config.is_rotate_daily ? 'daily' : 'none';
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

function reportOnce(what: string, onProblem: (text: string) => void): (error: Error) => void {
  let isReported = false;
  return (error) => {
    if (isReported) return;
    isReported = true;
    onProblem(`log: ${what} cannot be written: ${error.message}`);
  };
}

function reportOnStderr(text: string): void {
  process.stderr.write(`${text}\n`);
}
