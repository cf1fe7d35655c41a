/**
 * What a client may ask for in which state of the server's side (RFC 2326, A.2). DESCRIBE and ANNOUNCE are states of
 * their own here, because they say what a SETUP can mean.
 *
 *   init -> described -> ready to play   -> playing   <-> paused
 *        -> announced -> ready to record <-> recording
 *   any but init and described -> ended, by TEARDOWN
 *   any -> ended: the client broke a rule that cannot be answered and gone on from
 */
import { RtspMethod } from './rtsp-message.ts';

export type RtspServerStateName =
  | 'init'
  | 'described'
  | 'announced'
  | 'ready to play'
  | 'ready to record'
  | 'playing'
  | 'paused'
  | 'recording'
  | 'ended';

const { options, describe, announce, setup, play, pause, record, teardown, getParameter, setParameter } =
  RtspMethod;

/** Asked for by players and publishers at any time, the last two to keep sessions alive. */
const ALWAYS: readonly string[] = [options, getParameter, setParameter];

const LEGAL_METHODS: Readonly<Record<RtspServerStateName, readonly string[]>> = {
  init: [describe, announce, ...ALWAYS],
  described: [describe, announce, setup, ...ALWAYS],
  announced: [setup, teardown, ...ALWAYS],
  'ready to play': [describe, setup, play, teardown, ...ALWAYS],
  'ready to record': [setup, record, teardown, ...ALWAYS],
  playing: [describe, play, pause, teardown, ...ALWAYS],
  paused: [describe, setup, play, pause, teardown, ...ALWAYS],
  recording: [record, pause, teardown, ...ALWAYS],
  ended: [],
};

/** Everything this server does, in the order of lal's `Public`. REDIRECT is a server's request, not a client's. */
export const SERVER_METHODS: readonly string[] = [
  options,
  describe,
  announce,
  setup,
  play,
  pause,
  record,
  teardown,
  getParameter,
  setParameter,
];

/** What `Allow` says in that state, and what is not refused with 455. */
export function legalMethods(state: RtspServerStateName): readonly string[] {
  return LEGAL_METHODS[state];
}

/** Whether the client has announced something, and not ended. */
export function isPublisherState(state: RtspServerStateName): boolean {
  return state === 'announced' || state === 'ready to record' || state === 'recording';
}
