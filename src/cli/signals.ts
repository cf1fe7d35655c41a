import { constants } from 'node:os';
import { isatty } from 'node:tty';

/**
 * lal stops gracefully on the two user signals; the others are what terminals, supervisors and containers send.
 * Listening to SIGUSR1 also keeps Node from opening its inspector.
 */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** A terminal and a package runner may deliver one Ctrl-C twice; somebody impatient needs longer for the second. */
const SAME_STOP_MS = 500;

/** What a signal makes the process do. */
export interface SignalActions {
  readonly stop: (signal: string) => void;
  /** SIGHUP, unless it says that the process's terminal is gone: that stops it. */
  readonly reload: () => void;
}

/** What tests choose; the defaults are the process's own. */
export interface SignalOptions {
  readonly source?: Pick<NodeJS.Process, 'on' | 'exit'>;
  readonly nowMs?: () => number;
  /** Whether the process can be used from a terminal right now. */
  readonly hasTerminal?: () => boolean;
}

/** Calls `stop` at the first signal; a second one ends the process at once, with 128 + the signal's number as usual. */
export function onSignals({ stop, reload }: SignalActions, options: SignalOptions = {}): void {
  const { source = process, nowMs = () => performance.now(), hasTerminal = isAnyTerminal } = options;
  let firstAtMs: number | undefined;
  const stopped = (signal: NodeJS.Signals): void => {
    if (firstAtMs === undefined) {
      firstAtMs = nowMs();
      stop(signal);
    } else if (nowMs() - firstAtMs >= SAME_STOP_MS) {
      source.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of STOP_SIGNALS) source.on(signal, () => stopped(signal));
  const hadTerminal = hasTerminal();
  source.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) stopped('SIGHUP');
    else if (firstAtMs === undefined) reload();
  });
}

/** A terminal that has been closed is none any more, for those who still have it open. */
function isAnyTerminal(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd));
}
