import { afterAll, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { Scope } from '../support/scope.ts';
import { expectPlayedAll, playTsEverywhere, tsPlayers } from '../support/ts-playback.ts';
import type { TsPlayer } from '../support/ts-players.ts';

const scope = new Scope();
afterAll(() => scope.close());

const file = fixturePath('two-minutes');
let playing: Promise<Map<string, TsPlayer>> | undefined;

test.each(tsPlayers)('%s plays two minutes, all of it, without an error', async (name) => {
  playing ??= playTsEverywhere(scope, file);
  await expectPlayedAll(name, (await playing).get(name)!, file);
});
