/** Before the long tests: what the end-to-end tests need, and the newer FFmpeg's fixtures. */
import { makeFixture } from './fixtures.ts';
import { setup as setUpEndToEnd } from './global-setup.ts';
import { enhancedFixtures, expectPeers, makeEnhancedFixture } from './peers.ts';

export async function setup(): Promise<void> {
  await setUpEndToEnd();
  await makeFixture('two-minutes');
  expectPeers();
  for (const name of enhancedFixtures) await makeEnhancedFixture(name);
}
