import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Scope } from './scope.ts';

/** A TCP relay in front of a server, from which clients get so much at once, and then a byte every now and then. */
export class TricklingRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number, bytesAtOnce: number, intervalMs: number) {
    this.#server = createServer((client) => {
      const upstream = connect(targetPort, '127.0.0.1');
      let left = bytesAtOnce;
      let waiting: Buffer = Buffer.alloc(0);
      const timer = setInterval(() => {
        if (waiting.length > 0) client.write(waiting.subarray(0, 1));
        waiting = waiting.subarray(1);
        if (waiting.length === 0) upstream.resume();
      }, intervalMs);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          clearInterval(timer);
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.on('data', (chunk) => upstream.write(chunk));
      upstream.on('data', (chunk: Buffer) => {
        client.write(chunk.subarray(0, left));
        waiting = Buffer.concat([waiting, chunk.subarray(left)]);
        left = Math.max(0, left - chunk.length);
        if (waiting.length > 0) upstream.pause();
      });
    });
  }

  static async open(
    scope: Scope,
    targetPort: number,
    bytesAtOnce: number,
    intervalMs: number,
  ): Promise<TricklingRelay> {
    const relay = new TricklingRelay(targetPort, bytesAtOnce, intervalMs);
    await new Promise<void>((resolve) => {
      relay.#server.listen(0, '127.0.0.1', resolve);
    });
    scope.defer(() => {
      relay.#server.close();
      for (const socket of relay.#sockets) socket.destroy();
    });
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}
