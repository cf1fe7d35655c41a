/**
 * Runs one script against lal and against this server, and prints what is not the same: answers of the API, callbacks,
 * and what publishers and viewers are told.
 *
 *     node test/compat/compare-with-lal.ts [--all] PATH_TO_LALSERVER [STEP]
 *
 * Exits with 1 when there is a difference that known-differences.ts does not have.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CallbackServer } from '../support/callback-server.ts';
import { makeFixture } from '../support/fixtures.ts';
import { buildServer } from '../support/global-setup.ts';
import { startProgram } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import { Scope } from '../support/scope.ts';
import { portsOpen } from '../support/server.ts';
import { parseArguments } from './arguments.ts';
import { describeDifference, differencesOf } from './differences.ts';
import type { Difference, Observations } from './differences.ts';
import type { Json } from './json.ts';
import { judge } from './known-differences.ts';
import type { Verdict } from './known-differences.ts';
import { Peer } from './peer.ts';
import { configOf, findPorts } from './settings.ts';
import type { Ports, Setting } from './settings.ts';
import { Stage } from './stage.ts';
import { steps } from './steps.ts';

const settings: Setting[] = [
  { name: 'plain', hasAuth: false, tracksHls: false, relays: false },
  { name: 'guarded', hasAuth: true, tracksHls: true, relays: false },
  { name: 'relaying', hasAuth: false, tracksHls: true, relays: true },
];

interface Subject {
  readonly name: 'lal' | 'ours';
  readonly command: [string, string[]];
}

/** Everything that is seen of one server with one config. */
async function run(subject: Subject, setting: Setting, ports: Ports, filter: string): Promise<Observations> {
  const scope = new Scope();
  const seen = new Map<string, Json>();
  try {
    const media = await makeFixture('two-minutes');
    const receiver = await CallbackServer.start(scope, ports.receiver);
    const peer = await Peer.start(scope, ports, media);
    const folder = join(scope.folder(), 'server');
    mkdirSync(folder);
    const file = join(folder, 'lalserver.conf.json');
    writeFileSync(file, JSON.stringify(configOf(setting, ports), null, 2));
    const [command, args] = subject.command;
    const stageOf = (): Stage => new Stage({ setting, ports, receiver, peer, media });
    const starting = stageOf();
    const program = startProgram(scope, command, [...args, '-c', file], { cwd: folder, timeoutMs: 600_000 });
    await portsOpen(program, [ports.rtmp, ports.http, ports.rtsp, ports.api]);
    for (const [index, step] of steps.entries()) {
      if (!step.settings.includes(setting.name) || (index > 0 && !step.name.includes(filter))) continue;
      console.log(`${subject.name}, ${setting.name}: ${step.name}`);
      const stage = index === 0 ? starting : stageOf();
      try {
        await step.run(stage);
      } catch (error) {
        // Each has its own label, so that it shows even when both break off.
        stage.note(`${subject.name} breaks off`, (error as Error).message);
      }
      for (const [label, value] of await stage.finish())
        seen.set(`${setting.name} › ${step.name} › ${label}`, value);
      if (!program.isRunning) throw new Error(program.describe());
    }
  } finally {
    await scope.close();
  }
  return seen;
}

async function main(): Promise<number> {
  const names = steps.map(({ name }) => name);
  const request = parseArguments(process.argv.slice(2), names);
  if (typeof request === 'string') {
    console.error(request);
    return 2;
  }
  const { lal, filter, showsAll } = request;
  await buildServer();
  const subjects: Subject[] = [
    { name: 'lal', command: [lal, []] },
    { name: 'ours', command: [process.execPath, [join(projectRoot, 'bin', 'lalserver.js')]] },
  ];
  const ports = await findPorts();
  const differences: Difference[] = [];
  for (const setting of settings) {
    if (!steps.some((step) => step.settings.includes(setting.name) && step.name.includes(filter))) continue;
    const seen: Observations[] = [];
    for (const subject of subjects) seen.push(await run(subject, setting, ports, filter));
    differences.push(...differencesOf(seen[0]!, seen[1]!));
  }
  return report(judge(differences), showsAll);
}

/** @returns the exit code */
function report({ known, unknown }: Verdict, showsAll: boolean): number {
  for (const [topic, differences] of known) {
    console.log(`${String(differences.length).padStart(5)} × ${topic}`);
    if (showsAll) for (const difference of differences) console.log(describeDifference(difference));
  }
  for (const difference of unknown) console.log(describeDifference(difference));
  console.log(
    `${unknown.length === 0 ? 'No' : unknown.length} unknown difference${unknown.length === 1 ? '' : 's'}.`,
  );
  return unknown.length === 0 ? 0 : 1;
}

process.exitCode = await main();
