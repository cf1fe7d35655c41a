import { createServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { startProgram } from '../support/program.ts';
import type { ExitStatus, Program } from '../support/program.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { portsOpen, serverCommand, serverPorts, startServer, testConfig } from '../support/server.ts';
import { Tap } from '../support/tap.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Starts the server with a config file of any content. */
function serverWithFile(content: string, ...flags: string[]): Program {
  const file = join(scope.folder(), 'test.conf.json');
  writeFileSync(file, content);
  const [command, args] = serverCommand(...flags, '-c', file);
  return startProgram(scope, command, args, { cwd: scope.folder() });
}

test.each(['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const)(
  '%s ends the server with code 0 in time, after it has told the players',
  async (signal) => {
    const server = await startServer(scope);
    const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
    const rtmpdump = playWithRtmpdump(scope, `rtmp://127.0.0.1:${tap.port}/live/end`);
    await tap.seen();
    const readers = (['http', 'https', 'ws', 'wss'] as const).map((scheme) =>
      FlvReader.open(scope, server.flvUrl(scheme, 'end')),
    );
    for (const reader of readers) await reader.joined();
    const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'end');
    await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 200));
    for (const reader of readers) await reader.untilUnits(190);
    await server.stop(signal);
    for (const reader of readers) await reader.ended();
    await publisher.closed();
    await rtmpdump.ended();
    // Its exit code says whether the duration of the metadata was reached, which is not so here.
    expect(rtmpdump.program.output).toContain('NetStream.Play.UnpublishNotify');
    expect(rtmpdump.program.output).toContain('Assuming stream is complete');
    expect(server.program.output).not.toMatch(/Debugger listening|inspector/i);
  },
);

test('ffmpeg, still waiting for a publisher, ends with the server', async () => {
  const server = await startServer(scope);
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const player = playWithFfmpeg(scope, `rtmp://127.0.0.1:${tap.port}/live/never`);
  await tap.seen();
  await server.stop();
  await player.ended();
});

/** A config that cannot be used: the exit code, and what the one message must name. */
const unusable: { name: string; content: string; names: (string | RegExp)[] }[] = [
  {
    name: 'broken JSON',
    content: '{\n  "rtmp": {\n    "enable": true,,\n  }\n}',
    names: ['test.conf.json', /\b3\b/],
  },
  {
    name: 'a value of the wrong type',
    content: '{\n  "rtmp": {\n    "enable": true,\n    "addr": 1935\n  }\n}',
    names: ['test.conf.json', /\b4\b/, 'rtmp.addr', '1935', /string/],
  },
  {
    name: 'a number where it makes no sense',
    content: '{ "rtmp": { "enable": true, "addr": ":1935", "gop_num": "two" } }',
    names: ['rtmp.gop_num', 'two'],
  },
  {
    name: 'a check of URLs that is on without a secret',
    content: '{ "simple_auth": { "pub_rtmp_enable": true } }',
    names: ['simple_auth'],
  },
  { name: 'an empty file', content: '', names: ['test.conf.json'] },
];

test.each(unusable)('$name ends in exit code 1 and a readable message', async ({ content, names }) => {
  const program = serverWithFile(content);
  expect(await program.ended(10_000)).toEqual<ExitStatus>({ code: 1, signal: null });
  for (const name of names) expect(program.output).toMatch(name);
  expect(program.output, 'no stack trace').not.toMatch(/^\s+at .*\(.*:\d+:\d+\)$/m);
});

test('a config file that does not exist is named, exit code 1', async () => {
  const [command, args] = serverCommand('-c', join(scope.folder(), 'nowhere.json'));
  const program = startProgram(scope, command, args, { cwd: scope.folder() });
  expect((await program.ended(10_000)).code).toBe(1);
  expect(program.output).toContain('nowhere.json');
});

test('without -c and without a config file in any of the known places: usage, exit code 1', async () => {
  const [command, args] = serverCommand();
  const program = startProgram(scope, command, args, { cwd: scope.folder() });
  expect((await program.ended(10_000)).code).toBe(1);
  expect(program.output).toMatch(/usage/i);
  expect(program.output).toContain('-c');
});

test('-v prints the version and ends with code 0', async () => {
  const [command, args] = serverCommand('-v');
  const program = startProgram(scope, command, args, { cwd: scope.folder() });
  expect((await program.ended(10_000)).code).toBe(0);
  expect(program.output).toMatch(/\d+\.\d+\.\d+/);
});

test('-p changes the working directory before the config file is looked for', async () => {
  const ports = await serverPorts();
  const config = JSON.stringify(testConfig(ports, { log: { filename: './here.log' } }));
  writeFileSync(join(scope.folder(), 'lalserver.conf.json'), config);
  const [command, args] = serverCommand('-p', scope.folder());
  const program = startProgram(scope, command, args);
  await portsOpen(program, Object.values(ports) as number[]);
  expect(readFileSync(join(scope.folder(), 'here.log'), 'utf8')).not.toBe('');
  program.signal('SIGTERM');
  expect((await program.ended(5_000)).code).toBe(0);
});

test('an unknown key only warns, and the warning names the nearest known one', async () => {
  const server = await startServer(scope, { rtmp: { gop_nun: 1 } });
  await server.program.printed(/gop_nun.*gop_num/);
  await server.stop();
});

test('comments and keys in other letters are understood', async () => {
  const ports = await serverPorts();
  const text = JSON.stringify(testConfig(ports), null, 2)
    .replace('"rtmp"', '/* the main\n door */ "RTMP"')
    .replace('"gop_num": 0,', '"Gop_Num": 0, // no cache\n    "# remark": "free text",');
  const program = serverWithFile(text);
  await portsOpen(program, Object.values(ports) as number[]);
  program.signal('SIGTERM');
  expect((await program.ended(5_000)).code).toBe(0);
});

test('--check prints the effective config and starts nothing', async () => {
  const ports = await serverPorts();
  const program = serverWithFile(JSON.stringify(testConfig(ports)), '--check');
  expect((await program.ended(10_000)).code, program.describe()).toBe(0);
  expect(program.output).toContain(`127.0.0.1:${ports.rtmp}`);
});

test.each(['rtmp', 'rtmps', 'http', 'https'] as const)(
  'a taken %s port ends the server with a code other than 0 and the port in the message',
  async (kind) => {
    const ports = await serverPorts();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(ports[kind], '127.0.0.1', resolve));
    scope.defer(() => void squatter.close());
    const program = serverWithFile(JSON.stringify(testConfig(ports)));
    expect((await program.ended(10_000)).code, program.describe()).not.toBe(0);
    expect(program.output).toContain(String(ports[kind]));
  },
);

/** Fingerprint of the certificate that a port presents. */
function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('where the config names no existing certificate one is made at the first start, and kept', async () => {
  const files = { cert: './made/cert.pem', key: './made/key.pem' };
  const overrides = {
    rtmp: { rtmps_cert_file: files.cert, rtmps_key_file: files.key },
    default_http: { https_cert_file: files.cert, https_key_file: files.key },
  };
  const first = await startServer(scope, overrides);
  await first.program.printed(/self-signed/i);
  const fingerprints = [await fingerprint(first.ports.rtmps), await fingerprint(first.ports.https)];
  await first.stop();
  const second = await startServer(scope, overrides);
  expect([await fingerprint(second.ports.rtmps), await fingerprint(second.ports.https)]).toEqual(
    fingerprints,
  );
  await second.stop();
});
