import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/*
 * The programs as processes: arguments, exit status, signals. What the server does with streams is tested in test/e2e.
 */

const lalserver = fileURLToPath(new URL('lalserver.ts', import.meta.url));
const lal = fileURLToPath(new URL('lal.ts', import.meta.url));
const bin = fileURLToPath(new URL('../../bin/', import.meta.url));

/** A server that needs no fixed port. */
const SMALL = {
  conf_version: 'v0.4.1',
  rtmp: { enable: true, addr: '127.0.0.1:0' },
  log: { filename: '', short_file_flag: false },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-cli-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Running {
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard output holds `text`. */
  says(text: string): Promise<void>;
  ended: Promise<Ended>;
}

function start(script: string, args: readonly string[], nodeFlags: readonly string[] = []): Running {
  const child = spawn(process.execPath, [...nodeFlags, script, ...args], { cwd: folder });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...output }));
  });
  return {
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (output.stdout.includes(text)) resolve();
        };
        waiting.add(check);
        check();
        void ended.then(() => reject(new Error(`ended without "${text}": ${output.stdout}${output.stderr}`)));
      }),
    ended,
  };
}

function run(script: string, ...args: string[]): Promise<Ended> {
  return start(script, args).ended;
}

function configFile(content: object | string): string {
  const file = join(folder, 'test.conf.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('lalserver', () => {
  test('-v prints the version to standard error', async () => {
    const { code, stdout, stderr } = await run(lalserver, '-v');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/\nlal-ts v\d+\.\d+\.\d+ \(lalserver\)\n$/);
  });

  test('without a config file, or with arguments it does not know, it explains itself and fails', async () => {
    for (const args of [[], ['--nonsense'], ['-c']]) {
      const { code, stdout, stderr } = await run(lalserver, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('Usage: lalserver');
    }
    expect((await run(lalserver, '-h')).code).toBe(0);
  });

  test('a config file that cannot be read, or used, is explained without a stack', async () => {
    const missing = await run(lalserver, '-c', 'none.json');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^The config file cannot be used\.\nnone\.json: cannot be read: /);
    const broken = await run(lalserver, '-c', configFile('{"rtmp": {"gop_num": "x",\n"gpo": 1}}'));
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/test\.conf\.json:1:22: rtmp\.gop_num: expected integer, found string "x"/);
    expect(broken.stderr).toMatch(/test\.conf\.json:2:1: rtmp\.gpo: unknown key/);
    expect(broken.stderr).not.toMatch(/^\s+at /m);
  });

  test('--check prints the effective config alone to standard output', async () => {
    const file = configFile({ ...SMALL, simple_auth: { key: 'TOPSECRET' }, rtmp: { gop: 1 } });
    const { code, stdout, stderr } = await run(lalserver, '--check', '-c', file);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      simple_auth: { key: '***' },
      httpflv: { unknown_stream: 'wait' },
    });
    expect(stderr).toContain('rtmp.gop: unknown key');
    const known = { ...SMALL, simple_auth: { key: 'q191201771', sub_rtmp_enable: true } };
    expect((await run(lalserver, '--check', '-c', configFile(known))).stderr).toContain(
      "SECURITY: simple_auth.key has a value of lal's sample config",
    );
    expect((await run(lalserver, '--check', '-c', configFile('{'))).code).toBe(1);
  });

  test('-p changes the folder before the config file is searched', async () => {
    writeFileSync(join(folder, 'lalserver.conf.json'), JSON.stringify({ server_id: 'found' }));
    expect(JSON.parse((await run(lalserver, '-p', folder, '--check')).stdout)).toMatchObject({
      server_id: 'found',
    });
    const { code, stderr } = await run(lalserver, '-p', join(folder, 'none'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cannot change to .*none: /);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s stops it with status 0, and Node opens no inspector',
    async (signal) => {
      const server = start(lalserver, ['-c', configFile(SMALL)]);
      await server.says('Node.js');
      await server.says('config loaded');
      server.kill(signal);
      const { code, stdout, stderr } = await server.ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`${signal}: stopping`);
    },
  );

  test('SIGHUP reads the config again; one that cannot be used is explained and changes nothing', async () => {
    const server = start(lalserver, ['-c', configFile(SMALL)]);
    await server.says('config loaded');
    configFile('{"server_id": 5}');
    server.kill('SIGHUP');
    await server.says('ERROR the config cannot be used; nothing has changed');
    await server.says('test.conf.json:1:15: server_id: expected string');
    const log = { ...SMALL.log, level_flag: false };
    configFile({ ...SMALL, server_id: '5', rtmp: { enable: true, addr: '127.0.0.1:1' }, log });
    server.kill('SIGHUP');
    await server.says(' config reloaded changed=["server_id","log.level_flag"]');
    await server.says('these keys change with a restart only keys=["rtmp.addr"]');
    server.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });

  test('a port that is taken ends it with status 1 and a line that names the port', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(0, '127.0.0.1', resolve);
    });
    const addr = `127.0.0.1:${(squatter.address() as AddressInfo).port}`;
    const loud = await run(lalserver, '-c', configFile({ ...SMALL, rtmp: { enable: true, addr } }));
    const quiet = { ...SMALL, rtmp: { enable: true, addr }, log: { level: 7 } };
    const silent = await run(lalserver, '-c', configFile(quiet));
    squatter.close();
    expect([loud.code, loud.stderr]).toEqual([1, '']);
    expect(loud.stdout).toMatch(new RegExp(`FATAL cannot start: .*${addr}`));
    expect([silent.code, silent.stdout]).toEqual([1, '']);
    expect(silent.stderr).toContain(addr);
  });

  test('the log file has the last line too', async () => {
    const log = { filename: './logs/x.log', is_to_stdout: true, format: 'json' };
    const server = start(lalserver, ['-c', configFile({ ...SMALL, log })]);
    await server.says('config loaded');
    server.kill('SIGTERM');
    await server.ended;
    const lines = readFileSync(join(folder, 'logs', 'x.log'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 'info' });
    expect(lines.join('\n')).toContain('SIGTERM: stopping');
  });
});

describe('lal', () => {
  test('explains its commands', async () => {
    const { code, stdout } = await run(lal, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/serve .*run the media server/);
    expect(stdout).toMatch(/push .*publish an FLV file/);
    expect((await run(lal, 'nonsense')).code).toBe(1);
    expect((await run(lal, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('serve prints where to publish and to play, after the log lines of the start', async () => {
    const server = start(lal, ['serve', '-c', configFile(SMALL)]);
    await server.says('Ctrl-C');
    server.kill('SIGINT');
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /config loaded[^]*\n\nThe server is running\. Ctrl-C stops it\.\n\nPublish your own:\n/,
    );
    expect(stdout).toContain('stream key test');
  });

  test('serve --demo has a stream on the air', async () => {
    const server = start(lal, ['serve', '--demo', '-c', configFile(SMALL)]);
    await server.says('Watch the demo stream:\n  rtmp://127.0.0.1:');
    await server.says('the demo stream is on the air as live/demo');
    server.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });

  test('serve with a config that cannot be used fails with an explanation', async () => {
    const { code, stderr } = await run(lal, 'serve', '-c', 'none.json');
    expect(code).toBe(1);
    expect(stderr).toContain('none.json: cannot be read');
  });
});

test.each(['lal', 'lalserver'])('bin/%s.js tells an old Node what is wrong, in one line', async (name) => {
  const pretend = join(folder, 'old.cjs');
  writeFileSync(
    pretend,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.17.1' } });`,
  );
  const { code, stderr } = await start(join(bin, `${name}.js`), [], ['--require', pretend]).ended;
  expect(code).toBe(1);
  expect(stderr).toBe(`${name} needs Node.js 22.18 or newer; this is 22.17.1.\n`);
  // No static import, no syntax of this decade: the file has to be readable before it can complain.
  expect(readFileSync(join(bin, `${name}.js`), 'utf8')).not.toMatch(
    /^import |=>|`|\?\.|\basync\b|\bawait\b/m,
  );
});
