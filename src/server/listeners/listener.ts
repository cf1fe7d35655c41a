import type { AddressInfo, Server } from 'node:net';
import type { Logger } from 'pino';
import { parseListenAddress } from '../config/listen-address.ts';

/** A port could not be opened. The message names what for, where, and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'ERR_LISTEN';
}

/** What a listener speaks. */
export type ListenerKind =
  | 'rtmp'
  | 'rtmps'
  | 'http'
  | 'https'
  | 'rtsp'
  | 'rtsps'
  | 'ws-rtsp'
  | 'http-api'
  | 'pprof';

/** A port that is open. */
export interface Listener {
  readonly kind: ListenerKind;
  readonly server: Server;
}

/** Where a listener is found; its port is the system's choice where the config says 0. */
export interface ListenerAddress {
  readonly kind: ListenerKind;
  readonly address: string;
  readonly port: number;
}

const EXPLANATIONS: Record<string, string> = {
  EADDRINUSE: 'another program (or another lalserver) has this port',
  EACCES: 'this port needs more rights; ports below 1024 usually do',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/**
 * Opens a listener.
 * @param address lal's form, `:1935` or `127.0.0.1:1935`
 * @throws {ListenError}
 */
export async function listen(
  server: Server,
  kind: ListenerKind,
  address: string,
  logger: Logger,
): Promise<Listener> {
  const parsed = parseListenAddress(address);
  if (parsed === undefined) throw new ListenError(`${kind}: "${address}" is not a listen address`);
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why = EXPLANATIONS[error.code ?? ''] ?? error.message;
      reject(
        new ListenError(`${kind}: cannot listen on ${address}: ${why} (${error.code})`, { cause: error }),
      );
    };
    server.once('error', failed);
    server.listen({ ...parsed, backlog: 1024 }, () => {
      server.removeListener('error', failed);
      // A connection that could not be accepted, for want of file descriptors; unheard it would end the process.
      server.on('error', (error) => logger.error({ err: error }, `${kind}: cannot accept a connection`));
      resolve();
    });
  });
  return { kind, server };
}

/** Where an open listener is found. */
export function addressOf({ kind, server }: Listener): ListenerAddress {
  const { address, port } = server.address() as AddressInfo;
  return { kind, address, port };
}

/** Stops accepting; open connections are their sessions' business. */
export function stopListening({ server }: Listener): void {
  if (server.listening) server.close();
}
