import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Signal, withDeadline } from './deadline.ts';
import type { Scope } from './scope.ts';

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Kills the program this long after its start, so that no test waits for ever. */
  readonly timeoutMs?: number;
}

/** What a program may say before the oldest half is forgotten. */
const outputLimit = 400_000;

/** A process that a test has started, its output collected for the failure message. */
export class Program {
  readonly name: string;
  readonly exited: Promise<ExitStatus>;
  #child: ChildProcess;
  #output = '';
  #status: ExitStatus | undefined;
  #timer: NodeJS.Timeout;
  #waiting: { pattern: RegExp; signal: Signal }[] = [];

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    this.name = `${command} ${args.join(' ')}`;
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: wrappers such as cvlc are ended together with what they started.
      detached: true,
    });
    this.#child.stdin?.on('error', () => {}).end();
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#collect(text));
    }
    const timeoutMs = options.timeoutMs ?? 200_000;
    this.#timer = setTimeout(() => {
      this.#collect(`\n[killed by the test after ${timeoutMs / 1000} s]\n`);
      this.kill('SIGKILL');
    }, timeoutMs);
    this.exited = new Promise((resolve) => {
      const finish = (status: ExitStatus): void => {
        clearTimeout(this.#timer);
        this.#status = status;
        for (const { pattern, signal } of this.#waiting) {
          signal.reject(new Error(`ended before it printed ${pattern}: ${this.describe()}`));
        }
        resolve(status);
      };
      this.#child.on('error', (error) => {
        this.#collect(`${error.message}\n`);
        finish({ code: 127, signal: null });
      });
      this.#child.on('close', (code, signal) => finish({ code, signal }));
    });
  }

  /** Everything printed so far, stdout and stderr as they came. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#status === undefined;
  }

  /** Resolves when the output matches; rejects when the program ends before. */
  async printed(pattern: RegExp, timeoutMs = 20_000): Promise<void> {
    if (pattern.test(this.#output)) return;
    if (!this.isRunning) throw new Error(`ended before it printed ${pattern}: ${this.describe()}`);
    const signal = new Signal();
    this.#waiting.push({ pattern, signal });
    await withDeadline(signal.promise, timeoutMs, () => `${pattern} from ${this.describe()}`);
  }

  /** The exit status; fails when the program does not end by itself in time. */
  async ended(timeoutMs: number): Promise<ExitStatus> {
    return withDeadline(this.exited, timeoutMs, () => `the end of ${this.describe()}`);
  }

  /** Signals the program itself, not what it has started. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Signals the program and everything it has started. */
  kill(name: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      // The group is gone already.
    }
  }

  /** Ends the program whatever it does, and waits until it is gone. */
  async stop(): Promise<ExitStatus> {
    if (this.isRunning) this.kill('SIGKILL');
    return this.exited;
  }

  /** Command, state and last words, for a failure message. */
  describe(): string {
    const state =
      this.#status === undefined ? 'running' : `code ${this.#status.code}, signal ${this.#status.signal}`;
    return `"${this.name}" (${state}):\n${this.#output.slice(-4000)}`;
  }

  #collect(text: string): void {
    this.#output += text;
    if (this.#output.length > outputLimit) this.#output = this.#output.slice(-outputLimit / 2);
    this.#waiting = this.#waiting.filter(({ pattern, signal }) => {
      if (!pattern.test(this.#output)) return true;
      signal.resolve();
      return false;
    });
  }
}

/** Starts a program that ends with the scope at the latest. */
export function startProgram(
  scope: Scope,
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Program {
  const program = new Program(command, args, options);
  scope.defer(async () => {
    await program.stop();
  });
  return program;
}

/** Runs a program to its end and returns what it printed; any exit code but 0 is an error. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<string> {
  const program = new Program(command, args, options);
  const { code } = await program.exited;
  if (code !== 0) throw new Error(program.describe());
  return program.output;
}
