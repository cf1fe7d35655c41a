import { constants } from 'node:os';

/**
 * lal stops gracefully on the two user signals; the others are what terminals, supervisors and containers send.
 * Listening to SIGUSR1 also keeps Node from opening its inspector.
 */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** A terminal and a package runner may deliver one Ctrl-C twice; somebody impatient needs longer for the second. */
const SAME_STOP_MS = 500;

/**
 * Calls `stop` at the first signal; a second one ends the process at once, with 128 + the signal's number as usual.
 * @param source default: the process
 */
export function onStopSignal(
  stop: (signal: string) => void,
  source: Pick<NodeJS.Process, 'on' | 'exit'> = process,
  nowMs: () => number = () => performance.now(),
): void {
  let firstAtMs: number | undefined;
  for (const signal of STOP_SIGNALS) {
    source.on(signal, () => {
      if (firstAtMs === undefined) {
        firstAtMs = nowMs();
        stop(signal);
      } else if (nowMs() - firstAtMs >= SAME_STOP_MS) {
        source.exit(128 + constants.signals[signal]);
      }
    });
  }
}
