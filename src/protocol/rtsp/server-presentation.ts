import { isTrackControl, matchControl } from './control-match.ts';
import { RtspStatus } from './rtsp-status.ts';
import type { ReplyHeaders } from './server-replies.ts';

/** What a DESCRIBE or ANNOUNCE was about, and what URIs mean in it. */
export class ServerPresentation {
  /** Of a player: what its DESCRIBE was answered with. */
  readonly description: { readonly headers: ReplyHeaders; readonly body: Uint8Array } | undefined;
  readonly #uri: string;
  readonly #controls: readonly (string | undefined)[];

  /** @param controls `a=control` of each media in order */
  constructor(
    uri: string,
    controls: readonly (string | undefined)[],
    description?: { readonly headers: ReplyHeaders; readonly body: Uint8Array },
  ) {
    this.#uri = uri;
    this.#controls = controls;
    this.description = description;
  }

  /** Whether a URI means all of it. */
  isWhole(uri: string): boolean {
    return matchControl(uri, this.#uri, this.#controls) === 'aggregate';
  }

  /** Whether a URI means one track. */
  isTrack(uri: string): boolean {
    return typeof matchControl(uri, this.#uri, this.#controls) === 'number';
  }

  /** The track that a SETUP means, or the status that it gets. @param isSetUp whether a track has been set up already */
  trackOfSetup(
    uri: string,
    isSetUp: (trackIndex: number) => boolean,
  ): { readonly trackIndex: number } | { readonly status: number } {
    const match = matchControl(uri, this.#uri, this.#controls);
    if (match === undefined) return { status: RtspStatus.notFound };
    const trackIndex = match === 'aggregate' ? this.#trackWithoutName(isSetUp) : match;
    if (trackIndex === undefined) return { status: RtspStatus.aggregateOperationNotAllowed };
    return isSetUp(trackIndex) ? { status: RtspStatus.methodNotValidInThisState } : { trackIndex };
  }

  /** The URI of the whole can mean its only track, or the next of those that have no control value. */
  #trackWithoutName(isSetUp: (trackIndex: number) => boolean): number | undefined {
    if (this.#controls.length === 1) return 0;
    const index = this.#controls.findIndex((control, at) => !isTrackControl(control) && !isSetUp(at));
    return index < 0 ? undefined : index;
  }
}
