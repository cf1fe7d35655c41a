import type { Socket } from 'node:net';
import { Agent, interceptors, type buildConnector, type Dispatcher } from 'undici';
import type { Clock } from '../../media/clock.ts';
import { openClientSocket } from '../../session/net/client-socket.ts';

/** As lal's HTTP client has it; 301, 302 and 303 turn the POST into a GET, 307 and 308 do not. */
const MAX_REDIRECTS = 10;
/** Shorter than what common servers allow, so that a request rarely meets a connection that is just being closed. */
const KEEP_ALIVE_MS = 4000;
/** For a connection, TLS included: undici cannot give up a request that waits for one. */
const CONNECT_TIMEOUT_MS = 3000;

/** To one receiver: room for decisions beside as many events as may be under way. */
export const MAX_CONNECTIONS = 128;

/**
 * undici's agent, on connections that are opened here: when it is closed, it would leave those that are being opened to their
 * time-out, and open more.
 */
export class CallbackAgent {
  /** Follows redirects. */
  readonly dispatcher: Dispatcher;
  readonly #clock: Clock;
  readonly #agent: Agent;
  /** Open, or being opened. */
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      connect: (options, callback) => {
        if (this.#isClosed) callback(new Error('the server is stopping'), null);
        else this.#open(options, callback);
      },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
    this.dispatcher = this.#agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));
  }

  /** Gives up what is under way, and closes all connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
    await this.#agent.destroy();
  }

  #open({ hostname: host, port, protocol }: buildConnector.Options, callback: buildConnector.Callback): void {
    const isSecure = protocol === 'https:';
    const target = { host, port: Number(port) || (isSecure ? 443 : 80), isSecure };
    const socket = openClientSocket(target, {}, () => {
      settle();
      callback(null, socket);
    });
    const fail = (error: Error): void => {
      settle();
      callback(error, null);
    };
    const closed = (): void => fail(new Error('closed before it was open'));
    const cancel = this.#clock.after(CONNECT_TIMEOUT_MS, () =>
      socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
    );
    const settle = (): void => {
      cancel();
      socket.off('error', fail).off('close', closed);
    };
    this.#sockets.add(socket);
    socket
      .on('error', fail)
      .on('close', closed)
      .on('close', () => this.#sockets.delete(socket));
  }
}
