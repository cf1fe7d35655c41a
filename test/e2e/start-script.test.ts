import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { readFlvFile } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { startProgram } from '../support/program.ts';
import type { Program } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import { Scope } from '../support/scope.ts';
import { portsOpen, serverPorts, testConfig } from '../support/server.ts';
import type { ServerPorts } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** What `npm start` runs, with a config of the test's own ports. */
async function start(...flags: string[]): Promise<{ program: Program; ports: ServerPorts }> {
  const ports = await serverPorts();
  const file = join(scope.folder(), 'start.conf.json');
  writeFileSync(file, JSON.stringify(testConfig(ports, { httpflv: { gop_num: 1 } })));
  const script = join(projectRoot, 'scripts', 'start.mjs');
  const program = startProgram(scope, process.execPath, [script, 'serve', ...flags, '-c', file], {
    cwd: scope.folder(),
  });
  await portsOpen(program, Object.values(ports) as number[]);
  return { program, ports };
}

test.each(['SIGINT', 'SIGTERM', 'SIGUSR1'] as const)(
  'npm start prints where to publish and to watch, and passes %s and the exit code on',
  async (signal) => {
    const { program, ports } = await start();
    await program.printed(new RegExp(`rtmp://127.0.0.1:${ports.rtmp}/`));
    await program.printed(new RegExp(`http://127.0.0.1:${ports.http}/`));
    program.signal(signal);
    expect((await program.ended(5_000)).code, program.describe()).toBe(0);
    expect(program.output).not.toMatch(/Debugger listening/);
  },
);

test('npm start hands on the exit code of a server that cannot start', async () => {
  const script = join(projectRoot, 'scripts', 'start.mjs');
  const program = startProgram(scope, process.execPath, [script, 'serve', '-c', 'nowhere.json']);
  expect((await program.ended(10_000)).code).toBe(1);
  expect(program.output).toContain('nowhere.json');
});

test('npm run demo puts the sample on the air as it is', async () => {
  const { program, ports } = await start('--demo');
  const url = `http://127.0.0.1:${ports.http}/live/demo.flv`;
  await program.printed(new RegExp(url));
  const reader = FlvReader.open(scope, url);
  await reader.joined();
  await reader.untilUnits(150);
  program.signal('SIGINT');
  expect((await program.ended(5_000)).code, program.describe()).toBe(0);
  await reader.ended();
  const source = readFlvFile(join(projectRoot, 'assets', 'demo.flv'));
  const late = { allowMissingHead: true, allowMissingTail: true, constantOffsetWithinMs: 0 };
  expectSamePackets(source, reader.recording, late);
  expectSameHeaders(source, reader.recording);
});
