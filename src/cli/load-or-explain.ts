import { ConfigError, formatFinding } from '../server/config/config-finding.ts';
import { loadConfigFile, type LoadedConfig } from '../server/config/load-config.ts';

/**
 * Loads a config file. One that cannot be used is explained on standard error, in lines for a person.
 * @returns `undefined` then; the caller ends with status 1
 */
export function loadOrExplain(path: string): LoadedConfig | undefined {
  try {
    return loadConfigFile(path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const warnings = error.warnings.map((warning) => `${formatFinding(warning)}\n`).join('');
    process.stderr.write(`The config file cannot be used.\n${error.message}\n${warnings}`);
    return undefined;
  }
}
