import type { LogConfig } from '../config/server-config.ts';
import { redactUrl } from './redact.ts';

/** What pino hands over for one line, after parsing. `time` is in milliseconds with a fraction. */
export interface LogRecord {
  readonly level: string;
  readonly time: number;
  readonly msg?: string;
  /** `file.ts:123` */
  readonly caller?: string;
  readonly err?: {
    readonly type?: string;
    readonly message?: string;
    readonly stack?: string;
    readonly code?: string;
  };
  readonly [field: string]: unknown;
}

/** lal pads every level word to six characters. */
const LEVEL_WORD: Readonly<Record<string, string>> = {
  trace: 'TRACE ',
  debug: 'DEBUG ',
  info: ' INFO ',
  warn: ' WARN ',
  error: 'ERROR ',
  fatal: 'FATAL ',
};

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

type LineFlags = Pick<
  LogConfig,
  'timestamp_flag' | 'timestamp_with_ms_flag' | 'level_flag' | 'short_file_flag'
>;

/**
 * lal's line, `2024/08/10 12:00:00.123456 DEBUG message - file.ts:123`, with the fields of a structured record between
 * message and file as `key=value`. One line, whatever the values hold; only an error's stack follows on indented lines.
 * @returns with its line feed
 */
export function formatLine(record: LogRecord, flags: Readonly<LineFlags>): string {
  const { level, time, msg = '', caller, err, ...fields } = record;
  let line = flags.timestamp_flag ? `${timestamp(time, flags.timestamp_with_ms_flag)} ` : '';
  if (flags.level_flag) line += LEVEL_WORD[level] ?? level;
  line += plain(msg);
  for (const [key, value] of Object.entries(fields)) line += ` ${key}=${fieldText(value)}`;
  if (err !== undefined) line += ` err=${fieldText(errorText(err))}`;
  if (flags.short_file_flag && caller !== undefined) line += ` - ${caller}`;
  return `${redactUrl(line)}\n${stackLines(err?.stack)}`;
}

/** `2024/08/10 12:00:00`, local time, with six decimals if wanted. */
function timestamp(timeMs: number, withFraction: boolean): string {
  const time = new Date(timeMs);
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const date = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  if (!withFraction) return `${date} ${clock}`;
  const microseconds = Math.floor((timeMs - Math.floor(timeMs / 1000) * 1000) * 1000);
  return `${date} ${clock}.${String(microseconds).padStart(6, '0')}`;
}

function fieldText(value: unknown): string {
  if (typeof value !== 'string') return plain(JSON.stringify(value) ?? 'undefined');
  return value === '' || /[\s"=\\]|\p{C}/u.test(value) ? plain(JSON.stringify(value)) : value;
}

function errorText(err: NonNullable<LogRecord['err']>): string {
  const name = err.code ?? err.type ?? 'Error';
  return `${name}: ${err.message ?? ''}`;
}

/**
 * Names and messages from outside must not be able to fake a line of the log, to steer a terminal, or to have what follows
 * them read backwards.
 */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escaped);
}

/** As JSON may have it; `JSON.stringify` itself leaves all but the first 32 as they are. */
function escaped(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function stackLines(stack: string | undefined): string {
  if (stack === undefined) return '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.map((frame) => `    ${plain(frame.trim())}\n`).join('');
}
