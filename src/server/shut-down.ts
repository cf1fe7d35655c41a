import type { Clock } from '../media/clock.ts';
import { endReason } from '../media/end-reason.ts';
import type { ServerParts } from './server-parts.ts';

/**
 * Ends all that goes on, once no port takes anybody any more: players are told, files finished, callbacks sent. Takes no longer than
 * `limits.shutdown_timeout_ms`, even if a peer or a disk hangs.
 */
export async function shutDown(parts: ServerParts): Promise<void> {
  const { context, certificates, pprof, callbacks } = parts;
  const { clock, guard, config, hub } = context;
  for (const stream of hub.streams.values()) stream.flush();
  closeSessions(parts);
  const deadline = new Deadline(clock, config.limits.shutdown_timeout_ms, () => guard.destroyAll());
  await Promise.all([
    certificates.close(),
    finishFiles(parts, deadline.passed),
    guard.whenEmpty(),
    pprof.close(),
  ]);
  await callbacks.close(deadline.passed);
  deadline.cancel();
}

function closeSessions(parts: ServerParts): void {
  const reason = endReason('server-shutdown');
  // First, so that nobody comes in while the others go.
  parts.context.gate.close(reason);
  parts.relayPushes.close(reason);
  parts.relayPulls.close(reason);
  parts.gb28181.closeSessions(reason);
  parts.rtmp.closeSessions(reason);
  parts.rtsp.closeSessions(reason);
  parts.flv.closeSessions(reason);
  parts.ts.closeSessions(reason);
  parts.hls?.service.closeSessions(reason);
  parts.api.close();
  parts.metrics.close();
  for (const session of parts.context.registry.all()) session.close(reason);
}

/** @param giveUp the server stops at last, even if a disk hangs */
async function finishFiles(
  { context, hls, records, relayPulls, gb28181 }: ServerParts,
  giveUp: Promise<void>,
): Promise<void> {
  const { clock, config, hub } = context;
  // Publishers that are just being ended still have a word to say.
  const patience = new Deadline(clock, config.limits.shutdown_timeout_ms / 2);
  await Promise.race([hub.whenUnpublished(), patience.passed]);
  patience.cancel();
  const dumps = [relayPulls.whenWritten(), gb28181.whenWritten()];
  await Promise.race([Promise.all([hls?.output.close(), records.close(), ...dumps]), giveUp]);
}

class Deadline {
  /** Resolves when it has passed; never, once cancelled. */
  readonly passed: Promise<void>;
  #cancel: () => void = () => {};

  constructor(clock: Clock, delayMs: number, onPassed: () => void = () => {}) {
    this.passed = new Promise((resolve) => {
      this.#cancel = clock.after(delayMs, () => {
        onPassed();
        resolve();
      });
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
