import { isIPv4 } from 'node:net';
import { parseListenAddress } from '../config/listen-address.ts';

/** Where the diagnostics page listens. */
export interface PprofAddress {
  /** In the form of the config. */
  readonly address: string;
  /** The config says another address, which would be open to other machines, and does not allow that. */
  readonly isNarrowed: boolean;
}

/**
 * Profiles and heap snapshots show what is in the server's memory, secrets included, and making them takes time that
 * the streams need. lal opens them to everybody; here other machines have to be allowed for.
 */
export function pprofAddress(section: {
  readonly addr: string;
  readonly allow_remote: boolean;
}): PprofAddress {
  const { addr, allow_remote: allowRemote } = section;
  const parsed = parseListenAddress(addr);
  // What is no address is for the listener to complain about.
  if (allowRemote || parsed === undefined || isLoopback(parsed.host))
    return { address: addr, isNarrowed: false };
  return { address: `127.0.0.1:${parsed.port}`, isNarrowed: true };
}

function isLoopback(host: string | undefined): boolean {
  return (
    host !== undefined &&
    (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.')))
  );
}
