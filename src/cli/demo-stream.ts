import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { MediaServer } from '../server/media-server.ts';
import { DEMO_STREAM } from './welcome-text.ts';

/** The sample that ships with the package; scripts/make-demo-stream.mjs makes it. */
const DEMO_FILE = fileURLToPath(new URL('../../assets/demo.flv', import.meta.url));

/** Puts the demo stream on the air, from within the process; it ends with the server. Failing is only logged. */
export async function startDemoStream(server: MediaServer, logger: Logger): Promise<void> {
  const appName = 'live';
  const demo = await server.publishFile({ path: DEMO_FILE, appName, streamName: DEMO_STREAM, loop: true });
  if ('code' in demo) {
    logger.error(`the demo stream cannot be published: ${demo.message}`);
    return;
  }
  logger.info(`the demo stream is on the air as ${appName}/${DEMO_STREAM}`);
  const { message } = await demo.ended;
  logger.info(`the demo stream has ended: ${message}`);
}
