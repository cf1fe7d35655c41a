import { accessSync, constants, statSync } from 'node:fs';

/** What the comparison is asked for. */
export interface ComparisonArguments {
  /** Path of lal's server. */
  readonly lal: string;
  /** Part of the names of the steps to run; empty: all. */
  readonly filter: string;
  /** Whether to print the known differences, too, not only their counts. */
  readonly showsAll: boolean;
}

const usage = `Usage: node test/compat/compare-with-lal.ts [--all] PATH_TO_LALSERVER [STEP]

  PATH_TO_LALSERVER  the server of https://github.com/q191201771/lal; with Go, in a clone of it:
                     go build -o bin/lalserver ./app/lalserver
  STEP               part of the names of the steps to run; without it all run, which takes some minutes
  --all              print the differences that are known, too`;

/** @returns what is asked for, or a text that says why that cannot be done, and what can */
export function parseArguments(
  args: readonly string[],
  stepNames: readonly string[],
): ComparisonArguments | string {
  const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--all');
  if (unknown !== undefined) return `There is no option ${unknown}.\n\n${usage}`;
  const [lal, filter = '', ...rest] = args.filter((arg) => arg !== '--all');
  if (lal === undefined || rest.length > 0) return usage;
  if (!isProgram(lal)) return `${lal} is no program that can be started.\n\n${usage}`;
  if (!stepNames.some((name) => name.includes(filter))) {
    return `No step has "${filter}" in its name. There are:\n${stepNames.map((name) => `  ${name}`).join('\n')}`;
  }
  return { lal, filter, showsAll: args.includes('--all') };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
