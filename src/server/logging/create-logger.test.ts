import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtInConfig } from '../config/built-in-config.ts';
import type { LogConfig } from '../config/server-config.ts';
import { createLogger, type Logger } from './create-logger.ts';

const ALL_FLAGS = {
  level: 0,
  filename: '',
  is_to_stdout: true,
  short_file_flag: true,
  timestamp_flag: true,
  timestamp_with_ms_flag: true,
  level_flag: true,
};

let folder: string;
/** A moment whose microseconds come from the monotonic clock. */
const wallMs = new Date(2024, 7, 10, 12, 0, 0, 123).getTime();
const clock = { wallMs: () => wallMs, monotonicMs: () => 5000 };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-logger-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What `use` logs to standard output. */
async function linesOf(config: Partial<LogConfig>, use: (logger: Logger) => void): Promise<string[]> {
  const path = join(folder, 'stdout');
  const fd = openSync(path, 'w');
  const open = createLogger({ ...builtInConfig().log, ...ALL_FLAGS, ...config }, { clock, stdoutFd: fd });
  use(open.logger);
  await open.close();
  closeSync(fd);
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

describe("lal's line", () => {
  test('has time with microseconds, padded level, message, and file with line', async () => {
    const lines = await linesOf({}, (logger) => {
      logger.debug('message');
      logger.info('message');
    });
    expect(lines[0]).toMatch(/^2024\/08\/10 12:00:00\.123000 DEBUG message - create-logger\.test\.ts:\d+$/);
    expect(lines[1]).toMatch(/^2024\/08\/10 12:00:00\.123000 {2}INFO message - create-logger\.test\.ts:\d+$/);
  });

  test('every level has its word', async () => {
    const lines = await linesOf({ timestamp_flag: false, short_file_flag: false }, (logger) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level]('x');
    });
    expect(lines).toEqual(['TRACE x', 'DEBUG x', ' INFO x', ' WARN x', 'ERROR x', 'FATAL x']);
  });

  test('each flag takes its part away', async () => {
    const say = (logger: Logger): void => logger.info('x');
    expect(await linesOf({ timestamp_with_ms_flag: false, short_file_flag: false }, say)).toEqual([
      '2024/08/10 12:00:00  INFO x',
    ]);
    expect(await linesOf({ timestamp_flag: false, level_flag: false, short_file_flag: false }, say)).toEqual([
      'x',
    ]);
  });

  test('fields follow the message; children bring theirs along', async () => {
    const lines = await linesOf({ timestamp_flag: false, short_file_flag: false }, (logger) => {
      logger
        .child({ session: 'RTMPPUBSUB1' })
        .info({ stream: 'a b', bytes: 3, nested: { x: [1] } }, 'closed');
    });
    expect(lines).toEqual([' INFO closed session=RTMPPUBSUB1 stream="a b" bytes=3 nested={"x":[1]}']);
  });

  test('an error shows its code and text, and its stack indented below', async () => {
    const lines = await linesOf({ timestamp_flag: false, short_file_flag: false }, (logger) => {
      logger.error({ err: Object.assign(new Error('no luck'), { code: 'ERR_X' }) }, 'failed');
    });
    expect(lines[0]).toBe('ERROR failed err="ERR_X: no luck"');
    expect(lines[1]).toMatch(/^ {4}at .*create-logger\.test\.ts/);
  });

  test('text from outside cannot fake a line or steer a terminal', async () => {
    const lines = await linesOf({ timestamp_flag: false, short_file_flag: false }, (logger) => {
      logger.info({ name: 'x\n2024/01/01 ERROR y' }, 'a\r\nb\u001b[31m\u0000');
      logger.info('\u007f\u009b31m\u0085\u2028\u202e\t');
    });
    expect(lines).toEqual([
      ' INFO a\\r\\nb\\u001b[31m\\u0000 name="x\\n2024/01/01 ERROR y"',
      ' INFO \\u007f\\u009b31m\\u0085\\u2028\\u202e\\t',
    ]);
  });

  test('secrets in messages, fields and errors are masked', async () => {
    const lines = await linesOf({}, (logger) => {
      logger.info(
        { url: 'rtmp://u:TOPSECRET@h/a', urlParam: 'lal_secret=TOPSECRET' },
        'http://h/a?token=TOPSECRET',
      );
      logger.warn({ err: new Error('cannot pull rtmp://h/a?key=TOPSECRET') }, 'x');
    });
    expect(lines.join('\n')).not.toContain('TOPSECRET');
    expect(lines[0]).toContain('http://h/a?token=***');
  });
});

describe('JSON lines', () => {
  test('have time, level, file, message and fields', async () => {
    const lines = await linesOf({ format: 'json' }, (logger) =>
      logger.warn({ stream: 'a\nb' }, 'slow viewer'),
    );
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'warn',
      time: new Date(wallMs).toISOString(),
      caller: expect.stringMatching(/^create-logger\.test\.ts:\d+$/),
      stream: 'a\nb',
      msg: 'slow viewer',
    });
  });

  test('secrets are masked', async () => {
    const lines = await linesOf({ format: 'json' }, (logger) => {
      logger.info(
        { token: 'TOPSECRET', deep: { password: 'TOPSECRET' } },
        'http://u:TOPSECRET@h/?lal_secret=TOPSECRET',
      );
    });
    expect(lines[0]).not.toContain('TOPSECRET');
    expect(JSON.parse(lines[0]!)).toMatchObject({ token: '***', msg: 'http://***@h/?lal_secret=***' });
  });
});

describe('where lines go', () => {
  test.each([
    [0, 6],
    [1, 5],
    [2, 4],
    [3, 3],
    [4, 2],
    [5, 1],
    [6, 0],
    [7, 0],
  ])('level %i lets %i of the six words through', async (level, count) => {
    const lines = await linesOf({ level }, (logger) => {
      for (const word of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[word]('x');
    });
    expect(lines).toHaveLength(count);
  });

  test('to the file, to standard output, to both, to neither', async () => {
    const filename = join(folder, 'logs', 'lalserver.log');
    expect(await linesOf({ filename }, (logger) => logger.info('both'))).toHaveLength(1);
    expect(await linesOf({ filename, is_to_stdout: false }, (logger) => logger.info('file'))).toEqual([]);
    expect(await linesOf({ is_to_stdout: false }, (logger) => logger.info('nowhere'))).toEqual([]);
    expect(readFileSync(filename, 'utf8')).toMatch(/ both - .*\n.* file - .*\n$/);
  });

  test('nothing throws when neither works, and each says so once', async () => {
    const problems: string[] = [];
    const config = { ...builtInConfig().log, filename: '/dev/null/x.log' };
    const open = createLogger(config, { clock, stdoutFd: 9999, onProblem: (text) => problems.push(text) });
    for (let index = 0; index < 5; index += 1) open.logger.error('x');
    await open.close();
    open.reopen();
    open.flushSync();
    open.logger.error('after the end');
    expect(problems).toHaveLength(2);
  });
});

describe('a changed config', () => {
  test('counts from the next line on: level, form, file', async () => {
    const path = join(folder, 'stdout');
    const fd = openSync(path, 'w');
    const config = {
      ...builtInConfig().log,
      ...ALL_FLAGS,
      timestamp_flag: false,
      short_file_flag: false,
      level: 4,
      filename: join(folder, 'a.log'),
    };
    const open = createLogger(config, { clock, stdoutFd: fd });
    open.logger.info('too quiet');
    open.logger.error('lal');
    open.reconfigure({ ...config, level: 2, format: 'json', filename: join(folder, 'b.log') });
    open.logger.info('json');
    open.reconfigure({ ...config, level: 2, is_to_stdout: false, level_flag: false, short_file_flag: true });
    open.logger.info('file only');
    expect(open.config).toMatchObject({ level: 2, is_to_stdout: false });
    await open.close();
    closeSync(fd);
    const [first, second, ...more] = readFileSync(path, 'utf8').split('\n');
    expect(first).toBe('ERROR lal');
    expect(JSON.parse(second!)).toMatchObject({ level: 'info', msg: 'json' });
    expect(more).toEqual(['']);
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toMatch(
      /^ERROR lal\nfile only - create-logger\.test\.ts:\d+\n$/,
    );
    expect(readFileSync(join(folder, 'b.log'), 'utf8')).toBe(`${second}\n`);
  });

  test('may end the file, and begin one', async () => {
    const filename = join(folder, 'c.log');
    const config = { ...builtInConfig().log, ...ALL_FLAGS, is_to_stdout: false, filename };
    const open = createLogger(config, { clock });
    open.logger.info('one');
    open.reconfigure({ ...config, filename: '' });
    open.logger.info('two');
    open.reconfigure(config);
    open.logger.info('three');
    await open.close();
    expect(readFileSync(filename, 'utf8')).toMatch(/ one .*\n.* three .*\n$/);
  });
});

test('the time follows a clock that was set', async () => {
  let now = wallMs;
  const path = join(folder, 'stdout');
  const fd = openSync(path, 'w');
  const config = { ...builtInConfig().log, ...ALL_FLAGS };
  const open = createLogger(config, { clock: { wallMs: () => now, monotonicMs: () => 1.25 }, stdoutFd: fd });
  open.logger.info('x');
  now += 3_600_000;
  open.logger.info('x');
  await open.close();
  closeSync(fd);
  expect(readFileSync(path, 'utf8').match(/\d\d:00:00\.\d{6}/g)).toEqual([
    '12:00:00.123000',
    '13:00:00.123000',
  ]);
});
