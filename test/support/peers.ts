/**
 * A newer FFmpeg than the machine's, for codecs that need enhanced RTMP: the libraries inside the npm package node-av,
 * installed in test/peers, used through test/peers/remux.mjs.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFixture } from './fixtures.ts';
import type { FixtureName } from './fixtures.ts';
import { Player } from './players.ts';
import { runProgram, startProgram } from './program.ts';
import type { Program } from './program.ts';
import { cacheFolder, projectRoot } from './project.ts';
import type { Scope } from './scope.ts';

const peersFolder = join(projectRoot, 'test', 'peers');
const remux = join(peersFolder, 'remux.mjs');

/** Fixtures that FLV can carry in the enhanced form only. */
export const enhancedFixtures = ['hevc-aac', 'av1-aac', 'vp9-aac'] as const satisfies FixtureName[];
export type EnhancedFixture = (typeof enhancedFixtures)[number];

/** Bump when the recipe or node-av changes. */
const recipeVersion = 1;

/** Where the enhanced FLV form of a fixture is, once `makeEnhancedFixture` has made it. */
export function enhancedFixturePath(name: EnhancedFixture): string {
  return join(cacheFolder, `${name}-enhanced-v${recipeVersion}.flv`);
}

/** Fails with the command to type when the peers are not installed. */
export function expectPeers(): void {
  if (existsSync(join(peersFolder, 'node_modules', 'node-av'))) return;
  throw new Error('the peers of the long tests are not installed; run: npm ci --prefix test/peers');
}

/** Makes the enhanced FLV form of a fixture unless it is there already. */
export async function makeEnhancedFixture(name: EnhancedFixture): Promise<void> {
  const path = enhancedFixturePath(name);
  if (existsSync(path)) return;
  mkdirSync(cacheFolder, { recursive: true });
  const once = join(cacheFolder, `making-${process.pid}-${name}-once.flv`);
  const twice = join(cacheFolder, `making-${process.pid}-${name}-twice.flv`);
  try {
    // Twice, as with the other fixtures: what FFmpeg has read from FLV once, it writes the same again.
    await runProgram(process.execPath, [remux, await makeFixture(name), once]);
    await runProgram(process.execPath, [remux, once, twice]);
    renameSync(twice, path);
  } finally {
    rmSync(once, { force: true });
    rmSync(twice, { force: true });
  }
}

/** FFmpeg 8 as publisher: a file in real time, without encoding anew. */
export function publishWithFfmpeg8(scope: Scope, file: string, url: string): Program {
  return startProgram(scope, process.execPath, [remux, file, url, '--realtime']);
}

let players = 0;

/**
 * FFmpeg 8 as viewer, over RTMP, RTMPS or HTTP; certificates are not checked.
 * @param fourCcList codecs that it announces in its RTMP connect command
 */
export function playWithFfmpeg8(scope: Scope, url: string, fourCcList: readonly string[] = []): Player {
  players += 1;
  const file = join(scope.folder(), `ffmpeg8-${players}.flv`);
  const codecs = fourCcList.length === 0 ? [] : [`--codecs=${fourCcList.join(',')}`];
  return new Player(startProgram(scope, process.execPath, [remux, url, file, ...codecs]), file);
}
