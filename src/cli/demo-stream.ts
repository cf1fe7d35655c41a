import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { FlvIngest } from '../ingest/flv-ingest.ts';
import { FlvLoop } from '../ingest/flv-loop.ts';
import { systemClock } from '../media/clock.ts';
import type { MediaServer } from '../server/media-server.ts';
import { streamKeyOf } from '../server/stream-address.ts';
import { DEMO_STREAM } from './welcome-text.ts';

/** The sample that ships with the package; scripts/make-demo-stream.mjs makes it. */
const DEMO_FILE = new URL('../../assets/demo.flv', import.meta.url);

/**
 * Puts the demo stream on the air, from within the process.
 * @returns takes it off again
 */
export function startDemoStream(server: MediaServer, logger: Logger): () => void {
  const address = { appName: 'live', streamName: DEMO_STREAM, urlParam: '' };
  const publication = server.hub.open(streamKeyOf(address, server.config.stream_key)).publish();
  if (publication === undefined) throw new Error(`somebody publishes "${DEMO_STREAM}" already`);
  const loop = new FlvLoop(new Uint8Array(readFileSync(DEMO_FILE)), new FlvIngest(publication), systemClock);
  loop.start();
  logger.info(`the demo stream is on the air as ${address.appName}/${address.streamName}`);
  return () => {
    loop.stop();
    publication.end();
  };
}
