import type { Endpoint } from './endpoint.ts';
import { blacklistEndpoints } from './endpoints/blacklist.ts';
import { configEndpoints } from './endpoints/config.ts';
import { gb28181Endpoints } from './endpoints/gb28181.ts';
import { recordingEndpoints } from './endpoints/recording.ts';
import { relayPullEndpoints } from './endpoints/relay-pull.ts';
import { relayPushEndpoints } from './endpoints/relay-push.ts';
import { sessionEndpoints } from './endpoints/sessions.ts';
import { statEndpoints } from './endpoints/statistics.ts';

/** Every call of the API. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...statEndpoints,
  ...sessionEndpoints,
  ...blacklistEndpoints,
  ...configEndpoints,
  ...relayPullEndpoints,
  ...relayPushEndpoints,
  ...gb28181Endpoints,
  ...recordingEndpoints,
];
