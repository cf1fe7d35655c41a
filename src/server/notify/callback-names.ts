import type { ServerConfig } from '../config/server-config.ts';
import type { ServerEvent } from '../hooks/server-event.ts';

/** One of lal's callbacks: the key of `http_notify` that has its URL. */
export type CallbackName = Exclude<
  Extract<keyof ServerConfig['http_notify'], `on_${string}`>,
  `${string}_blocking`
>;

/** The callback that tells of an event. */
export const CALLBACK_OF: Readonly<Record<ServerEvent['type'], CallbackName>> = {
  'server-start': 'on_server_start',
  update: 'on_update',
  'pub-start': 'on_pub_start',
  'pub-stop': 'on_pub_stop',
  'sub-start': 'on_sub_start',
  'sub-stop': 'on_sub_stop',
  'relay-pull-start': 'on_relay_pull_start',
  'relay-pull-stop': 'on_relay_pull_stop',
  'rtmp-connect': 'on_rtmp_connect',
  'hls-fragment': 'on_hls_make_ts',
};

/** The callback of a session's start, by that of its stop. */
export const START_OF: Readonly<Partial<Record<CallbackName, CallbackName>>> = {
  on_pub_stop: 'on_pub_start',
  on_sub_stop: 'on_sub_start',
  on_relay_pull_stop: 'on_relay_pull_start',
};

/** All of them. */
export const CALLBACK_NAMES: readonly CallbackName[] = Object.values(CALLBACK_OF);
