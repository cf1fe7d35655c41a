import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Signal, withDeadline } from './deadline.ts';
import { freePort } from './free-ports.ts';
import type { Scope } from './scope.ts';

/**
 * A TCP relay in front of the server that lets a test see when a program we did not write has got so far: programs
 * such as rtmpdump do not tell when the server has accepted their `play`, but the bytes of the answer do.
 */
export class Tap {
  readonly port: number;
  readonly #pattern: Buffer;
  readonly #seen = new Signal();
  #tail: Buffer = Buffer.alloc(0);

  private constructor(port: number, pattern: string) {
    this.port = port;
    this.#pattern = Buffer.from(pattern, 'latin1');
  }

  /** @param pattern text in the bytes from the server that `seen` waits for */
  static async open(scope: Scope, targetPort: number, pattern: string): Promise<Tap> {
    const tap = new Tap(await freePort(), pattern);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(targetPort, '127.0.0.1');
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('close', () => sockets.delete(socket));
      }
      upstream.on('data', (chunk) => tap.#look(chunk));
      join(client, upstream);
      join(upstream, client);
    });
    scope.defer(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(tap.port, '127.0.0.1', resolve);
    });
    return tap;
  }

  /** Resolves when the server has sent the pattern to any client of this tap. */
  async seen(timeoutMs = 30_000): Promise<void> {
    await withDeadline(
      this.#seen.promise,
      timeoutMs,
      `"${this.#pattern.toString('latin1')}" from the server`,
    );
  }

  #look(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    if (bytes.includes(this.#pattern)) this.#seen.resolve();
    this.#tail = bytes.subarray(-this.#pattern.length);
  }
}

/** Passes bytes, the end, and a broken connection from one socket on to the other. */
function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
}
