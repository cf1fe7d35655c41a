import type { LogConfig } from '../config/server-config.ts';
import { LineWriter } from './line-writer.ts';
import { RotatingLogFile, type Rotation } from './rotating-log-file.ts';

/** What tests choose; the defaults are the process's own streams. */
export interface LogOutputOptions {
  /** Where `is_to_stdout` goes; default 1. */
  readonly stdoutFd?: number;
  /** Hears of trouble with the log itself, once per outage; default: a line on standard error. */
  readonly onProblem?: (text: string) => void;
}

/** Where log lines go: a file, standard output, both or nowhere; as the config says, which may change. */
export class LogOutputs {
  #config: LogConfig;
  readonly #onProblem: (text: string) => void;
  readonly #stdout: LineWriter;
  #file: RotatingLogFile | undefined;
  /** Files that the config has given up, whose last lines are still being written. */
  readonly #closing = new Set<Promise<void>>();
  /** Of files that the config has given up. */
  #lostLines = 0;

  constructor(config: LogConfig, options: LogOutputOptions) {
    const { stdoutFd = 1, onProblem = reportOnStderr } = options;
    this.#config = { ...config };
    this.#onProblem = onProblem;
    this.#stdout = new LineWriter(stdoutFd, reportOnce('standard output', onProblem));
    this.#file = this.#fileOf(config);
  }

  get config(): LogConfig {
    return this.#config;
  }

  /** Lines that never reached a file, or standard output. */
  get lostLines(): number {
    return this.#lostLines + this.#stdout.lostLines + (this.#file?.lostLines ?? 0);
  }

  /** @param line with its line feed @param wallMs when it was logged */
  write(line: string, wallMs: number): void {
    this.#file?.write(line, wallMs);
    if (this.#config.is_to_stdout) this.#stdout.write(line);
  }

  reconfigure(config: LogConfig): void {
    const { filename } = this.#config;
    const isSameFile = filename === config.filename && rotationOf(this.#config) === rotationOf(config);
    this.#config = { ...config };
    if (isSameFile) return;
    const left = this.#file;
    this.#file = this.#fileOf(config);
    if (left === undefined) return;
    const closed = left.close().finally(() => {
      this.#lostLines += left.lostLines;
      this.#closing.delete(closed);
    });
    this.#closing.add(closed);
  }

  reopen(): void {
    this.#file?.reopen();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, this.#file?.close(), this.#stdout.idle()]);
  }

  async flush(): Promise<void> {
    await this.#stdout.idle();
  }

  flushSync(): void {
    this.#file?.flushSync();
    this.#stdout.flushSync();
  }

  #fileOf(config: LogConfig): RotatingLogFile | undefined {
    if (config.filename === '') return undefined;
    return new RotatingLogFile(config.filename, rotationOf(config), this.#onProblem);
  }
}

/** An hour ends with every day, so the finer rotation is enough where both are asked for. */
function rotationOf(config: LogConfig): Rotation {
  if (config.is_rotate_hourly) return 'hourly';
  return config.is_rotate_daily ? 'daily' : 'none';
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
