/** Shown in place of a secret. */
const MASK = '***';

/** Begin of a `name=value`, whatever it stands in. */
const PARAMETER_NAME = /(?<![\w.%[\]-])([\w.%[\]-]{1,64})=/g;

/** The value that follows. A backslash takes the next character along, so that JSON strings stay whole. */
const PARAMETER_VALUE = /(?:\\.|[^\\&\s"'<>])+/y;

/** `"name":"value"` of a JSON line. */
const JSON_MEMBER = /"([\w.-]{1,64})":"((?:\\.|[^\\"])+)"/g;

/** Everything between the scheme and the last `@` before the path. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>]*@/gi;

/**
 * Masks what would let a reader of the log publish or play: values of secret-like parameters (`lal_secret`, `token`,
 * `password`, `key`, …) and the user info of URLs, wherever they stand in `text`. Everything else stays as it is.
 */
export function redactUrl(text: string): string {
  // Most lines hold neither.
  const withoutUsers = text.includes('@') ? text.replace(USER_INFO, `$1${MASK}@`) : text;
  return withoutUsers.includes('=') ? maskParameters(withoutUsers) : withoutUsers;
}

/** The same for a whole log line in JSON, whose members may themselves be named like secrets. */
export function redactJsonLine(line: string): string {
  return redactUrl(line).replace(JSON_MEMBER, (member, name: string) =>
    isSecretName(name) ? `"${name}":"${MASK}"` : member,
  );
}

/** Whether a parameter of this name holds a secret; percent-encoded spellings count as what they decode to. */
export function isSecretName(name: string): boolean {
  const plain = decoded(name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  return (
    /secret|token|passw|credential|signature|apikey|authkey|streamkey|accesskey|privatekey|jwt/.test(plain) ||
    EXACT_NAMES.has(plain)
  );
}

const EXACT_NAMES: ReadonlySet<string> = new Set([
  'key',
  'auth',
  'authorization',
  'pass',
  'pwd',
  'sign',
  'lalsign',
  'signkey',
  'sig',
  'response',
]);

function maskParameters(text: string): string {
  let masked = '';
  let copiedTo = 0;
  for (const match of text.matchAll(PARAMETER_NAME)) {
    const valueAt = match.index + match[0].length;
    if (match.index < copiedTo || !isSecretName(match[1]!)) continue;
    PARAMETER_VALUE.lastIndex = valueAt;
    const value = PARAMETER_VALUE.exec(text)?.[0];
    if (value === undefined) continue;
    masked += text.slice(copiedTo, valueAt) + MASK;
    copiedTo = valueAt + value.length;
  }
  return masked + text.slice(copiedTo);
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
