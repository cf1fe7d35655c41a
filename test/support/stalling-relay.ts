import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Scope } from './scope.ts';

/** A TCP relay in front of a server that stops reading from its clients when the test says so, or breaks them off. */
export class StallingRelay {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #isStalled = false;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(targetPort, '127.0.0.1');
      this.#clients.add(client);
      client.setNoDelay(true);
      upstream.setNoDelay(true);
      client.on('data', (chunk) => upstream.write(chunk)).on('end', () => upstream.end());
      upstream.on('data', (chunk) => client.write(chunk)).on('end', () => client.end());
      client.on('error', () => {}).on('close', () => upstream.destroy());
      client.on('close', () => this.#clients.delete(client));
      upstream.on('error', () => {}).on('close', () => client.destroy());
      if (this.#isStalled) client.pause();
    });
  }

  static async open(scope: Scope, targetPort: number): Promise<StallingRelay> {
    const relay = new StallingRelay(targetPort);
    await new Promise<void>((resolve) => {
      relay.#server.listen(0, '127.0.0.1', resolve);
    });
    scope.defer(() => {
      relay.#server.close();
      relay.breakOff();
    });
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing more is read from anybody. */
  stall(): void {
    this.#isStalled = true;
    for (const client of this.#clients) client.pause();
  }

  /** Whoever comes from now on is read. */
  recover(): void {
    this.#isStalled = false;
  }

  /** Ends all connections without a word. */
  breakOff(): void {
    for (const client of this.#clients) client.destroy();
  }
}
