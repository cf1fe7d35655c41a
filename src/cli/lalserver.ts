/** The server with lal's command line: `-c`, `-p`, `-v`, and `--check` besides. */
import { securityWarnings } from '../server/auth/default-secrets.ts';
import { formatFinding } from '../server/config/config-finding.ts';
import { effectiveConfigJson } from '../server/config/effective-config.ts';
import { loadConfigFile, searchConfigFile } from '../server/config/load-config.ts';
import { createServer } from '../server/media-server.ts';
import { VERSION } from '../server/version.ts';
import { LALSERVER_USAGE, parseLalserverFlags, UsageError, type LalserverFlags } from './lalserver-flags.ts';
import { loadOrExplain } from './load-or-explain.ts';
import { runServer } from './run-server.ts';

/** @returns the exit status, or `undefined` while the server runs */
async function main(args: readonly string[]): Promise<number | undefined> {
  let flags: LalserverFlags;
  try {
    flags = parseLalserverFlags(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return explain(`${error.message}\n\n${LALSERVER_USAGE}`, 1);
  }
  if (flags.help) return explain(LALSERVER_USAGE, 0);
  if (flags.version) return explain(versionText(), 0);
  if (flags.folder !== undefined) {
    try {
      process.chdir(flags.folder);
    } catch (error) {
      return explain(`cannot change to ${flags.folder}: ${(error as Error).message}\n`, 1);
    }
  }
  const file = flags.config ?? searchConfigFile();
  if (file === undefined)
    return explain(`No config file found in the usual places.\n\n${LALSERVER_USAGE}`, 1);
  const loaded = loadOrExplain(file);
  if (loaded === undefined) return 1;
  if (!flags.check) {
    const path = file;
    await runServer(loaded, { create: createServer, configSource: () => loadConfigFile(path) });
    return undefined;
  }
  process.stdout.write(`${effectiveConfigJson(loaded.config)}\n`);
  const warnings = [
    ...loaded.warnings.map(formatFinding),
    ...securityWarnings(loaded.config).map((text) => `SECURITY: ${text}`),
  ];
  return explain(warnings.map((warning) => `${warning}\n`).join(''), 0);
}

/** As lal does it, everything but the effective config goes to standard error. */
function explain(text: string, status: number): number {
  process.stderr.write(text);
  return status;
}

function versionText(): string {
  const { version, platform, arch } = process;
  return `version: ${VERSION}\nnode: ${version}\nplatform: ${platform} ${arch}\nlal-ts v${VERSION} (lalserver)\n`;
}

const status = await main(process.argv.slice(2));
if (status !== undefined) process.exitCode = status;
