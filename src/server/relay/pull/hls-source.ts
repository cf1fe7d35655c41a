import type { PublicationInput } from '../../../hub/publication.ts';
import { HlsIngest } from '../../../ingest/hls/hls-ingest.ts';
import { endReason, type EndReason } from '../../../media/end-reason.ts';
import { HlsClient, hlsEndReason } from '../../../session/http/hls-client.ts';
import { networkHttpClient, type HttpClient } from '../../../session/http/http-client.ts';
import { SERVER_NAME } from '../../http/http-headers.ts';
import type { ServerContext } from '../../server-context.ts';
import type { PullRequest, PullSource, PullTarget } from './pull-source.ts';

/** Longer than this nobody waits for a piece of a list or fragment, however patient the pull may be. */
const MAX_REQUEST_TIMEOUT_MS = 30_000;

/** A pull by HLS: live lists are followed, complete ones played in real time. */
export function hlsSource(
  { url, stepTimeoutMs, verifyCertificate, memory }: PullRequest,
  target: PullTarget,
  { config, clock }: ServerContext,
  network: HttpClient = networkHttpClient({ verifyCertificate }),
): PullSource {
  const stop = new AbortController();
  const client = new HlsClient({
    url: url.text,
    client: network,
    userAgent: SERVER_NAME,
    requestTimeoutMs: Math.min(stepTimeoutMs, MAX_REQUEST_TIMEOUT_MS),
    idleTimeoutMs: config.limits.idle_timeout_ms,
    finished: memory.finished,
    clock,
    signal: stop.signal,
  });
  const ingest = new HlsIngest(clock);
  const receive = async (): Promise<EndReason> => {
    let publication: PublicationInput | undefined;
    for await (const { bytes, sequel } of client.fragments()) {
      const events = await ingest.read(bytes, sequel);
      if (publication === undefined) {
        publication = await target.claim();
        // Closed, or about to be.
        if (publication === undefined) return endReason('stream-in-use');
        ingest.publishTo(publication);
      }
      await ingest.play(events);
    }
    await ingest.finish();
    // Whoever is stopped has nothing left to play either.
    if (stop.signal.aborted) return stop.signal.reason as EndReason;
    memory.finished = client.lastFragment;
    return endReason('source-ended');
  };
  const run = async (): Promise<void> => {
    const reason = await receive().catch(hlsEndReason);
    ingest.stop();
    network.close();
    target.ended(reason);
  };
  void run();
  return {
    bytesRead: () => client.bytesRead,
    bytesWritten: () => 0,
    counters: () => ({ ...client.counters, ...ingest.counters }),
    close(reason) {
      stop.abort(reason);
      ingest.stop();
    },
  };
}
