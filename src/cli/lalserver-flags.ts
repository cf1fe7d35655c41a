/** What the command line of `lalserver` asks for. */
export interface LalserverFlags {
  /** `-c`: the config file. */
  readonly config?: string;
  /** `-p`: the working directory to change to first. */
  readonly folder?: string;
  /** `-v` */
  readonly version: boolean;
  /** `--check` (extension): check the config and print it. */
  readonly check: boolean;
  /** `-h` */
  readonly help: boolean;
}

/** A command line that cannot be understood; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const SWITCHES: Readonly<Record<string, 'version' | 'check' | 'help'>> = {
  v: 'version',
  version: 'version',
  check: 'check',
  h: 'help',
  help: 'help',
};
const VALUES: Readonly<Record<string, 'config' | 'folder'>> = { c: 'config', p: 'folder' };

/**
 * Reads flags as Go's flag package does, which lal uses: one dash or two, value behind `=` or as the next argument.
 * @param args without program and script
 * @throws {UsageError}
 */
export function parseLalserverFlags(args: readonly string[]): LalserverFlags {
  const flags = { version: false, check: false, help: false };
  const values: { config?: string; folder?: string } = {};
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index]!;
    const [, name = '', attached] = /^--?([a-z]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const valueKey = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
    const switchKey = Object.hasOwn(SWITCHES, name) ? SWITCHES[name] : undefined;
    if (valueKey !== undefined) {
      if (attached === undefined) index += 1;
      const value = attached ?? args[index];
      if (value === undefined || value === '') throw new UsageError(`${argument} needs a value`);
      values[valueKey] = value;
    } else if (switchKey !== undefined && (attached === undefined || attached === 'true')) {
      flags[switchKey] = true;
    } else {
      throw new UsageError(`unknown argument: ${argument}`);
    }
  }
  return { ...flags, ...values };
}

/** Shown by `-h`, and when no config file is found. */
export const LALSERVER_USAGE = `Usage: lalserver [-c FILE] [-p FOLDER] [-v] [--check]

  -c FILE     config file; without it the usual places are searched, from ./lalserver.conf.json on
  -p FOLDER   change to this working directory first
  -v          print the version
  --check     check the config, print it with all defaults, and end
  -h          print this

Examples:
  lalserver -c ./conf/lalserver.conf.json
  lalserver --check -c ./conf/lalserver.conf.json
  lal serve   (no config needed)
`;
