import { Command, InvalidArgumentError } from 'commander';
import { signedQuery } from '../server/auth/signed-query.ts';
import { ipInNormalForm } from '../session/net/address.ts';
import { loadOrExplain } from './load-or-explain.ts';

interface SignOptions {
  readonly config?: string;
  readonly publish: boolean;
  readonly validFor: number;
  readonly ip?: string;
}

/** Not an option of the command line, which everybody on the machine can read. */
const KEY_VARIABLE = 'LAL_SIGN_KEY';

const SECONDS_OF = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `lal sign`: prints the query of a URL that expires, for `simple_auth.sign_key`. */
export function signCommand(): Command {
  return new Command('sign')
    .description('print the query for a URL of a stream that expires')
    .argument('<stream>', 'stream name; app/name where the server has "stream_key": "app_stream"')
    .option('-c, --config <file>', `the server's config, for its simple_auth.sign_key; else $${KEY_VARIABLE}`)
    .option('--publish', 'let publish, instead of play', false)
    .option('-t, --valid-for <time>', 'a number and s, m, h or d', parseDurationSec, SECONDS_OF.h)
    .option('--ip <address>', 'let in from this address alone', parseIp)
    .action((streamKey: string, { config, publish, validFor, ip }: SignOptions) => {
      const key = config === undefined ? keyOfEnvironment() : keyOfConfig(config);
      if (key === undefined) {
        process.exitCode = 1;
        return;
      }
      const expiresSec = Math.floor(Date.now() / 1000) + validFor;
      console.log(signedQuery(key, { action: publish ? 'publish' : 'play', streamKey, expiresSec, ip }));
    });
}

function keyOfEnvironment(): string | undefined {
  const key = process.env[KEY_VARIABLE] ?? '';
  if (key !== '') return key;
  console.error(
    `No key: give the server's config with -c, or the key in the environment as ${KEY_VARIABLE}.`,
  );
  return undefined;
}

function keyOfConfig(file: string): string | undefined {
  const loaded = loadOrExplain(file);
  if (loaded === undefined) return undefined;
  const { sign_key: key } = loaded.config.simple_auth;
  if (key !== '') return key;
  console.error(`${file}: simple_auth.sign_key is empty, so that signatures let nobody in.`);
  return undefined;
}

function parseDurationSec(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('a whole number and s, m, h or d, such as 90m');
  return Number(count) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
}

function parseIp(text: string): string {
  const ip = ipInNormalForm(text);
  if (ip === undefined) throw new InvalidArgumentError('an IPv4 or IPv6 address');
  return ip;
}
