import type { Step } from './step.ts';
import { apiCallSteps } from './steps/api-calls.ts';
import { authSteps } from './steps/auth.ts';
import { blacklistSteps } from './steps/blacklist.ts';
import { relayPullSteps } from './steps/relay-pull.ts';
import { rtpPubSteps } from './steps/rtp-pub.ts';
import { sessionSteps } from './steps/sessions.ts';
import { startSteps } from './steps/start.ts';
import { staticRelaySteps } from './steps/static-relay.ts';
import { trackedHlsSteps } from './steps/tracked-hls.ts';

/** The script, in order. */
export const steps: readonly Step[] = [
  ...startSteps,
  ...apiCallSteps,
  ...sessionSteps,
  ...relayPullSteps,
  ...rtpPubSteps,
  ...blacklistSteps,
  ...authSteps,
  ...trackedHlsSteps,
  ...staticRelaySteps,
];
