import { Buffer } from 'node:buffer';
import type { ServerConfig } from '../config/server-config.ts';
import { redactUrl } from '../logging/redact.ts';
import { CALLBACK_NAMES, type CallbackName } from './callback-names.ts';

/** More than a config has; they only change when it is reloaded. */
const MAX_PARSED = 64;

/** Where a callback goes. */
export interface CallbackEndpoint {
  /** Without user and password. */
  readonly url: string;
  /** Scheme, host and port: who receives it. */
  readonly origin: string;
  /** Value of the `Authorization` header, for a URL with user and password. */
  readonly authorization: string | undefined;
  /** The URL as the log may show it. */
  readonly shown: string;
}

/** @returns `undefined` for what is no `http` or `https` URL */
export function parseCallbackUrl(text: string): CallbackEndpoint | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const { username, password, origin } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return {
    url: url.href,
    origin,
    authorization: credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
    shown: redactUrl(text),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The endpoints of a config that may change; each URL is taken apart once. */
export class CallbackEndpoints {
  readonly #config: ServerConfig;
  readonly #parsed = new Map<string, CallbackEndpoint | undefined>();

  constructor(config: ServerConfig) {
    this.#config = config;
  }

  /** @returns `undefined` where there is no URL, or one that cannot be used */
  of(name: CallbackName): CallbackEndpoint | undefined {
    const text = this.#config.http_notify[name];
    if (!this.#parsed.has(text)) {
      if (this.#parsed.size > MAX_PARSED) this.#parsed.clear();
      this.#parsed.set(text, parseCallbackUrl(text));
    }
    return this.#parsed.get(text);
  }

  /** Programs that receive callbacks; 1 at least. */
  get originCount(): number {
    const origins = CALLBACK_NAMES.map((name) => this.of(name)?.origin);
    return Math.max(1, new Set(origins.filter((origin) => origin !== undefined)).size);
  }
}
