import type { PublicationInput } from '../hub/publication.ts';
import { endReason, type EndCode, type EndReason } from '../media/end-reason.ts';
import type { PullRequest, PullSource, PullTarget } from '../server/relay/pull/pull-source.ts';
import { frameOf, videoTrack } from './hub-kit.ts';

/** A connection to an origin that does what the test says. */
export class FakeSource implements PullSource {
  readonly request: PullRequest;
  readonly #target: PullTarget;
  publication: PublicationInput | undefined;
  /** Why it was closed. */
  closed: string | undefined;

  constructor(request: PullRequest, target: PullTarget) {
    this.request = request;
    this.#target = target;
  }

  /** The origin agrees. */
  async agree(): Promise<void> {
    this.publication = await this.#target.claim();
  }

  /** A picture comes. */
  sendPicture(timeMs = 0): void {
    const track = videoTrack();
    this.publication!.setTrack(track);
    this.publication!.write(frameOf(track, timeMs, { isKey: true }));
  }

  /** The connection is over. */
  fail(code: EndCode = 'connect-failed', detail?: string): void {
    this.#target.ended(endReason(code, detail));
  }

  bytesRead(): number {
    return 1000;
  }

  bytesWritten(): number {
    return 10;
  }

  counters(): Record<string, number> {
    return { damaged: 0 };
  }

  close({ code }: EndReason): void {
    this.closed ??= code;
    this.#target.ended(endReason('peer-closed'));
  }
}
