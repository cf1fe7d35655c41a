/** Something to say about a config file, with the place where it is. */
export interface ConfigFinding {
  readonly file: string;
  /** From 1; absent when the finding concerns no single place. */
  readonly line?: number;
  readonly column?: number;
  /** In the names of ServerConfig, `rtmp.gop_num`; absent when no key is concerned. */
  readonly key?: string;
  readonly text: string;
}

/** `file:line:column: key: text`, leaving out what is unknown. */
export function formatFinding(finding: ConfigFinding): string {
  const { file, line, column, key, text } = finding;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return key === undefined ? `${place}: ${text}` : `${place}: ${key}: ${text}`;
}

/** Stable; docs/errors.md explains them. */
export type ConfigErrorCode = 'ERR_CONFIG_UNREADABLE' | 'ERR_CONFIG_SYNTAX' | 'ERR_CONFIG_INVALID';

/** The config cannot be used. The message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  readonly problems: readonly ConfigFinding[];
  /** What was found besides, such as unknown keys: often the reason of a problem. */
  readonly warnings: readonly ConfigFinding[];

  constructor(
    code: ConfigErrorCode,
    problems: readonly ConfigFinding[],
    options: ErrorOptions & { warnings?: readonly ConfigFinding[] } = {},
  ) {
    super(problems.map(formatFinding).join('\n'), options);
    this.code = code;
    this.problems = problems;
    this.warnings = options.warnings ?? [];
  }
}
