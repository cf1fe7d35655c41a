import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import {
  checkAllowedOrigins,
  checkApiToken,
  checkHttpNotify,
  checkListenAddresses,
  checkRecordFileName,
  checkRtsp,
  checkSimpleAuth,
  checkUrlPatterns,
} from './config-checks.ts';
import type { CheckResult } from './config-checks.ts';
import { readConfigDocument, schemaAt } from './config-document.ts';
import type { ConfigDocument } from './config-document.ts';
import { ConfigError, type ConfigFinding } from './config-finding.ts';
import { serverConfigSchema } from './config-schema.ts';
import { schemaTree, type SchemaNode } from './json-schema.ts';
import { deriveValues } from './derived-values.ts';
import { checkRelayPullUrls, relayPullAddressWarnings } from './relay-pull-checks.ts';
import { checkRelayPushUrls, relayPushAddressWarnings } from './relay-push-checks.ts';
import type { ServerConfig, ServerConfigValues } from './server-config.ts';

/** The layout version of lal's newest config file; another one is only a warning. */
const CONF_VERSION = 'v0.4.1';

/** A usable config, and what its author should know about it. */
export interface LoadedConfig {
  readonly config: ServerConfig;
  readonly warnings: readonly ConfigFinding[];
}

/**
 * Reads and checks a config file. Relative paths inside it stay relative to the working directory.
 * @throws {ConfigError} with all problems at once
 */
export function loadConfigFile(path: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('ERR_CONFIG_UNREADABLE', [{ file: path, text: `cannot be read: ${reason}` }], {
      cause: error,
    });
  }
  return parseConfig(text, path);
}

/**
 * Checks a config given as text, in lal's format of 0.2.8 or newer, or with our extensions.
 * @param fileName only for messages
 * @throws {ConfigError} with all problems at once
 */
export function parseConfig(text: string, fileName: string): LoadedConfig {
  const document = readConfigDocument(text, fileName);
  const locate = ({ key, text }: CheckResult): ConfigFinding => ({
    file: fileName,
    ...document.placeOf(key),
    key,
    text,
  });
  const parsed = serverConfigSchema.safeParse(document.values);
  if (!parsed.success || document.problems.length > 0) {
    const issues = parsed.error?.issues ?? [];
    const problems = [...document.problems, ...issues.map((issue) => locate(typeProblem(issue, document)))];
    throw new ConfigError('ERR_CONFIG_INVALID', inFileOrder(problems), { warnings: document.warnings });
  }
  const config: ServerConfigValues = parsed.data;
  const repairs = deriveValues(config, (path) => document.has(path));
  const addresses = checkListenAddresses(config);
  const notify = checkHttpNotify(config);
  const others = [
    checkUrlPatterns,
    checkRecordFileName,
    checkRtsp,
    checkAllowedOrigins,
    checkApiToken,
    checkSimpleAuth,
    checkRelayPushUrls,
    checkRelayPullUrls,
  ].flatMap((check) => check(config));
  refuse([...addresses.problems, ...notify.problems, ...others].map(locate));
  const placed = [
    ...repairs,
    ...addresses.warnings,
    ...notify.warnings,
    ...relayPushAddressWarnings(config),
    ...relayPullAddressWarnings(config),
  ].map(locate);
  const warnings = [
    ...inFileOrder([...document.warnings, ...placed]),
    ...wholeFileWarnings(config, document, fileName),
  ];
  return { config: deepFreeze(config), warnings };
}

/**
 * The places where lal's server looks for its config when none is given, first hit wins; relative to the working
 * directory.
 */
export const CONFIG_SEARCH_PATHS: readonly string[] = [
  'lalserver.conf.json',
  './conf/lalserver.conf.json',
  '../lalserver.conf.json',
  '../conf/lalserver.conf.json',
  '../../lalserver.conf.json',
  '../../conf/lalserver.conf.json',
  '../../../lalserver.conf.json',
  '../../../conf/lalserver.conf.json',
  'lal/conf/lalserver.conf.json',
];

/** @returns the first of lal's nine paths that can be read */
export function searchConfigFile(): string | undefined {
  return CONFIG_SEARCH_PATHS.find((path) => {
    try {
      readFileSync(path);
      return true;
    } catch {
      return false;
    }
  });
}

function refuse(problems: ConfigFinding[]): void {
  if (problems.length > 0) throw new ConfigError('ERR_CONFIG_INVALID', inFileOrder(problems));
}

function typeProblem(issue: z.core.$ZodIssue, document: ConfigDocument): CheckResult {
  const key = issue.path.join('.');
  const schema = schemaAt(key) ?? {};
  const expected = schema.enum === undefined ? schema.type : 'one of the allowed values';
  return {
    key,
    text: `expected ${expected}, found ${document.describe(key)}; allowed: ${allowedText(schema)}`,
  };
}

/** What a key may hold, as a phrase. */
export function allowedText(schema: SchemaNode): string {
  if (schema.enum !== undefined) {
    const values = schema.enum.map((value) => `"${value}"`);
    return values.length === 1 ? values[0]! : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  }
  if (schema.type === 'integer') {
    const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
    if (maximum === Number.MAX_SAFE_INTEGER) return `a whole number, ${minimum} or more`;
    return `a whole number from ${minimum} to ${maximum}`;
  }
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'object') return 'keys in braces';
  if (schema.type === 'array')
    return `a list of ${schema.items?.type === 'object' ? 'objects' : 'strings'} in brackets`;
  return 'a string in double quotes';
}

/** What lal says about the file as a whole. */
function wholeFileWarnings(config: ServerConfig, document: ConfigDocument, file: string): ConfigFinding[] {
  const warnings: ConfigFinding[] = [];
  if (config.conf_version.replace(/^v/, '') !== CONF_VERSION.slice(1)) {
    const found = config.conf_version === '' ? 'not given' : `"${config.conf_version}"`;
    const text = `${found}, this server's own is "${CONF_VERSION}"; the file is used all the same`;
    warnings.push({ file, ...document.placeOf('conf_version'), key: 'conf_version', text });
  }
  const missing = missingKeys(document);
  if (missing.length > 0) {
    warnings.push({ file, text: `keys not given, their default is used: ${missing.join(', ')}` });
  }
  return warnings;
}

/** Sections of lal whose listen settings, or all of whose keys, may be left out without a word. */
const OPTIONAL_KEYS =
  /^log\.|^(?:default_http|httpflv|httpts|hls)\.https?_(?:listen_addr|cert_file|key_file)$/;

/** Every key of lal that the file should give and does not; a section that is missing as a whole shows as `hls.*`. */
function missingKeys(document: ConfigDocument): string[] {
  const missing: string[] = [];
  for (const [name, schema] of Object.entries(schemaTree.properties ?? {})) {
    if (schema.extension === true) continue;
    const paths = schema.properties === undefined ? [name] : keysOfLal(name, schema);
    const absent = paths.filter((path) => !document.has(path));
    if (absent.length > 1 && absent.length === paths.length) missing.push(`${name}.*`);
    else missing.push(...absent);
  }
  return missing;
}

function keysOfLal(section: string, schema: SchemaNode): string[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, child]) => child.extension !== true)
    .map(([key]) => `${section}.${key}`)
    .filter((path) => !OPTIONAL_KEYS.test(path));
}

function inFileOrder(findings: readonly ConfigFinding[]): ConfigFinding[] {
  const line = (finding: ConfigFinding): number => finding.line ?? Number.MAX_SAFE_INTEGER;
  return [...findings].sort((a, b) => line(a) - line(b) || (a.column ?? 0) - (b.column ?? 0));
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child as object);
  }
  return Object.freeze(value);
}
