import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpServerOptions } from '../http/http-listener.ts';
import { listen, ListenError, type Listener } from '../listeners/listener.ts';
import type { ServerContext } from '../server-context.ts';
import { pprofAddress } from './pprof-address.ts';
import type { PprofService } from './pprof-service.ts';

/**
 * Opens the diagnostics port. As with lal the server runs without it when that cannot be done.
 * @returns `undefined` then; the log says why
 */
export async function listenPprof(
  service: PprofService,
  context: ServerContext,
): Promise<Listener | undefined> {
  const { guard, config, logger } = context;
  const { address, isNarrowed } = pprofAddress(config.pprof);
  const server = createServer(httpServerOptions(context));
  server.on('connection', (socket: Socket) => guard.admit(socket, 'control'));
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void service.handle(request, response);
  });
  let listener: Listener;
  try {
    listener = await listen(server, 'pprof', address, logger);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    logger.error(error.message);
    return undefined;
  }
  if (isNarrowed) {
    const how = 'to open it to other machines, set pprof.allow_remote';
    logger.info(`pprof: ${config.pprof.addr} is taken as ${address}; ${how}`);
  }
  await service.start();
  return listener;
}
