import type { ServerEvent } from './server-event.ts';

/** Sessions whose start could not be told, so that their stop is not told either: nobody hears of a stop alone. */
export class MissedStarts {
  readonly #ids = new Set<string>();

  /** `event` is left out. */
  leftOut(event: ServerEvent): void {
    if (isStart(event)) this.#ids.add(event.session.id);
  }

  /** Whether `event` is the stop of a session whose start was left out. To be asked once for each event. */
  isStopOfOne(event: ServerEvent): boolean {
    return 'reason' in event && this.#ids.delete(event.session.id);
  }
}

function isStart(event: ServerEvent): event is Extract<ServerEvent, { session: object }> {
  return 'session' in event && !('reason' in event);
}
