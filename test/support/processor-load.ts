import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const sampleMs = 50;

/**
 * How crowded the processors are, so that tests which look at the clock can be strict where there is room, and do not
 * blame the server for what else runs on the machine.
 */
export class ProcessorLoad {
  readonly #timer: NodeJS.Timeout;
  #samples = 0;
  #runnable = 0;

  constructor() {
    this.#timer = setInterval(() => this.#sample(), sampleMs);
    this.#timer.unref();
  }

  /**
   * How many times longer everything took on average than with enough processors: 1 or more. Where the system does not
   * tell, 1.
   */
  stop(): number {
    clearInterval(this.#timer);
    if (this.#samples === 0) return 1;
    return Math.max(1, this.#runnable / this.#samples / availableParallelism());
  }

  #sample(): void {
    const runnable = runnableProcesses();
    if (runnable === undefined) return;
    this.#samples += 1;
    // This process is one of them while it looks.
    this.#runnable += runnable - 1;
  }
}

/** Linux says it: `procs_running` of proc(5). */
function runnableProcesses(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const match = /^procs_running (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'));
  return match === null ? undefined : Number(match[1]);
}
