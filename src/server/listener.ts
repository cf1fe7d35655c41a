import type { Server } from 'node:net';
import { parseListenAddress } from './config/listen-address.ts';

/** A port could not be opened. The message names what for, where, and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'ERR_LISTEN';
}

const EXPLANATIONS: Record<string, string> = {
  EADDRINUSE: 'another program (or another lalserver) has this port',
  EACCES: 'this port needs more rights; ports below 1024 usually do',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/**
 * Opens a listener.
 * @param what for messages: `rtmp`, `http`, …
 * @param address lal's form, `:1935` or `127.0.0.1:1935`
 * @throws {ListenError}
 */
export async function listen(server: Server, what: string, address: string): Promise<void> {
  const parsed = parseListenAddress(address);
  if (parsed === undefined) throw new ListenError(`${what}: "${address}" is not a listen address`);
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why = EXPLANATIONS[error.code ?? ''] ?? error.message;
      reject(
        new ListenError(`${what}: cannot listen on ${address}: ${why} (${error.code})`, { cause: error }),
      );
    };
    server.once('error', failed);
    server.listen({ ...parsed, backlog: 1024 }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
}

/** Stops accepting; open connections are their sessions' business. */
export function stopListening(server: Server): void {
  if (server.listening) server.close();
}
