import type { ServerConfig } from '../config/server-config.ts';

/** What lal's sample configs have where a secret belongs: the whole world knows them. */
const SHIPPED_SECRETS: ReadonlySet<string> = new Set(['q191201771', 'pengrl']);

/**
 * Secrets that are in use and that everybody knows. The server runs all the same, since lal's configs must; the log says so
 * at every start.
 * @returns a text each, which begins with the key and does not repeat the secret
 */
export function securityWarnings(config: ServerConfig): string[] {
  return secretsInUse(config)
    .filter(({ value }) => SHIPPED_SECRETS.has(value))
    .map(
      ({ key, consequence }) =>
        `${key} has a value of lal's sample config, which everybody knows: ${consequence}; choose another one`,
    );
}

interface SecretInUse {
  readonly key: string;
  readonly value: string;
  /** What it means that others know it. */
  readonly consequence: string;
}

function secretsInUse({ simple_auth: auth, rtsp, hls }: ServerConfig): SecretInUse[] {
  const secrets: SecretInUse[] = [];
  if (isSimpleAuthOn(auth)) {
    const consequence = 'anyone can pass the checks of simple_auth';
    for (const key of ['key', 'dangerous_lal_secret', 'sign_key'] as const) {
      secrets.push({ key: `simple_auth.${key}`, value: auth[key], consequence });
    }
  }
  if (rtsp.auth_enable || rtsp.auth_publish_enable) {
    const { username, password } = rtsp;
    secrets.push(
      { key: 'rtsp.username', value: username, consequence: 'half of the login of RTSP is known' },
      { key: 'rtsp.password', value: password, consequence: 'the password of RTSP is known' },
    );
  }
  if (hls.enable || hls.enable_https) {
    const consequence = 'anyone can work out the ids of HLS viewers';
    secrets.push({ key: 'hls.sub_session_hash_key', value: hls.sub_session_hash_key, consequence });
  }
  return secrets;
}

function isSimpleAuthOn(auth: ServerConfig['simple_auth']): boolean {
  return Object.values(auth).includes(true);
}
